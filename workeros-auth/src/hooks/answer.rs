use std::borrow::Cow;

use workeros_core::{Error, ErrorKind, Result};

use crate::DisplayName;

/// Whether somebody becomes a user.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Admission {
    /// He does.
    Admit {
        /// What he is called instead of what he said.
        name: Option<DisplayName>,
    },
    /// He does not.
    Refuse(Refusal),
}

/// Whether somebody gets on by a password that was right.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum PasswordVerdict {
    /// He does.
    Accept,
    /// He does not.
    Refuse(Refusal),
}

/// Who sends a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MailHandling {
    /// The next hook, or the mailer.
    Mailer,
    /// The hook has sent it.
    Sent,
}

/// Why somebody does not get on, as he is told.
#[derive(Debug, Clone)]
pub struct Refusal {
    message: String,
    code: Cow<'static, str>,
}

const CODE: &str = "REFUSED_BY_HOOK";
const MAX_MESSAGE_CHARS: usize = 500;
const MAX_CODE_BYTES: usize = 64;

impl Admission {
    /// Lets somebody become a user.
    #[must_use]
    pub fn admit() -> Self {
        Self::Admit { name: None }
    }

    /// Lets somebody become a user by another name.
    #[must_use]
    pub fn admit_as(name: DisplayName) -> Self {
        Self::Admit { name: Some(name) }
    }

    /// Does not let somebody become a user.
    #[must_use]
    pub fn refuse(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

impl PasswordVerdict {
    /// Does not let somebody get on.
    #[must_use]
    pub fn refuse(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

impl Refusal {
    /// A refusal with what somebody is told, of which at most 500 characters are
    /// kept, on one line. Its code is `REFUSED_BY_HOOK`.
    #[must_use]
    pub fn new(message: impl AsRef<str>) -> Self {
        let chars = message.as_ref().chars().filter(|char| !char.is_control());
        Self {
            message: chars.take(MAX_MESSAGE_CHARS).collect(),
            code: CODE.into(),
        }
    }

    /// Sets the code that programs go by.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = code.into();
        self
    }

    /// The same for a code from outside.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) at `code` when it is not 1 to 64
    /// capital letters, digits and underscores.
    pub fn with_foreign_code(mut self, code: String) -> Result<Self> {
        let is_fit = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if code.is_empty() || code.len() > MAX_CODE_BYTES || !code.bytes().all(is_fit) {
            let message = "must be 1 to 64 of `A` to `Z`, `0` to `9` and `_`";
            return Err(Error::validation("code", "invalid_value", message));
        }
        self.code = code.into();
        Ok(self)
    }

    pub(crate) fn into_error(self) -> Error {
        Error::new(ErrorKind::Forbidden, self.message).with_code(self.code)
    }
}
