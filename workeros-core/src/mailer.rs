use std::fmt::Debug;

use async_trait::async_trait;

use crate::Result;

mod check;

/// A mail to one recipient. Nothing in it can start a header of its own or name
/// a second recipient: what could was refused when it was put in.
///
/// ```
/// use workeros_core::Email;
///
/// let email = Email::new("ann@example.com", "Grüße", "Hello Ann")?
///     .with_html("<p>Hello Ann</p>")
///     .with_reply_to("help@example.com")?;
/// assert!(Email::new("ann@example.com", "Hi\r\nBcc: eve@example.com", "").is_err());
/// assert!(Email::new("ann@example.com, eve@example.com", "Hi", "").is_err());
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    to: String,
    subject: String,
    text: String,
    html: Option<String>,
    reply_to: Option<String>,
    sender_name: Option<String>,
    headers: Vec<(String, String)>,
}

impl Email {
    /// The most bytes of a subject.
    pub const MAX_SUBJECT_BYTES: usize = check::MAX_LINE_BYTES;

    /// The most headers of its own a mail may have.
    pub const MAX_HEADERS: usize = 10;

    /// A plain-text mail.
    ///
    /// # Errors
    ///
    /// [`Validation`](crate::ErrorKind::Validation) when `to` is not one bare
    /// address (`ann@example.com`), or the subject holds a control character or
    /// more than [`MAX_SUBJECT_BYTES`](Self::MAX_SUBJECT_BYTES).
    pub fn new(
        to: impl Into<String>,
        subject: impl Into<String>,
        text: impl Into<String>,
    ) -> Result<Self> {
        Ok(Self {
            to: check::address("to", to.into())?,
            subject: check::line("subject", subject.into())?,
            text: text.into(),
            html: None,
            reply_to: None,
            sender_name: None,
            headers: Vec::new(),
        })
    }

    /// Adds an HTML body.
    #[must_use]
    pub fn with_html(mut self, html: impl Into<String>) -> Self {
        self.html = Some(html.into());
        self
    }

    /// Sets where answers go.
    ///
    /// # Errors
    ///
    /// [`Validation`](crate::ErrorKind::Validation) when it is not one bare
    /// address.
    pub fn with_reply_to(mut self, address: impl Into<String>) -> Result<Self> {
        self.reply_to = Some(check::address("reply_to", address.into())?);
        Ok(self)
    }

    /// Sets the name of who sends it, in place of that of the mailer's
    /// [`Sender`]. The address it comes from stays the mailer's.
    ///
    /// # Errors
    ///
    /// [`Validation`](crate::ErrorKind::Validation) when it is empty, holds a
    /// control character or what an address is written with (`@`, `<`, `>`), or
    /// has more than 64 characters.
    pub fn with_sender_name(mut self, name: impl Into<String>) -> Result<Self> {
        self.sender_name = Some(check::sender_name(name.into())?);
        Ok(self)
    }

    /// Adds a header: `Auto-Submitted`, or one that begins with `List-` or
    /// `X-`. No other can be set, so that a mail goes where it says it goes.
    ///
    /// # Errors
    ///
    /// [`Validation`](crate::ErrorKind::Validation) for another name, for a
    /// value beyond printable ASCII or of more than 900 bytes, for a name that
    /// is there already and for more than [`MAX_HEADERS`](Self::MAX_HEADERS).
    pub fn with_header(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self> {
        let header = check::header(&self.headers, name.into(), value.into())?;
        self.headers.push(header);
        Ok(self)
    }

    /// The address of the recipient.
    #[must_use]
    pub fn to(&self) -> &str {
        &self.to
    }

    /// The subject line.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The plain-text body.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The HTML body, if there is one.
    #[must_use]
    pub fn html(&self) -> Option<&str> {
        self.html.as_deref()
    }

    /// Where answers go, if not to the sender.
    #[must_use]
    pub fn reply_to(&self) -> Option<&str> {
        self.reply_to.as_deref()
    }

    /// The name of who sends it, if it is not that of the mailer's sender.
    #[must_use]
    pub fn sender_name(&self) -> Option<&str> {
        self.sender_name.as_deref()
    }

    /// The headers of its own: names and values.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }
}

/// Who sends the mails of a [`Mailer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    address: String,
    name: Option<String>,
}

impl Sender {
    /// A sender without a name.
    ///
    /// # Errors
    ///
    /// [`Validation`](crate::ErrorKind::Validation) when it is not one bare
    /// address (`no-reply@example.com`).
    pub fn new(address: impl Into<String>) -> Result<Self> {
        Ok(Self {
            address: check::address("from", address.into())?,
            name: None,
        })
    }

    /// Sets the name that is shown.
    ///
    /// # Errors
    ///
    /// [`Validation`](crate::ErrorKind::Validation) when it holds a control
    /// character.
    pub fn with_name(mut self, name: impl Into<String>) -> Result<Self> {
        self.name = Some(check::line("from", name.into())?);
        Ok(self)
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The name that is shown.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The name that is shown for a mail: its own, if it has one.
    #[must_use]
    pub fn name_for<'a>(&'a self, email: &'a Email) -> Option<&'a str> {
        email.sender_name().or(self.name())
    }
}

/// Sends mail.
///
/// # Contract
///
/// * `Ok` means that somebody else has taken responsibility for the mail.
/// * A mail that can never be sent (an address that does not exist, a mail the
///   provider refuses) is [`Validation`](crate::ErrorKind::Validation).
/// * What may work later is [`Unavailable`](crate::ErrorKind::Unavailable): a
///   server that is not there or is busy, and credentials it does not accept,
///   which somebody can mend. A provider that says when to come back is quoted
///   in [`retry_after_seconds`](crate::Error::retry_after_seconds).
/// * A mail comes from the mailer's own address, by the name that
///   [the mail has](Email::sender_name), or else the sender
///   ([`Sender::name_for`]).
/// * Neither `Debug` nor an error tells a password or key.
///
/// Callers retry, so a mail may be sent twice.
#[async_trait]
pub trait Mailer: Debug + Send + Sync + 'static {
    /// Sends one mail.
    async fn send(&self, email: Email) -> Result<()>;
}
