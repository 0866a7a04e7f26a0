use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;
use workeros_core::{Batch, Error, ErrorKind, Result, Runtime, Sealer, Step, Timestamp};

use crate::realm::Realm;

use super::algorithm::SigningAlgorithm;
use super::key_ring::{KeyRing, KeyState};
use super::private_key::PrivateKey;
use super::store::{self, StoredKey};

/// How long a ring is used before it is read again.
const MAX_AGE: Duration = Duration::from_secs(60);
/// How long a key is published before it signs: longer than a client may keep
/// the JWKS.
const LEAD: Duration = Duration::from_secs(15 * 60);
/// How long a key is published after it was replaced: the life of a token, and
/// the time in which an instance may not have heard of it and clocks may differ.
const RETIREMENT: Duration = Duration::from_secs(20 * 60);
const ROTATION: Duration = Duration::from_secs(30 * 24 * 3600);
/// How often keys that another instance is changing are looked at again.
const ATTEMPTS: usize = 5;
/// How many rings are remembered.
const RINGS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

/// The keys access tokens are signed with, in the database, their private
/// halves sealed.
///
/// A key is made as *next*: published, so that whoever verifies learns of it
/// before he meets it. When its turn comes it is *active*, signs, and a new one
/// is next. Replaced, it is *retiring*: what it signed still holds for 20
/// minutes. Then it is gone. This happens by itself, when a ring is read whose
/// active key is older than the [rotation](Self::with_rotation); instances that
/// share the database agree.
///
/// A ring is remembered for a minute. So a key that was
/// [revoked](Self::revoke) is refused at once here, and within a minute by
/// other instances.
pub struct SigningKeys {
    runtime: Runtime,
    sealer: Sealer,
    algorithm: SigningAlgorithm,
    rotation: Duration,
    rings: Mutex<LruCache<Realm, Remembered>>,
}

struct Remembered {
    ring: Arc<KeyRing>,
    read_at: Timestamp,
}

/// What a realm has to have.
struct Pair<'a> {
    active: &'a StoredKey,
    next: &'a StoredKey,
}

impl SigningKeys {
    /// Keys of Ed25519 that are replaced every 30 days.
    #[must_use]
    pub fn new(runtime: Runtime, sealer: Sealer) -> Self {
        Self {
            runtime,
            sealer,
            algorithm: SigningAlgorithm::default(),
            rotation: ROTATION,
            rings: Mutex::new(LruCache::new(RINGS)),
        }
    }

