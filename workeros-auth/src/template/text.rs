use std::borrow::Cow;

use serde_json::{Map, Value as Json};
use workeros_core::input::Object;
use workeros_core::{Detail, Email, Error, Result, html};

use super::MailTemplate;
use super::fill::{fill, in_one_line, in_subject, places};

const MAX_SUBJECT_CHARS: usize = 200;
const MAX_TEXT_BYTES: usize = 20_000;
const MAX_HTML_BYTES: usize = 100_000;

/// What a mail says in place of what it says otherwise. `{{name}}` stands for a
/// [value](MailTemplate::values). What is not given stays as it is; but with a
/// text of its own a mail has no HTML unless that is given too.
///
/// ```
/// use workeros_auth::{Locale, MailTemplate, MailText, Templates};
///
/// let text = MailText::new()
///     .with_subject("Dein Link zu {{site}}")
///     .with_text("Hallo,\n\nhier geht es weiter: {{url}}\n");
/// let de = Locale::parse("de")?;
/// let templates = Templates::new().with_text(MailTemplate::MagicLink, de.clone(), text)?;
///
/// let lacking = MailText::new().with_text("Hallo!");
/// assert!(templates.with_text(MailTemplate::MagicLink, de, lacking).is_err());
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct MailText {
    pub(super) subject: Option<String>,
    pub(super) text: Option<String>,
    pub(super) html: Option<String>,
}

/// All that a mail says, in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Composed<'a> {
    pub(super) subject: Cow<'a, str>,
    pub(super) text: Cow<'a, str>,
    pub(super) html: Option<Cow<'a, str>>,
}

/// A mail that was written, but for whom it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrittenMail {
    /// The language it is in.
    pub locale: String,
    /// The subject line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML, if there is any.
    pub html: Option<String>,
    /// The name it comes by, if it is not that of the mailer's sender.
    pub sender_name: Option<String>,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
}

impl MailText {
    /// Nothing of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the subject: one line.
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets the plain text.
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Sets the HTML. Values are escaped where they are put in.
    pub fn with_html(mut self, html: impl Into<String>) -> Self {
        self.html = Some(html.into());
        self
    }

    /// Reads `subject`, `text` and `html`, each of which may be missing.
    pub(crate) fn read(object: &mut Object) -> Self {
        Self {
            subject: object.string("subject"),
            text: object.string("text"),
            html: object.string("html"),
        }
    }

    /// What of it is given.
    pub(crate) fn show(&self) -> Json {
        let parts = [
            ("subject", &self.subject),
            ("text", &self.text),
            ("html", &self.html),
        ];
        let given = parts.into_iter().filter_map(|(name, part)| {
            let part = part.as_ref()?;
            Some((name.to_owned(), Json::from(part.as_str())))
        });
        given.collect()
    }

    /// Checks that it can be sent as a mail of that kind; `pointer` is where it
    /// stands.
    pub(super) fn check(&self, template: MailTemplate, pointer: &str) -> Result<()> {
        let mut findings = Findings {
            template,
            pointer,
            details: Vec::new(),
        };
        if let Some(subject) = &self.subject {
            findings.check_subject(subject);
        }
        if let Some(text) = &self.text {
            findings.check_body("text", text, MAX_TEXT_BYTES);
        }
        if let Some(html) = &self.html {
            findings.check_body("html", html, MAX_HTML_BYTES);
        }
        if findings.details.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(findings.details))
        }
    }

    /// This, with the rest of what it says otherwise.
    pub(super) fn over<'a>(&'a self, otherwise: Option<Composed<'a>>) -> Option<Composed<'a>> {
        let (subject, text, html) = match otherwise {
            Some(it) => (Some(it.subject), Some(it.text), it.html),
            None => (None, None, None),
        };
        let own = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
        let html = if self.text.is_some() { None } else { html };
        Some(Composed {
            subject: own(&self.subject).or(subject)?,
            text: own(&self.text).or(text)?,
            html: own(&self.html).or(html),
        })
    }
}

impl Composed<'_> {
    pub(super) fn write(&self, locale: &str, values: &Map<String, Json>) -> WrittenMail {
        let html = self.html.as_deref();
        let mut subject = fill(&self.subject, values, in_subject);
        // With long values it is cut, and not refused by whoever sends it.
        subject.truncate(subject.floor_char_boundary(Email::MAX_SUBJECT_BYTES));
        WrittenMail {
            locale: locale.to_owned(),
            subject,
            text: fill(&self.text, values, in_one_line),
            html: html.map(|html| fill(html, values, html::escape)),
            sender_name: None,
            reply_to: None,
        }
    }
}

/// What is wrong with a text.
struct Findings<'a> {
    template: MailTemplate,
    pointer: &'a str,
    details: Vec<Detail>,
}

impl Findings<'_> {
    fn check_subject(&mut self, subject: &str) {
        if subject.contains(char::is_control) {
            self.complain("subject", "invalid_value", "must be a single line");
        }
        if subject.trim().is_empty() || subject.chars().count() > MAX_SUBJECT_CHARS {
            self.complain("subject", "invalid_value", "must be 1 to 200 characters");
        }
        self.check_places("subject", subject);
    }

    fn check_body(&mut self, part: &str, body: &str, max: usize) {
        if body.len() > max {
            self.complain(part, "too_long", format!("must be at most {max} bytes"));
        }
        if body.contains('\0') {
            self.complain(part, "invalid_value", "must not contain U+0000");
        }
        let Some(names) = self.check_places(part, body) else {
            return;
        };
        if let Some(brings) = self.template.brings()
            && !names.contains(&brings)
        {
            let message = format!("must contain `{{{{{brings}}}}}`: it is what the mail is for");
            self.complain(part, "missing_value", message);
        }
    }

    fn check_places<'t>(&mut self, part: &str, text: &'t str) -> Option<Vec<&'t str>> {
        let Some(names) = places(text) else {
            self.complain(part, "invalid_value", "has a `{{` without `}}`");
            return None;
        };
        let allowed = self.template.values();
        for name in names.iter().filter(|name| !allowed.contains(name)) {
            let list: Vec<_> = allowed.iter().map(|it| format!("`{{{{{it}}}}}`")).collect();
            let message = format!(
                "there is no `{{{{{name}}}}}` in this mail; there are {}",
                list.join(", ")
            );
            self.complain(part, "unknown_value", message);
        }
        Some(names)
    }

    fn complain(&mut self, part: &str, code: &'static str, message: impl Into<String>) {
        self.details.push(Detail {
            path: format!("{}/{part}", self.pointer),
            code: code.into(),
            message: message.into(),
        });
    }
}
