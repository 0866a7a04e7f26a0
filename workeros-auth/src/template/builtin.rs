//! What mails say by themselves, in each language.

use std::borrow::Cow;

use super::contents::SignInMethod;
use super::text::Composed;
use super::{Locale, MailTemplate};

mod de;
mod en;
mod es;
mod fr;

pub(super) const ENGLISH: &str = "en";

/// A language, one file each.
const LANGUAGES: [&Language; 4] = [&en::ENGLISH, &de::GERMAN, &fr::FRENCH, &es::SPANISH];

/// How long a line of plain text is.
const COLUMNS: usize = 76;

struct Language {
    tag: &'static str,
    hello: &'static str,
    wording: fn(MailTemplate) -> Wording,
    /// What a way to sign in is called; `{}` stands for the provider.
    method: fn(SignInMethod<'_>) -> &'static str,
}

/// What a mail says. What it brings stands between the two paragraphs.
struct Wording {
    subject: &'static str,
    before: &'static str,
    /// What is written on the link, if there is one.
    link: &'static str,
    after: &'static str,
}

/// A mail in a language; `None` where that has none.
pub(super) fn compose(template: MailTemplate, tag: &str) -> Option<Composed<'static>> {
    let language = LANGUAGES.into_iter().find(|language| language.tag == tag)?;
    let wording = (language.wording)(template);
    Some(Composed {
        subject: Cow::Borrowed(wording.subject),
        text: Cow::Owned(wording.text(template, language.hello)),
        html: Some(Cow::Owned(wording.html(template, language.hello))),
    })
}

/// A mail in a language, or in the one that it is one of.
pub(super) fn nearest(template: MailTemplate, locale: &Locale) -> Option<Composed<'static>> {
    locale.ranges().find_map(|range| compose(template, range))
}

/// What a way to sign in is called; in English where the language is not known.
pub(super) fn name_method(method: SignInMethod<'_>, tag: &str) -> String {
    let mut languages = LANGUAGES.into_iter();
    let wide = tag.split('-').next();
    let language = languages.find(|language| Some(language.tag) == wide);
    let words = (language.unwrap_or(&en::ENGLISH).method)(method);
    match method {
        SignInMethod::Account(provider) => words.replace("{}", provider),
        _ => words.to_owned(),
    }
}

impl Wording {
    fn text(&self, template: MailTemplate, hello: &str) -> String {
        let brings = template.brings().map(|name| format!("{{{{{name}}}}}"));
        let before = Some(wrap(self.before));
        let parts = [
            Some(hello.to_owned()),
            before,
            brings,
            Some(wrap(self.after)),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        parts.join("\n\n") + "\n"
    }

    fn html(&self, template: MailTemplate, hello: &str) -> String {
        let brings = match template.brings() {
            Some("url") => format!("<p><a href=\"{{{{url}}}}\">{}</a></p>", self.link),
            Some(name) => format!("<p><strong>{{{{{name}}}}}</strong></p>"),
            None => String::new(),
        };
        let (before, after) = (self.before, self.after);
        format!("<p>{hello}</p><p>{before}</p>{brings}<p>{after}</p>")
    }
}

/// Lines of plain text.
fn wrap(paragraph: &str) -> String {
    let mut wrapped = String::with_capacity(paragraph.len());
    let mut column = 0;
    for word in paragraph.split(' ') {
        let chars = word.chars().count();
        if column > 0 && column + 1 + chars > COLUMNS {
            wrapped.push('\n');
            column = 0;
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += chars;
    }
    wrapped
}
