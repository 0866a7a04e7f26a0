//! The doors that strangers come to, and the one function that lets them in.
//!
//! Whoever opens a session or asks for mail has to show that he went through
//! [`Auth::pass`]: [`Entry::new`](crate::entry::Entry::new) and
//! [`Auth::admits_mail`] take a [`Passed`], and there is no other way to one. A
//! method that is added names its door, and with it whether a captcha can stand
//! there.

use std::time::Duration;

use workeros_core::{CaptchaResponse, CaptchaSolution, Error, ErrorKind, Quota, RateKey, Result};

use crate::activity::{ActivityKind, NewActivity};
use crate::captcha::{CaptchaPoint, FailMode};
use crate::{Auth, CaptchaPolicy, Plane, RequestInfo};

/// What somebody comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    SignUp,
    SignIn,
    PasswordReset,
    MagicLink,
    EmailOtp,
    Anonymous,
    VerificationEmail,
    /// By a code that was mailed to him.
    Code,
    /// By what nobody guesses: a link, a passkey, an account at a provider.
    Proof,
    /// By a session, or what came of a first factor.
    Session,
}

/// That somebody went through a door.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passed(());

/// For one client: whoever shares its address counts as well.
const SIGN_UPS: Quota = Quota::new(60, Duration::from_hours(1)).named("sign-ups");
const ANONYMOUS: Quota = Quota::new(30, Duration::from_hours(1)).named("anonymous users");
/// How often the service of a captcha is asked for one client.
const VERIFICATIONS: Quota = Quota::new(60, Duration::from_mins(1)).named("captchas");
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

impl Door {
    /// The captcha that can stand there.
    const fn point(self) -> Option<CaptchaPoint> {
        match self {
            Self::SignUp => Some(CaptchaPoint::SignUp),
            Self::SignIn => Some(CaptchaPoint::SignIn),
            Self::PasswordReset => Some(CaptchaPoint::PasswordReset),
            Self::MagicLink => Some(CaptchaPoint::MagicLink),
            Self::EmailOtp => Some(CaptchaPoint::EmailOtp),
            Self::Anonymous => Some(CaptchaPoint::Anonymous),
            Self::VerificationEmail => Some(CaptchaPoint::VerificationEmail),
            Self::Code => Some(CaptchaPoint::Code),
            Self::Proof | Self::Session => None,
        }
    }

    /// How often one client comes through where each time leaves a user behind.
    const fn per_client(self) -> Option<Quota> {
        match self {
            Self::SignUp => Some(SIGN_UPS),
            Self::Anonymous => Some(ANONYMOUS),
            Self::SignIn
            | Self::PasswordReset
            | Self::MagicLink
            | Self::EmailOtp
            | Self::VerificationEmail
            | Self::Code
            | Self::Proof
            | Self::Session => None,
        }
    }
}

impl<P: Plane> Auth<P> {
    /// Lets somebody through a door, who has solved the captcha that stands
    /// there. What is cheap to refuse is refused before, and passwords are
    /// hashed behind.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](ErrorKind::BadRequest) with code `MISSING_RESPONSE`
    ///   without a response.
    /// * [`Forbidden`](ErrorKind::Forbidden) with code `VERIFICATION_FAILED`
    ///   when it does not hold.
    /// * [`RateLimited`](ErrorKind::RateLimited) when one client comes, or brings
    ///   responses, too often.
    /// * [`Unavailable`](ErrorKind::Unavailable) with code `CAPTCHA_UNAVAILABLE`
    ///   when nobody can tell.
    pub(crate) async fn pass(&self, door: Door, request: &RequestInfo) -> Result<Passed> {
        if let Some(quota) = door.per_client() {
            self.count_client(quota, request).await?;
        }
        let policy = self.settings.captcha.as_ref();
        let standing = policy
            .zip(door.point())
            .filter(|(policy, point)| policy.guards(*point));
        if let Some((policy, point)) = standing {
            let response = request.captcha.clone();
            let response = response.ok_or_else(CaptchaResponse::missing)?;
            self.count_client(VERIFICATIONS, request).await?;
            let solution = CaptchaSolution::new(response).with_remote_ip(request.ip);
            self.verify_captcha(policy, point, &solution).await?;
        }
        Ok(Passed(()))
    }

    async fn verify_captcha(
        &self,
        policy: &CaptchaPolicy,
        point: CaptchaPoint,
        solution: &CaptchaSolution,
    ) -> Result<()> {
        let verified = tokio::time::timeout(PATIENCE, policy.captcha.verify(solution)).await;
        let verified = verified.unwrap_or_else(|late| Err(unavailable(late)));
        let Err(error) = verified else {
            return Ok(());
        };
        match error.kind() {
            ErrorKind::Forbidden => Err(CaptchaResponse::refused().with_source(error)),
            ErrorKind::Unavailable if policy.fail_mode == FailMode::Open => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, at = point.name(), "let pass without a captcha");
                let skipped = NewActivity::new(ActivityKind::CaptchaSkipped);
                self.note_refusal(skipped.with("at", point.name()));
                Ok(())
            }
            _ => Err(unavailable(error)),
        }
    }

    async fn count_client(&self, quota: Quota, request: &RequestInfo) -> Result<()> {
        let Some(limiter) = &self.inner.limiter else {
            return Ok(());
        };
        let key = RateKey::new(quota.name())
            .with(self.realm.id().as_bytes())
            .with_address(request.ip);
        limiter.take(&key, quota).await?.check().map(drop)
    }
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let why = "the captcha cannot be verified at the moment";
    Error::new(ErrorKind::Unavailable, why)
        .with_code("CAPTCHA_UNAVAILABLE")
        .with_source(error)
}
