use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use workeros_core::{Clock, Decision, Quota, RateKey, RateLimiter, Result, Timestamp};

use super::window::Window;

const SHARDS: usize = 16;
const MAX_KEYS: usize = 100_000;
/// The least time between two looks for windows that are over, where there is
/// no room left, in microseconds.
const SWEEP_PAUSE: i64 = 1_000_000;

/// Counts in memory: for an instance that is alone. What it counted is gone
/// with the process.
///
/// It keeps a limited number of keys apart; further ones share windows with
/// others of their rule, so that nobody gets rid of his window by filling the
/// memory with those of others.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use workeros_adapters::MemoryRateLimiter;
/// use workeros_core::{Quota, RateKey, RateLimiter, SystemClock};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let limiter = MemoryRateLimiter::new(Arc::new(SystemClock));
/// let quota = Quota::new(2, Duration::from_secs(10));
/// let key = RateKey::new("sign-in").with("ann@example.com");
/// assert!(limiter.take(&key, quota).await?.is_admitted);
/// assert!(limiter.take(&key, quota).await?.is_admitted);
/// assert!(!limiter.take(&key, quota).await?.is_admitted);
/// # Ok::<(), workeros_core::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MemoryRateLimiter {
    clock: Arc<dyn Clock>,
    shards: [Mutex<Shard>; SHARDS],
    /// How many keys a shard keeps apart.
    room: usize,
}

#[derive(Default)]
struct Shard {
    windows: HashMap<[u8; 32], Window>,
    /// From how many windows on those that are over are looked for.
    sweep_from: usize,
    swept_at: i64,
}

impl MemoryRateLimiter {
    /// A limiter that goes by this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            shards: Default::default(),
            room: MAX_KEYS / SHARDS,
        }
    }

    /// Sets how many keys are kept apart at once (100 000, about 10 MB).
    #[must_use]
    pub fn with_max_keys(mut self, keys: usize) -> Self {
        self.room = keys / SHARDS;
        self
    }

    fn shard(&self, key: &RateKey) -> MutexGuard<'_, Shard> {
        let [.., byte] = key.digest();
        let shard = usize::from(*byte) % SHARDS;
        // INVARIANT: the remainder is below the number of shards.
        let shard = self.shards.get(shard).unwrap_or_else(|| {
            let [first, ..] = &self.shards;
            first
        });
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RateLimiter for MemoryRateLimiter {
    async fn spend(&self, key: &RateKey, quota: Quota, cost: u32) -> Result<Decision> {
        let now = self.clock.now();
        Ok(self.shard(key).spend(key, quota, cost, now, self.room))
    }

    async fn reset(&self, key: &RateKey) -> Result<()> {
        self.shard(key).windows.remove(key.digest());
        Ok(())
    }
}

impl Shard {
    fn spend(
        &mut self,
        key: &RateKey,
        quota: Quota,
        cost: u32,
        now: Timestamp,
        room: usize,
    ) -> Decision {
        let place = self.place(key, now, room);
        let current = self
            .windows
            .get(&place)
            .filter(|window| window.is_current(now));
        let window = current.copied().unwrap_or(Window::begin(quota, 0, now));
        let rest = if current.is_some() || cost > 0 {
            window.rest(now)
        } else {
            std::time::Duration::ZERO
        };
        let used = window.used.saturating_add(cost);
        if cost > 0 && (cost > quota.limit() || used > quota.limit()) {
            return Decision::refused(quota, window.used, rest);
        }
        if cost > 0 {
            self.windows.insert(place, Window { used, ..window });
        }
        Decision::admitted(quota, used, rest)
    }

    /// Where the key is counted: at a place of its own, or where there is no
    /// room left at one of 256 that its rule shares.
    fn place(&mut self, key: &RateKey, now: Timestamp, room: usize) -> [u8; 32] {
        if self.windows.contains_key(key.digest()) {
            return *key.digest();
        }
        if self.windows.len() >= self.sweep_from.min(room) {
            self.sweep(now, room);
        }
        if self.windows.len() < room {
            return *key.digest();
        }
        let [byte, ..] = key.digest();
        *RateKey::new(key.rule())
            .with("shared")
            .with([*byte])
            .digest()
    }

    /// Drops windows that are over: each time there are twice as many as were
    /// left the last time, so that it costs each call the same.
    fn sweep(&mut self, now: Timestamp, room: usize) {
        let is_due = now.micros().saturating_sub(self.swept_at).unsigned_abs();
        if self.windows.len() >= room && is_due < SWEEP_PAUSE.unsigned_abs() {
            return;
        }
        self.windows.retain(|_, window| window.is_current(now));
        self.windows.shrink_to(self.windows.len() * 2);
        self.sweep_from = (self.windows.len() * 2).max(64);
        self.swept_at = now.micros();
    }
}

impl fmt::Debug for MemoryRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRateLimiter").finish_non_exhaustive()
    }
}