    /// Sets how new keys sign. Keys there are already serve their time.
    #[must_use]
    pub fn with_algorithm(mut self, algorithm: SigningAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Sets after what time a key is replaced (30 days; never sooner than a new
    /// one has been published for 15 minutes).
    #[must_use]
    pub fn with_rotation(mut self, rotation: Duration) -> Self {
        self.rotation = rotation;
        self
    }

    /// The keys of a realm as they stand, made if there are none.
    ///
    /// # Errors
    ///
    /// What the database and the source of random bytes answer;
    /// [`Internal`](ErrorKind::Internal) when a key was sealed with a secret
    /// that is not known here.
    pub async fn ring(&self, realm: Realm) -> Result<Arc<KeyRing>> {
        let now = self.runtime.now();
        if let Some(ring) = self.remembered(realm, now) {
            return Ok(ring);
        }
        let keys = self.maintained(realm, now).await?;
        self.remember(realm, &keys, now)
    }

    /// Replaces the active key now, and lets it retire: for whoever does not
    /// want to wait. What it signed still holds.
    ///
    /// # Errors
    ///
    /// As of [`ring`](Self::ring); [`Conflict`](ErrorKind::Conflict) when
    /// somebody else is doing it.
    pub async fn rotate(&self, realm: Realm) -> Result<Arc<KeyRing>> {
        let now = self.runtime.now();
        let keys = self.maintained(realm, now).await?;
        self.apply(self.rotation(&Pair::of(&keys)?, now)?).await?;
        self.reread(realm).await
    }

    /// Takes a key away, whatever its state: what it signed holds no more. For
    /// a key that somebody else may know.
    ///
    /// # Errors
    ///
    /// As of [`rotate`](Self::rotate); [`NotFound`](ErrorKind::NotFound) when
    /// the realm has no key with this id.
    pub async fn revoke(&self, realm: Realm, key_id: &str) -> Result<Arc<KeyRing>> {
        let now = self.runtime.now();
        let keys = self.maintained(realm, now).await?;
        let key = keys.iter().find(|key| key.id.to_string() == key_id);
        let key = key.ok_or_else(Error::not_found)?;
        let mut steps = vec![store::delete(key)];
        match key.state {
            KeyState::Active => steps.extend(self.succession(&Pair::of(&keys)?, now)?),
            KeyState::Next => steps.push(self.new_key(realm, KeyState::Next, now)?),
            KeyState::Retiring => {}
        }
        self.apply(steps).await?;
        self.reread(realm).await
    }

    fn remembered(&self, realm: Realm, now: Timestamp) -> Option<Arc<KeyRing>> {
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = rings.get(&realm)?;
        let fresh = remembered.read_at <= now && now < later(remembered.read_at, MAX_AGE);
        fresh.then(|| Arc::clone(&remembered.ring))
    }

    fn remember(&self, realm: Realm, keys: &[StoredKey], now: Timestamp) -> Result<Arc<KeyRing>> {
        let active = Pair::of(keys)?.active;
        let key = active.open(&self.sealer)?;
        let ring = Arc::new(KeyRing::new(active, key, keys, now));
        let remembered = Remembered {
            ring: Arc::clone(&ring),
            read_at: now,
        };
        let mut rings = self.rings.lock().unwrap_or_else(PoisonError::into_inner);
        rings.put(realm, remembered);
        Ok(ring)
    }

    async fn reread(&self, realm: Realm) -> Result<Arc<KeyRing>> {
        let keys = self.read(realm).await?;
        self.remember(realm, &keys, self.runtime.now())
    }

    /// The keys of a realm once nothing is left to do about them.
    async fn maintained(&self, realm: Realm, now: Timestamp) -> Result<Vec<StoredKey>> {
        for _ in 0..ATTEMPTS {
            let keys = self.read(realm).await?;
            let steps = self.due(realm, &keys, now)?;
            if steps.is_empty() {
                return Ok(keys);
            }
            match self.apply(steps).await {
                // Another instance does the same: look at what it did.
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                other => other?,
            }
        }
        let why = "another instance is changing the signing keys; try again";
        Err(Error::new(ErrorKind::Unavailable, why))
    }

    /// What is to be done about the keys of a realm.
    fn due(&self, realm: Realm, keys: &[StoredKey], now: Timestamp) -> Result<Vec<Step>> {
        let mut steps = Vec::new();
        for state in [KeyState::Active, KeyState::Next] {
            if !keys.iter().any(|key| key.state == state) {
                steps.push(self.new_key(realm, state, now)?);
            }
        }
        if !steps.is_empty() {
            return Ok(steps);
        }
        let pair = Pair::of(keys)?;
        if pair.is_due(self.rotation, now) {
            return self.rotation(&pair, now);
        }
        for key in keys {
            steps.extend(key.reseal(&self.sealer)?);
        }
        if keys.iter().any(|key| key.is_over(now)) {
            steps.push(store::delete_over(realm, now));
        }
        Ok(steps)
    }

    fn rotation(&self, pair: &Pair<'_>, now: Timestamp) -> Result<Vec<Step>> {
        let mut steps = vec![store::retire(pair.active.id, later(now, RETIREMENT))];
        steps.extend(self.succession(pair, now)?);
        Ok(steps)
    }

    /// The next key takes over, and another is next.
    fn succession(&self, pair: &Pair<'_>, now: Timestamp) -> Result<[Step; 2]> {
        let new = self.new_key(pair.next.realm, KeyState::Next, now)?;
        Ok([store::activate(pair.next.id, now), new])
    }

    fn new_key(&self, realm: Realm, state: KeyState, now: Timestamp) -> Result<Step> {
        let (key, bytes) = PrivateKey::generate(self.algorithm, &*self.runtime.random)?;
        let id = self.runtime.ids.next_id();
        let sealed = StoredKey::seal(&self.sealer, realm, id, self.algorithm, &*bytes)?;
        store::insert(&StoredKey {
            id,
            realm,
            algorithm: self.algorithm,
            public: key.public(),
            sealed,
            state,
            created_at: now,
            activated_at: (state == KeyState::Active).then_some(now),
            retire_at: None,
        })
    }

    async fn read(&self, realm: Realm) -> Result<Vec<StoredKey>> {
        let rows = self.runtime.database.fetch(store::select(realm)).await?;
        store::read(realm, &rows)
    }

    async fn apply(&self, steps: Vec<Step>) -> Result<()> {
        let mut batch = Batch::new();
        batch.extend(steps);
        self.runtime.database.apply(batch).await.map(drop)
    }
}

impl<'a> Pair<'a> {
    fn of(keys: &'a [StoredKey]) -> Result<Self> {
        let find = |state| {
            let key = keys.iter().find(|key| key.state == state);
            key.ok_or_else(|| Error::new(ErrorKind::Conflict, "the signing keys are changing"))
        };
        Ok(Self {
            active: find(KeyState::Active)?,
            next: find(KeyState::Next)?,
        })
    }

    fn is_due(&self, rotation: Duration, now: Timestamp) -> bool {
        let activated_at = self.active.activated_at.unwrap_or(self.active.created_at);
        later(activated_at, rotation) <= now && later(self.next.created_at, LEAD) <= now
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeys")
            .field("algorithm", &self.algorithm)
            .field("rotation", &self.rotation)
            .finish_non_exhaustive()
    }
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add_micros(i64::try_from(by.as_micros()).unwrap_or(i64::MAX))
}
