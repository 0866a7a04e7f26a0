use std::fmt::{self, Debug};
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};

use crate::{Error, ErrorKind, Result, TenantId};

/// Counts calls, and says when there are too many.
///
/// # Contract
///
/// * A window begins with the first call of its key that spends something, and
///   lasts as long as that call's quota says. Within it, calls are admitted as
///   long as what they cost together is within the quota's limit, however many
///   come at once: exactly so many, never one more. A call that is refused
///   spends nothing.
/// * A call that costs more than the limit is never admitted. One that costs
///   nothing spends nothing and begins no window: it tells what is left.
/// * Keys are independent of each other. Where there is no room to keep them
///   apart they may share, which refuses more and never less.
/// * Time is the adapter's [`Clock`](crate::Clock). The clocks of instances that
///   count together may be a minute apart; a window that began later than that
///   is of a clock that was wrong, and is over.
/// * When the count cannot be had the error is
///   [`Unavailable`](crate::ErrorKind::Unavailable) or
///   [`Internal`](crate::ErrorKind::Internal), and callers refuse.
///
/// In the worst case a time as long as a window, lying across two, sees just
/// under twice the limit.
///
/// `testkit::rate_limit` holds all of this as a suite.
#[async_trait]
pub trait RateLimiter: Debug + Send + Sync + 'static {
    /// Spends `cost` of what the quota gives the key, if that much is left.
    async fn spend(&self, key: &RateKey, quota: Quota, cost: u32) -> Result<Decision>;

    /// Forgets what the key has spent.
    async fn reset(&self, key: &RateKey) -> Result<()>;

    /// Spends one of what the quota gives the key, if it is left.
    async fn take(&self, key: &RateKey, quota: Quota) -> Result<Decision> {
        self.spend(key, quota, 1).await
    }
}

/// How much is admitted within which time.
///
/// ```
/// use std::time::Duration;
/// use workeros_core::Quota;
///
/// const SIGN_IN: Quota = Quota::new(3, Duration::from_secs(10)).named("sign-in");
/// assert_eq!(SIGN_IN.limit(), 3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    name: &'static str,
    limit: u32,
    window: Duration,
}

impl Quota {
    /// So many within a window of that length. A limit of 0 admits nothing.
    #[must_use]
    pub const fn new(limit: u32, window: Duration) -> Self {
        Self {
            name: "default",
            limit,
            window,
        }
    }

    /// Sets what clients are told that it is called (`default`): visible ASCII
    /// without `"` and `\`.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// What clients are told that it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// How much a window admits.
    #[must_use]
    pub const fn limit(self) -> u32 {
        self.limit
    }

    /// How long a window lasts.
    #[must_use]
    pub const fn window(self) -> Duration {
        self.window
    }

    /// How long a window lasts, in microseconds: at least one.
    #[must_use]
    pub fn window_micros(self) -> i64 {
        i64::try_from(self.window.as_micros())
            .unwrap_or(i64::MAX)
            .max(1)
    }
}

/// What is counted together: a rule and what it tells apart. Only a digest is
/// kept, so a key is small whatever went into it, and a table of keys shows no
/// addresses.
///
/// ```
/// use workeros_core::RateKey;
///
/// let key = |ip: &str, email: &str| {
///     RateKey::new("sign-in").with_address(ip.parse().ok()).with(email)
/// };
/// assert_eq!(key("192.0.2.1", "ann@example.com"), key("192.0.2.1", "ann@example.com"));
/// assert_ne!(key("192.0.2.1", "ann@example.com"), key("192.0.2.1", "bob@example.com"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateKey {
    rule: &'static str,
    digest: [u8; 32],
}

impl RateKey {
    /// The key of a rule that tells nothing apart.
    #[must_use]
    pub fn new(rule: &'static str) -> Self {
        Self {
            rule,
            digest: Sha256::digest(rule).into(),
        }
    }

    /// Tells calls apart by this too. The order matters.
    #[must_use]
    pub fn with(mut self, part: impl AsRef<[u8]>) -> Self {
        // The digest so far has a fixed length, so parts cannot run together.
        self.digest = Sha256::new()
            .chain_update(self.digest)
            .chain_update(part)
            .finalize()
            .into();
        self
    }

    /// Tells calls apart by their workspace too.
    #[must_use]
    pub fn with_tenant(self, tenant: TenantId) -> Self {
        self.with(tenant.uuid().as_bytes())
    }

    /// Tells calls apart by where they come from too: by the address where that
    /// is IPv4, by its /64 where it is IPv6, which is what one subscriber has.
    /// Calls from nobody knows where are one.
    #[must_use]
    pub fn with_address(self, address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            None => self.with([]),
            Some(IpAddr::V4(address)) => self.with(address.octets()),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                self.with([a, b, c, d].map(u16::to_be_bytes).as_flattened())
            }
        }
    }

    /// The rule.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// What stands for the rule and all it tells apart; for adapters.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

impl Debug for RateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RateKey({}, ..)", self.rule)
    }
}

/// What a [`RateLimiter`] says of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// Whether the call may go on.
    pub is_admitted: bool,
    /// What it was decided by.
    pub quota: Quota,
    /// How much of it is left.
    pub remaining: u32,
    /// After what time all of it is there again.
    pub resets_in: Duration,
}

impl Decision {
    /// The call may go on; `used` is what the window has spent, this call
    /// included.
    #[must_use]
    pub fn admitted(quota: Quota, used: u32, resets_in: Duration) -> Self {
        Self {
            is_admitted: true,
            quota,
            remaining: quota.limit.saturating_sub(used),
            resets_in,
        }
    }

    /// The call may not go on; `used` is what the window has spent.
    #[must_use]
    pub fn refused(quota: Quota, used: u32, resets_in: Duration) -> Self {
        Self {
            is_admitted: false,
            ..Self::admitted(quota, used, resets_in)
        }
    }

    /// After what time a call that was refused may be admitted.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        (!self.is_admitted).then_some(self.resets_in)
    }

    /// Makes an error of a refusal.
    ///
    /// # Errors
    ///
    /// [`RateLimited`](ErrorKind::RateLimited), with the time to wait in whole
    /// seconds and with this decision, when the call may not go on.
    pub fn check(self) -> Result<Self> {
        if self.is_admitted {
            return Ok(self);
        }
        let error = Error::new(ErrorKind::RateLimited, "too many requests; try again later");
        let error = error.with_retry_after(self.resets_in_seconds());
        Err(error.with_quotas(vec![self]))
    }

    /// After how many whole seconds, at least one, all of it is there again.
    #[must_use]
    pub fn resets_in_seconds(&self) -> u64 {
        let seconds = self.resets_in.as_micros().div_ceil(1_000_000);
        u64::try_from(seconds).unwrap_or(u64::MAX).max(1)
    }
}
