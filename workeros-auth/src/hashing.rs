//! Password hashes, made on a bounded pool: a flood of sign-ins waits or is
//! turned away, and everything else goes on.

mod memory;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use workeros_core::{Error, ErrorKind, Random, Result};

use crate::{Auth, Password, Plane};
use memory::Memory;

/// Costs above these are not ours and not verified: a damaged row must not
/// take the machine's memory.
const MAX_MEMORY_KIB: u32 = 1 << 20;
const MAX_PASSES: u32 = 64;
const MAX_LANES: u32 = 64;

const SALT_BYTES: usize = 16;
const RETRY_AFTER_SECONDS: u64 = 2;

/// Hashes and verifies passwords with argon2id. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Hasher {
    params: Params,
    random: Arc<dyn Random>,
    /// One for each call that runs or waits.
    places: Arc<Semaphore>,
    /// One for each call that runs.
    turns: Arc<Semaphore>,
    memory: Arc<Memory>,
    /// How many calls have run.
    runs: Arc<AtomicU64>,
}

impl Hasher {
    pub(crate) fn new(
        params: Params,
        random: Arc<dyn Random>,
        running: usize,
        waiting: usize,
    ) -> Self {
        Self {
            memory: Arc::new(Memory::new(params.block_count())),
            params,
            random,
            places: Arc::new(Semaphore::new(running.saturating_add(waiting))),
            turns: Arc::new(Semaphore::new(running)),
            runs: Arc::default(),
        }
    }

    /// The PHC string of a password, with a fresh salt.
    ///
    /// # Errors
    ///
    /// `Unavailable` when too many calls are waiting.
    pub(crate) async fn hash(&self, password: &Password) -> Result<String> {
        let mut salt = [0; SALT_BYTES];
        self.random.fill(&mut salt)?;
        let password = password.clone();
        let params = self.params.clone();
        self.run(move |memory| {
            let salt = Salt::new(&salt).map_err(Error::internal)?;
            let output = output(memory, &password, &salt, Cost::ours(params.clone()))?;
            let hash = PasswordHash {
                algorithm: ARGON2ID_IDENT,
                version: Some(Version::V0x13.into()),
                params: (&params).try_into().map_err(Error::internal)?,
                salt: Some(salt),
                hash: Some(output),
            };
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether this is the password that was hashed. Takes as long when there
    /// is no hash, or one that cannot be read.
    ///
    /// # Errors
    ///
    /// `Unavailable` when too many calls are waiting.
    pub(crate) async fn verify(&self, password: &Password, stored: Option<&str>) -> Result<bool> {
        let password = password.clone();
        let stored = stored.and_then(readable).and_then(|(hash, params)| {
            let cost = Cost::of(&hash, params)?;
            Some((hash.salt?, hash.hash?, cost))
        });
        let ours = self.params.clone();
        self.run(move |memory| match stored {
            Some((salt, expected, cost)) => {
                let output = output(memory, &password, &salt, cost);
                Ok(output.is_ok_and(|output| output == expected))
            }
            None => {
                let salt = Salt::new(&[0; SALT_BYTES]).map_err(Error::internal)?;
                let _ = black_box(output(memory, &password, &salt, Cost::ours(ours)));
                Ok(false)
            }
        })
        .await
    }

    /// Whether a stored hash costs less than those made now.
    pub(crate) fn is_outdated(&self, stored: &str) -> bool {
        readable(stored).is_none_or(|(hash, params)| {
            hash.algorithm != ARGON2ID_IDENT
                || params.m_cost() < self.params.m_cost()
                || params.t_cost() < self.params.t_cost()
        })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| too_busy())?;
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        self.runs.fetch_add(1, Ordering::Relaxed);
        let memory = Arc::clone(&self.memory);
        // The thread keeps the permits: a caller that goes away does not make
        // room before the work is over.
        let run = move || {
            let _permits = (place, turn);
            work(&memory)
        };
        tokio::task::spawn_blocking(run)
            .await
            .map_err(Error::internal)?
    }
}

impl<P: Plane> Auth<P> {
    /// How many passwords were hashed or checked since this instance was built,
    /// of both planes: for metrics. Each takes as long as the others.
    #[must_use]
    pub fn passwords_hashed(&self) -> u64 {
        self.inner.hasher.runs.load(Ordering::Relaxed)
    }
}

/// What a hash is made by.
#[derive(Debug)]
struct Cost {
    algorithm: Algorithm,
    version: Version,
    params: Params,
}

impl Cost {
    fn ours(params: Params) -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params,
        }
    }

    fn of(hash: &PasswordHash, params: Params) -> Option<Self> {
        let version = hash.version.map(Version::try_from).transpose().ok()?;
        Some(Self {
            algorithm: Algorithm::try_from(hash.algorithm.as_str()).ok()?,
            version: version.unwrap_or_default(),
            params,
        })
    }
}

fn output(memory: &Memory, password: &Password, salt: &Salt, cost: Cost) -> Result<Output> {
    let length = cost
        .params
        .output_len()
        .unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let blocks = cost.params.block_count();
    let argon2 = Argon2::new(cost.algorithm, cost.version, cost.params);
    let mut hash = vec![0; length];
    let password = password.expose().as_bytes();
    memory
        .lend(blocks, |memory| {
            argon2.hash_password_into_with_memory(password, salt, &mut hash, memory)
        })
        .map_err(Error::internal)?;
    Output::new(&hash).map_err(Error::internal)
}

fn too_busy() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "too many passwords are being checked; try again shortly",
    )
    .with_retry_after(RETRY_AFTER_SECONDS)
}

fn readable(stored: &str) -> Option<(PasswordHash, Params)> {
    let hash = PasswordHash::new(stored).ok()?;
    let params = Params::try_from(&hash).ok()?;
    let bounded = params.m_cost() <= MAX_MEMORY_KIB
        && params.t_cost() <= MAX_PASSES
        && params.p_cost() <= MAX_LANES;
    bounded.then_some((hash, params))
}
