use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use workeros_core::{Decision, Error, ErrorKind, Quota, Result, TenantId, Timestamp};

const MINUTE: i64 = 60 * 1_000_000;
const WINDOW: Duration = Duration::from_mins(1);

/// How much of the database one workspace may take.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The most collections (500).
    pub collections: usize,
    /// How often per minute tables may be changed (60): DDL takes locks that
    /// others wait for.
    pub ddl_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            collections: 500,
            ddl_per_minute: 60,
        }
    }
}

impl Limits {
    /// Sets the most collections.
    #[must_use]
    pub fn with_collections(mut self, collections: usize) -> Self {
        self.collections = collections;
        self
    }

    /// Sets how often per minute tables may be changed.
    #[must_use]
    pub fn with_ddl_per_minute(mut self, times: u32) -> Self {
        self.ddl_per_minute = times;
        self
    }

    /// Asserts that a workspace that has so many collections may have one more.
    pub(crate) fn check_collections(&self, count: usize) -> Result<()> {
        if count < self.collections {
            return Ok(());
        }
        let why = format!("the workspace has {count} collections, which is as many as it may have");
        Err(Error::new(ErrorKind::QuotaExceeded, why))
    }
}

/// Counts changes of tables by workspace, minute by minute.
#[derive(Debug, Default)]
pub(crate) struct DdlRate(Mutex<HashMap<TenantId, (i64, u32)>>);

impl DdlRate {
    /// Takes one of the changes of this minute.
    pub(crate) fn take(&self, tenant: TenantId, now: Timestamp, limits: &Limits) -> Result<()> {
        let minute = now.micros().div_euclid(MINUTE);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (counted, count) = counts.entry(tenant).or_insert((minute, 0));
        if *counted != minute {
            (*counted, *count) = (minute, 0);
        }
        if *count >= limits.ddl_per_minute {
            let left = MINUTE - now.micros().rem_euclid(MINUTE);
            let rest = Duration::from_micros(u64::try_from(left).unwrap_or(0));
            let quota = Quota::new(limits.ddl_per_minute, WINDOW).named("tables");
            let refused = Decision::refused(quota, *count, rest);
            let why = "tables are changed too often; wait a moment";
            let error = Error::new(ErrorKind::RateLimited, why);
            let error = error.with_retry_after(refused.resets_in_seconds());
            return Err(error.with_quotas(vec![refused]));
        }
        *count += 1;
        Ok(())
    }
}
