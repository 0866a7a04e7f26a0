use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use uuid::{Builder, Uuid};
use workeros_dsl::Timestamp;

use crate::{Clock, IdGenerator, Random, Result};

/// A clock that moves only when it is told to.
///
/// ```
/// use std::time::Duration;
/// use workeros_core::Clock;
/// use workeros_core::testkit::StandingClock;
///
/// let clock = StandingClock::default();
/// assert_eq!(clock.now().to_string(), "2024-06-01T12:00:00.000000Z");
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(clock.now().to_string(), "2024-06-01T12:01:30.000000Z");
/// ```
#[derive(Debug)]
pub struct StandingClock(AtomicI64);

impl StandingClock {
    /// A clock that shows this instant.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.micros()))
    }

    /// Sets the clock.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.micros(), Ordering::SeqCst);
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).expect("a duration within the range of timestamps");
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Default for StandingClock {
    /// Noon of the first of June 2024, UTC.
    fn default() -> Self {
        Self(AtomicI64::new(1_717_243_200_000_000))
    }
}

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
            .expect("a clock within the range of timestamps")
    }
}

/// Ids that count: of the form of UUIDv7, the same in each run.
///
/// ```
/// use workeros_core::IdGenerator;
/// use workeros_core::testkit::SequentialIds;
///
/// let ids = SequentialIds::default();
/// assert_eq!(ids.next_id().to_string(), "018fd3ab-c200-7000-8000-000000000001");
/// assert_eq!(ids.next_id().to_string(), "018fd3ab-c200-7000-8000-000000000002");
/// ```
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl IdGenerator for SequentialIds {
    fn next_id(&self) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        let [.., a, b, c, d, e, f] = count.to_be_bytes();
        Builder::from_unix_timestamp_millis(1_717_243_200_000, &[0, 0, 0, 0, a, b, c, d, e, f])
            .into_uuid()
    }
}

/// Bytes that look random and are the same in each run. Never for secrets.
#[derive(Debug)]
pub struct SeededRandom(AtomicU64);

impl SeededRandom {
    /// The generator with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next 64 bits (SplitMix64).
    pub fn next_u64(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}
