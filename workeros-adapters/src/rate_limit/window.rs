use std::time::Duration;

use workeros_core::{Quota, Timestamp};

/// How far the clocks of instances may be apart, in microseconds.
const MAX_SKEW: i64 = 60_000_000;

/// What was spent, from one instant to another, in microseconds since the
/// epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) used: u32,
    pub(super) began_at: i64,
    pub(super) ends_at: i64,
}

impl Window {
    /// A window that begins now.
    pub(super) fn begin(quota: Quota, used: u32, now: Timestamp) -> Self {
        let began_at = now.micros();
        Self {
            used,
            began_at,
            ends_at: began_at.saturating_add(quota.window_micros()),
        }
    }

    pub(super) fn is_current(&self, now: Timestamp) -> bool {
        self.ends_at > now.micros() && self.began_at <= horizon(now)
    }

    /// How long it still lasts.
    pub(super) fn rest(&self, now: Timestamp) -> Duration {
        let micros = self.ends_at.saturating_sub(now.micros());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

/// The latest instant at which a window of a clock that is right can have
/// begun.
pub(super) fn horizon(now: Timestamp) -> i64 {
    now.micros().saturating_add(MAX_SKEW)
}
