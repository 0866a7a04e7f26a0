use std::time::Duration;

use workeros_core::{Error, ErrorKind, Result};

use crate::password::PasswordPolicy;

/// Who may become a user by himself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SignUpPolicy {
    /// Everybody.
    #[default]
    Open,
    /// Whoever was invited.
    Invited,
    /// Nobody.
    Closed,
}

/// The rules for the users of one realm: of the instance, or of one workspace.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RealmSettings {
    /// Who may become a user by himself (everybody).
    pub sign_up: SignUpPolicy,
    /// Whether an address must be verified before its user may sign in by
    /// password (no).
    pub require_verified_email: bool,
    pub(crate) password: PasswordPolicy,
    pub(crate) lifetime: Lifetime,
    #[cfg(feature = "passkey")]
    pub(crate) passkeys: Option<crate::RelyingParty>,
}

/// How long a session lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetime {
    /// From sign-in.
    pub(crate) absolute: Duration,
    /// From the last request.
    pub(crate) idle: Duration,
}

const DAY: Duration = Duration::from_hours(24);
const MAX_MIN_PASSWORD_LENGTH: usize = 64;

impl Default for RealmSettings {
    fn default() -> Self {
        Self {
            sign_up: SignUpPolicy::default(),
            require_verified_email: false,
            password: PasswordPolicy {
                min_chars: PasswordPolicy::MIN_CHARS,
                blocked: Default::default(),
            },
            lifetime: Lifetime {
                absolute: DAY * 30,
                idle: DAY,
            },
            #[cfg(feature = "passkey")]
            passkeys: None,
        }
    }
}

impl RealmSettings {
    /// The rules there are where nothing else is said.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets who may become a user by himself.
    #[must_use]
    pub fn with_sign_up(mut self, policy: SignUpPolicy) -> Self {
        self.sign_up = policy;
        self
    }

    /// Sets whether an address must be verified before its user may sign in by
    /// password.
    #[must_use]
    pub fn with_required_verification(mut self, required: bool) -> Self {
        self.require_verified_email = required;
        self
    }

    /// Sets the least number of characters of a new password, 8 to 64 (8;
    /// NIST recommends 15 where there is no second factor).
    #[must_use]
    pub fn with_min_password_length(mut self, chars: usize) -> Self {
        self.password.min_chars = chars;
        self
    }

    /// Refuses these as passwords, besides the 10 000 most common ones: the
    /// names of your company and product.
    #[must_use]
    pub fn with_blocked_passwords(
        mut self,
        words: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Self {
        let words = words.into_iter().map(|word| word.as_ref().to_lowercase());
        self.password.blocked.extend(words);
        self
    }

    /// Sets how long a session lives at most, from sign-in (30 days).
    #[must_use]
    pub fn with_session_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime.absolute = lifetime;
        self
    }

    /// Sets how long a session lives without a request (24 hours).
    #[must_use]
    pub fn with_session_idle(mut self, idle: Duration) -> Self {
        self.lifetime.idle = idle;
        self
    }

    /// Sets whom passkeys are made for (nobody: there are none).
    #[cfg(feature = "passkey")]
    #[must_use]
    pub fn with_passkeys(mut self, party: crate::RelyingParty) -> Self {
        self.passkeys = Some(party);
        self
    }

    /// Sets whom passkeys are made for, where it is not said.
    #[cfg(feature = "passkey")]
    pub(crate) fn or_passkeys(mut self, party: Option<&crate::RelyingParty>) -> Self {
        self.passkeys = self.passkeys.or_else(|| party.cloned());
        self
    }

    /// Refuses whoever wants to become a user by himself where he may not.
    pub(crate) fn admit_sign_up(&self) -> Result<()> {
        match self.sign_up {
            SignUpPolicy::Open => Ok(()),
            SignUpPolicy::Invited | SignUpPolicy::Closed => {
                Err(closed("nobody can sign up here without an invitation"))
            }
        }
    }

    /// Refuses who was invited where nobody may become a user by himself.
    pub(crate) fn admit_invited(&self) -> Result<()> {
        match self.sign_up {
            SignUpPolicy::Open | SignUpPolicy::Invited => Ok(()),
            SignUpPolicy::Closed => Err(closed("nobody can sign up here")),
        }
    }

    /// Checks that each rule is within its range.
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |why| Err(Error::new(ErrorKind::Validation, why));
        let lengths = PasswordPolicy::MIN_CHARS..=MAX_MIN_PASSWORD_LENGTH;
        if !lengths.contains(&self.password.min_chars) {
            return refuse("the least password length must be between 8 and 64 characters");
        }
        if self.lifetime.absolute.is_zero() || self.lifetime.idle.is_zero() {
            return refuse("a session must live longer than no time at all");
        }
        Ok(())
    }
}

fn closed(why: &'static str) -> Error {
    Error::new(ErrorKind::Forbidden, why).with_code("SIGN_UP_CLOSED")
}
