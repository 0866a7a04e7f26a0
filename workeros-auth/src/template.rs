//! What the mails say.
//!
//! A mail is about something ([`MailTemplate`]), which has values with names. Its
//! words stand in `builtin`, a file for each language, or are the host's or a
//! workspace's ([`Templates`]). The language is the one the user has chosen, else
//! one that the request accepts by which the mail was caused, else that of the
//! realm, else English; that a text in `de` is good for who wants `de-CH` is
//! RFC 4647.
//!
//! A value is put in last, and never looked through for places: it is escaped in
//! HTML, and begins no line in a subject.

mod builtin;
mod contents;
mod fill;
mod kind;
mod locale;
mod templates;
mod text;

pub(crate) use contents::{Contents, SignInMethod};
pub use kind::MailTemplate;
pub(crate) use kind::MailTemplate as Template;
pub use locale::{Languages, Locale};
pub use templates::Templates;
pub use text::{MailText, WrittenMail};
