//! How often somebody may try to prove who he is.

use std::time::Duration;

use workeros_core::{Error, ErrorKind, Quota, RateKey, RateLimiter, Result};

use crate::activity::{ActivityKind, NewActivity};
use crate::door::{Door, Passed};
use crate::{Auth, EmailAddress, Plane, RequestInfo};

/// What somebody tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// To sign in by his password.
    SignIn,
    /// To sign in by a code that was mailed to him.
    SignInCode,
    /// To use a code that was mailed for something else.
    Code,
    /// To show that he still knows his password.
    Password,
    /// To show his second factor.
    SecondFactor,
}

/// From one place at one account.
const AT_ONCE: Quota = Quota::new(3, Duration::from_secs(10)).named("attempts");
/// At one account, from anywhere and by whatever can be guessed.
const FAILURES: Quota = Quota::new(10, Duration::from_mins(15)).named("failures");
/// That it is locked is noted once in that time.
const LOCKS: Quota = Quota::new(1, Duration::from_mins(15)).named("locks");

impl Attempt {
    /// What is counted apart.
    const fn rule(self) -> &'static str {
        match self {
            Self::SignIn | Self::SignInCode => "sign-in at once",
            Self::Password => "password at once",
            Self::Code => "code at once",
            Self::SecondFactor => "second factor at once",
        }
    }

    const fn door(self) -> Door {
        match self {
            Self::SignIn => Door::SignIn,
            Self::SignInCode | Self::Code => Door::Code,
            Self::Password | Self::SecondFactor => Door::Session,
        }
    }
}

impl<P: Plane> Auth<P> {
    /// Counts an attempt before it is looked at, so that however many come at
    /// once no more are. It counts as failed until somebody
    /// [signs in](Self::forgive). Whether anybody has the address makes no
    /// difference. Without the captcha that stands there it is no attempt at the
    /// account.
    ///
    /// # Errors
    ///
    /// What [`pass`](Self::pass) answers, and [`RateLimited`](ErrorKind::RateLimited), with code
    /// `ACCOUNT_TEMPORARILY_LOCKED` after 10 failures.
    pub(crate) async fn admit(
        &self,
        attempt: Attempt,
        address: &EmailAddress,
        request: &RequestInfo,
    ) -> Result<Passed> {
        let Some(limiter) = &self.inner.limiter else {
            return self.pass(attempt.door(), request).await;
        };
        let key = self.account_key(attempt.rule(), address.as_str());
        let here = limiter.take(&key.with_address(request.ip), AT_ONCE).await?;
        here.check()?;
        let passed = self.pass(attempt.door(), request).await?;
        let failures = limiter
            .take(&self.failures(address.as_str()), FAILURES)
            .await?;
        if let Err(error) = failures.check() {
            self.note_lock(limiter.as_ref(), address).await;
            return Err(locked(error));
        }
        Ok(passed)
    }

    /// Notes that an account is locked, once as long as it is.
    async fn note_lock(&self, limiter: &dyn RateLimiter, address: &EmailAddress) {
        let noted = self.account_key("lock", address.as_str());
        let noted = limiter.take(&noted, LOCKS).await;
        if noted.is_ok_and(|decision| decision.is_admitted) {
            let activity = NewActivity::new(ActivityKind::Locked);
            self.note_refusal(activity.with("email", address.as_str()));
        }
    }

    /// Forgets the failures at an account: its user has shown who he is.
    pub(crate) async fn forgive(&self, address: &str) {
        let Some(limiter) = &self.inner.limiter else {
            return;
        };
        if let Err(error) = limiter.reset(&self.failures(address)).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "could not forget failed attempts");
        }
    }

    fn failures(&self, address: &str) -> RateKey {
        self.account_key("failed attempts", address)
    }

    fn account_key(&self, rule: &'static str, address: &str) -> RateKey {
        RateKey::new(rule)
            .with(self.realm.id().as_bytes())
            .with(address)
    }
}

fn locked(error: Error) -> Error {
    match error.kind() {
        ErrorKind::RateLimited => error.with_code("ACCOUNT_TEMPORARILY_LOCKED"),
        _ => error,
    }
}
