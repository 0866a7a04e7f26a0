use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use workeros_core::{Email, Error, Result};

use super::contents::SignInMethod;
use super::text::Composed;
use super::{Languages, Locale, MailTemplate, MailText, WrittenMail, builtin};

/// The most texts that are kept.
const MAX_TEXTS: usize = 200;

/// What the mails to the users of a realm say, where it is not what they say by
/// themselves; in which language, where nothing is known of who reads them; by
/// which name they come, and where answers go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Templates {
    pub(crate) default_locale: Option<Locale>,
    pub(crate) reply_to: Option<String>,
    pub(crate) sender_name: Option<String>,
    texts: BTreeMap<(MailTemplate, Locale), MailText>,
}

impl Templates {
    /// None of one's own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the language of mails to whom no better one is known for (English).
    pub fn with_default_locale(mut self, locale: Locale) -> Self {
        self.default_locale = Some(locale);
        self
    }

    /// Sets where answers go (to the sender).
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) when it is not one
    /// bare address.
    pub fn with_reply_to(mut self, address: impl Into<String>) -> Result<Self> {
        let address = address.into();
        nobodys()?.with_reply_to(&address)?;
        self.reply_to = Some(address);
        Ok(self)
    }

    /// Sets the name that mails come by (that of the mailer's sender). Their
    /// address is the mailer's, whose domain they are signed for.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) as
    /// [`Email::with_sender_name`].
    pub fn with_sender_name(mut self, name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        nobodys()?.with_sender_name(&name)?;
        self.sender_name = Some(name);
        Ok(self)
    }

    /// Sets what a mail says in a language.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `/subject`,
    /// `/text` or `/html` with code
    ///
    /// * `unknown_value` for a `{{name}}` that the mail has no value for; the
    ///   message names those it has.
    /// * `missing_value` where the link or the code is missing that the mail is
    ///   for.
    /// * `invalid_value` and `too_long` for a subject that is no single line of
    ///   at most 200 characters, a text of more than 20,000 bytes, HTML of more
    ///   than 100,000, and for a `{{` that does not end.
    /// * `required` where subject or text are not given, in a language in which
    ///   there are none.
    pub fn with_text(self, template: MailTemplate, locale: Locale, text: MailText) -> Result<Self> {
        self.with_text_at("", template, locale, text)
    }

    /// The same for a text that stands somewhere.
    pub(crate) fn with_text_at(
        mut self,
        pointer: &str,
        template: MailTemplate,
        locale: Locale,
        text: MailText,
    ) -> Result<Self> {
        text.check(template, pointer)?;
        if text.over(builtin::nearest(template, &locale)).is_none() {
            let part = if text.subject.is_none() {
                "subject"
            } else {
                "text"
            };
            let message = format!("is required: there is none in the language `{locale}`");
            let path = format!("{pointer}/{part}");
            return Err(Error::validation(path, "required", message));
        }
        if self.texts.len() >= MAX_TEXTS {
            let message = "there are 200 texts already";
            return Err(Error::validation(pointer, "too_many", message));
        }
        self.texts.insert((template, locale), text);
        Ok(self)
    }

    /// These, and what they do not say as others say it.
    pub(crate) fn over(mut self, others: &Self) -> Self {
        self.default_locale = self
            .default_locale
            .or_else(|| others.default_locale.clone());
        self.reply_to = self.reply_to.or_else(|| others.reply_to.clone());
        self.sender_name = self.sender_name.or_else(|| others.sender_name.clone());
        for (key, text) in &others.texts {
            self.texts
                .entry(key.clone())
                .or_insert_with(|| text.clone());
        }
        self
    }

    /// Every text, with what it is about and its language.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (MailTemplate, &Locale, &MailText)> {
        let texts = self.texts.iter();
        texts.map(|((template, locale), text)| (*template, locale, text))
    }

    /// The language that is best for who reads these, whether there are words in
    /// it or not.
    pub(crate) fn locale_for(&self, languages: &Languages) -> Result<Locale> {
        let first = languages.iter().chain(&self.default_locale).next();
        first.map_or_else(
            || Locale::parse(builtin::ENGLISH),
            |first| Ok(first.clone()),
        )
    }

    /// A mail for who reads these languages.
    pub(crate) fn write(
        &self,
        template: MailTemplate,
        languages: &Languages,
        values: &Map<String, Json>,
    ) -> Result<WrittenMail> {
        let wanted = languages.iter().chain(&self.default_locale);
        let ranges = wanted.flat_map(Locale::ranges).chain([builtin::ENGLISH]);
        let mut found = ranges.filter_map(|range| Some((range, self.compose(template, range)?)));
        let found = found.next();
        let (range, composed) = found.ok_or_else(|| Error::internal("a mail without words"))?;
        Ok(WrittenMail {
            sender_name: self.sender_name.clone(),
            reply_to: self.reply_to.clone(),
            ..composed.write(range, &named(values, range))
        })
    }

    fn compose(&self, template: MailTemplate, range: &str) -> Option<Composed<'_>> {
        let mut texts = self.texts();
        let own = texts.find(|(of, locale, _)| *of == template && locale.as_str() == range);
        match own {
            Some((_, locale, text)) => text.over(builtin::nearest(template, locale)),
            None => builtin::compose(template, range),
        }
    }
}

/// A mail that is not sent, to check what one may hold.
fn nobodys() -> Result<Email> {
    Email::new("nobody@example.com", "", "")
}

/// The values as they are called in a language.
fn named(values: &Map<String, Json>, range: &str) -> Map<String, Json> {
    let mut values = values.clone();
    let text = |name: &str| values.get(name).and_then(Json::as_str);
    let method = text("method").and_then(|name| {
        let provider = text("provider").unwrap_or_default();
        SignInMethod::read(name, provider)
    });
    if let Some(method) = method {
        let words = builtin::name_method(method, range);
        values.insert("method".to_owned(), words.into());
    }
    values
}
