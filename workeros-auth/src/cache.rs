use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use workeros_core::{TenantId, Timestamp};

use crate::changes::{Moment, Place, SecretHash};
use crate::session::{earlier, later};
use crate::shards::{Hashed, Shards};
use crate::store::Store;

/// How old what is remembered may become: as late, changes that were made by
/// hand in the database are seen.
pub(crate) const MAX_AGE: Duration = Duration::from_mins(1);

/// A use is noted at most this often.
pub(crate) const TOUCH_INTERVAL: Duration = Duration::from_mins(1);

/// What was read of sessions, of keys or of settings. That something is not there
/// is never remembered.
#[derive(Debug)]
pub(crate) struct Cache<T>(Shards<CacheKey, Known<T>>);

/// The hash of a secret or what else it is found by, and the workspace that was
/// named, if it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CacheKey {
    pub(crate) hash: SecretHash,
    pub(crate) named: Option<TenantId>,
}

impl Hashed for CacheKey {
    fn hashed(&self) -> &SecretHash {
        &self.hash
    }
}

/// What was read of a session or a key.
#[derive(Debug)]
pub(crate) struct Known<T> {
    pub(crate) value: T,
    /// What it is about: a change of any of these ends it.
    about: Box<[Place]>,
    /// `None` when it is not to be remembered.
    moment: Option<Moment>,
    read_at: Timestamp,
    /// `i64::MIN` for never.
    used_at: AtomicI64,
}

impl<T> Cache<T> {
    /// For about that many entries, at most.
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Shards::new(capacity))
    }

    /// What is remembered, if it still holds.
    pub(crate) fn get(
        &self,
        key: &CacheKey,
        store: &Store,
        now: Timestamp,
    ) -> Option<Arc<Known<T>>> {
        let known = self.0.get(key)?;
        let moment = known.moment?;
        let holds = known.is_young(now) && store.holds_since(moment, &known.about);
        holds.then_some(known)
    }

    /// Remembers what was read.
    pub(crate) fn put(&self, key: CacheKey, known: &Arc<Known<T>>) {
        if known.moment.is_some() {
            self.keep(key, known);
        }
    }

    /// What was remembered last, whether or not it still holds: what was made of
    /// it may serve again.
    pub(crate) fn last(&self, key: &CacheKey) -> Option<Arc<Known<T>>> {
        self.0.get(key)
    }

    /// Remembers what was read for [`last`](Self::last) too, also when it is not
    /// known whether it holds.
    pub(crate) fn keep(&self, key: CacheKey, known: &Arc<Known<T>>) {
        self.0.put(key, Arc::clone(known));
    }
}

impl<T> Known<T> {
    /// What was read at `read_at`, after the [moment](Store::moment) was taken.
    pub(crate) fn new(
        value: T,
        about: impl Into<Box<[Place]>>,
        moment: Option<Moment>,
        read_at: Timestamp,
        used_at: Option<Timestamp>,
    ) -> Self {
        Self {
            value,
            about: about.into(),
            moment,
            read_at,
            used_at: AtomicI64::new(used_at.map_or(i64::MIN, Timestamp::micros)),
        }
    }

    /// When it was last used, as far as is known here.
    pub(crate) fn used_at(&self) -> Option<Timestamp> {
        Timestamp::from_micros(self.used_at.load(Ordering::Relaxed))
    }

    /// Notes a use. Whether it is to be noted in the database as well: for one
    /// caller a minute.
    pub(crate) fn touch(&self, now: Timestamp) -> bool {
        let used_at = self.used_at.load(Ordering::Relaxed);
        if used_at > earlier(now, TOUCH_INTERVAL).micros() {
            return false;
        }
        let noted = self.used_at.compare_exchange(
            used_at,
            now.micros(),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        noted.is_ok()
    }

    /// The clock may have been set back as well.
    fn is_young(&self, now: Timestamp) -> bool {
        self.read_at <= now && now < later(self.read_at, MAX_AGE)
    }
}
