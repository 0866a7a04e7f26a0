use std::fmt::Debug;

use async_trait::async_trait;

use crate::{Error, Result};

/// A mail to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Email {
    /// The address of the recipient.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The plain-text body.
    pub text: String,
    /// The HTML body, if there is one.
    pub html: Option<String>,
}

impl Email {
    /// A plain-text mail.
    ///
    /// # Errors
    ///
    /// [`Validation`](crate::ErrorKind::Validation) when a line break stands
    /// in the address or the subject: it would start a header of its own.
    pub fn new(
        to: impl Into<String>,
        subject: impl Into<String>,
        text: impl Into<String>,
    ) -> Result<Self> {
        let (to, subject) = (to.into(), subject.into());
        for (path, header) in [("to", &to), ("subject", &subject)] {
            if header.contains(['\r', '\n', '\0']) {
                return Err(Error::validation(
                    path,
                    "invalid_value",
                    "must be a single line",
                ));
            }
        }
        Ok(Self {
            to,
            subject,
            text: text.into(),
            html: None,
        })
    }

    /// Adds an HTML body.
    #[must_use]
    pub fn with_html(mut self, html: impl Into<String>) -> Self {
        self.html = Some(html.into());
        self
    }
}

/// Sends mail.
///
/// # Contract
///
/// `Ok` means that somebody else has taken responsibility for the mail. An
/// address that can never work is [`Validation`](crate::ErrorKind::Validation);
/// what may work later is [`Unavailable`](crate::ErrorKind::Unavailable).
/// Callers retry, so a mail may be sent twice.
#[async_trait]
pub trait Mailer: Debug + Send + Sync + 'static {
    /// Sends one mail.
    async fn send(&self, email: Email) -> Result<()>;
}
