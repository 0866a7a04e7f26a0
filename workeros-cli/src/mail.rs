//! Who sends mail, as one URL says it.

use workeros::{Builder, Error, ErrorKind, Result, Sender};

use crate::options::Mail;

#[cfg(feature = "mail-api")]
mod api;
#[cfg(feature = "smtp")]
mod smtp;

impl Mail {
    /// Sets the mailer the options name; none is what the library makes of it.
    pub(crate) fn put(self, builder: Builder) -> Result<Builder> {
        let (Some(url), Some(from)) = (self.mail_url, self.mail_from) else {
            return Ok(builder);
        };
        let (scheme, rest) = url.split_once(':').ok_or_else(unknown)?;
        let sender = sender(&from)?;
        match scheme {
            #[cfg(feature = "smtp")]
            "smtp" | "smtps" | "smtp+danger-none" => {
                Ok(builder.mailer(smtp::mailer(&url, scheme, sender)?))
            }
            #[cfg(feature = "mail-api")]
            "resend" | "sendgrid" | "mailgun" | "mailgun-eu" | "ses" => {
                api::put(builder, scheme, rest, sender)
            }
            #[cfg(not(feature = "smtp"))]
            "smtp" | "smtps" | "smtp+danger-none" => Err(without_smtp()),
            _ => {
                let _ = (rest, sender);
                Err(unknown())
            }
        }
    }
}

/// Reads `no-reply@example.com` or `Example <no-reply@example.com>`.
fn sender(text: &str) -> Result<Sender> {
    match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, address)) if !name.trim().is_empty() => {
            Sender::new(address.trim())?.with_name(name.trim())
        }
        Some((_, address)) => Sender::new(address.trim()),
        None => Sender::new(text.trim()),
    }
}

#[cfg(not(feature = "smtp"))]
fn without_smtp() -> Error {
    let why = "the mail URL names a mail server, which takes a binary built with `--features smtp`";
    Error::new(ErrorKind::Unsupported, why)
}

/// The URL holds a password or a key, so it is not repeated.
fn unknown() -> Error {
    let why = "the mail URL names nothing this binary can send mail by; see `serve --help`";
    Error::new(ErrorKind::Validation, why)
}
