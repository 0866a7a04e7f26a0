use std::fmt::Debug;

use workeros_dsl::Timestamp;

/// Where time comes from.
///
/// # Contract
///
/// Wall-clock time in UTC. It may jump; callers that need order use ids or
/// sequence numbers.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The current instant.
    fn now(&self) -> Timestamp;
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock the rule points to"
    )]
    fn now(&self) -> Timestamp {
        let micros = match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => {
                i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros)
            }
        };
        Timestamp::MIN.max(Timestamp::from_micros(micros).unwrap_or(Timestamp::MAX))
    }
}
