use std::sync::Arc;

use workeros_core::Captcha;

/// Where in a realm somebody has to show that he is no program, and by what.
///
/// Without saying more, it is asked for where a stranger can cause work, mail or
/// guesses: at [`CaptchaPoint::DEFAULT`].
#[derive(Debug, Clone)]
pub struct CaptchaPolicy {
    pub(crate) captcha: Arc<dyn Captcha>,
    pub(crate) fail_mode: FailMode,
    points: Vec<CaptchaPoint>,
}

/// What becomes of somebody while the service cannot be reached that says
/// whether he has solved its captcha.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailMode {
    /// He is told to try again: 503.
    #[default]
    Closed,
    /// He is let pass. It is logged, and noted in the activity.
    Open,
}

/// Something that can take a captcha.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CaptchaPoint {
    /// To become a user by a password.
    SignUp,
    /// To sign in by a password.
    SignIn,
    /// To ask for a link or a code to choose a new password by.
    PasswordReset,
    /// To ask for a link to sign in by.
    MagicLink,
    /// To ask for a code to sign in, or to verify an address, by.
    EmailOtp,
    /// To sign in without an account.
    Anonymous,
    /// To ask for a link to verify an address by.
    VerificationEmail,
    /// To use a code that was mailed.
    Code,
}

impl CaptchaPolicy {
    /// A captcha at [`CaptchaPoint::DEFAULT`] that [fails
    /// closed](FailMode::Closed).
    #[must_use]
    pub fn new(captcha: Arc<dyn Captcha>) -> Self {
        Self {
            captcha,
            fail_mode: FailMode::default(),
            points: CaptchaPoint::DEFAULT.to_vec(),
        }
    }

    /// Sets what becomes of somebody while the service cannot be reached.
    #[must_use]
    pub fn with_fail_mode(mut self, mode: FailMode) -> Self {
        self.fail_mode = mode;
        self
    }

    /// Sets what takes a captcha; nothing else does.
    #[must_use]
    pub fn at(mut self, points: impl IntoIterator<Item = CaptchaPoint>) -> Self {
        self.points = points.into_iter().collect();
        self
    }

    /// What takes one.
    #[must_use]
    pub fn points(&self) -> &[CaptchaPoint] {
        &self.points
    }

    pub(crate) fn guards(&self, point: CaptchaPoint) -> bool {
        self.points.contains(&point)
    }
}

impl FailMode {
    /// Its name in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
        }
    }
}

impl CaptchaPoint {
    /// All there are.
    pub const ALL: [Self; 8] = [
        Self::SignUp,
        Self::SignIn,
        Self::PasswordReset,
        Self::MagicLink,
        Self::EmailOtp,
        Self::Anonymous,
        Self::VerificationEmail,
        Self::Code,
    ];

    /// Those where a captcha is asked for if nothing else is said.
    pub const DEFAULT: [Self; 6] = [
        Self::SignUp,
        Self::SignIn,
        Self::PasswordReset,
        Self::MagicLink,
        Self::EmailOtp,
        Self::Anonymous,
    ];

    /// Its name in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::SignIn => "sign-in",
            Self::PasswordReset => "password-reset",
            Self::MagicLink => "magic-link",
            Self::EmailOtp => "email-otp",
            Self::Anonymous => "anonymous",
            Self::VerificationEmail => "verification-email",
            Self::Code => "code",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|point| point.name() == name)
    }
}
