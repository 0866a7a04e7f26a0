//! What the mails say.

use std::borrow::Cow;

use http::Uri;
use workeros_core::{Email, Result};

use crate::flow::Purpose;

/// A mail, but for what differs from one to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Template {
    VerifyEmail,
    ResetPassword,
}

/// `{{name}}` stands for a value.
struct Text {
    subject: &'static str,
    text: &'static str,
    html: &'static str,
}

const VERIFY_EMAIL: Text = Text {
    subject: "Confirm your e-mail address",
    text: "Hello,\n\n\
        please confirm that this is your e-mail address at {{site}}:\n\n\
        {{url}}\n\n\
        The link is good for one day, and once. If you have no account there, you\n\
        can ignore this mail.\n",
    html: "<p>Hello,</p>\
        <p>please confirm that this is your e-mail address at {{site}}:</p>\
        <p><a href=\"{{url}}\">Confirm the address</a></p>\
        <p>The link is good for one day, and once. If you have no account there, \
        you can ignore this mail.</p>",
};

const RESET_PASSWORD: Text = Text {
    subject: "Choose a new password",
    text: "Hello,\n\n\
        somebody asked for a new password for your account at {{site}}. To choose\n\
        one, follow this link:\n\n\
        {{url}}\n\n\
        It is good for one hour, and once. If it was not you, you can ignore this\n\
        mail: your password stays as it is.\n",
    html: "<p>Hello,</p>\
        <p>somebody asked for a new password for your account at {{site}}.</p>\
        <p><a href=\"{{url}}\">Choose a new password</a></p>\
        <p>The link is good for one hour, and once. If it was not you, you can \
        ignore this mail: your password stays as it is.</p>",
};

impl Template {
    pub(crate) const fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::VerifyEmail => Self::VerifyEmail,
            Purpose::ResetPassword => Self::ResetPassword,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-email",
            Self::ResetPassword => "reset-password",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let known = [Self::VerifyEmail, Self::ResetPassword];
        known.into_iter().find(|template| template.name() == name)
    }

    /// The mail with this link in it.
    pub(crate) fn render(self, to: &str, url: &str) -> Result<Email> {
        let text = match self {
            Self::VerifyEmail => VERIFY_EMAIL,
            Self::ResetPassword => RESET_PASSWORD,
        };
        let site = site(url);
        let values = [("site", site.as_str()), ("url", url)];
        let subject = fill(text.subject, &values, Cow::Borrowed);
        let plain = fill(text.text, &values, Cow::Borrowed);
        Email::new(to, subject, plain)?
            .with_html(fill(text.html, &values, escape))
            .with_header("Auto-Submitted", "auto-generated")
    }
}

/// Where a link leads: its host.
fn site(url: &str) -> String {
    let url = url.parse::<Uri>().unwrap_or_default();
    url.host().unwrap_or_default().to_owned()
}

/// Puts values in their places. A value is never looked through for places.
fn fill<'a>(
    template: &str,
    values: &[(&str, &'a str)],
    write: impl Fn(&'a str) -> Cow<'a, str>,
) -> String {
    let mut filled = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, name, behind)) = next_place(rest) {
        filled.push_str(before);
        let value = values.iter().find(|(known, _)| *known == name);
        filled.push_str(&write(value.map_or("", |(_, value)| *value)));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let (before, place) = text.split_once("{{")?;
    let (name, behind) = place.split_once("}}")?;
    Some((before, name, behind))
}

fn escape(text: &str) -> Cow<'_, str> {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_value() {
        let values = [("a", "<{{b}}&'\">"), ("b", "x")];
        assert_eq!(
            fill("{{a}} {{b}} {{c}}.", &values, Cow::Borrowed),
            "<{{b}}&'\"> x ."
        );
        assert_eq!(
            fill("{{a}} {{b", &values, escape),
            "&lt;{{b}}&amp;&#39;&quot;&gt; {{b"
        );
    }

    #[test]
    fn every_mail_has_its_link_and_no_place_left() {
        let url = "https://example.com/x?token=t&to=%2F";
        for template in [Template::VerifyEmail, Template::ResetPassword] {
            assert_eq!(Template::parse(template.name()), Some(template));
            let email = template.render("ann@example.com", url).unwrap();
            let html = email.html().unwrap();
            assert!(email.text().contains(url));
            assert!(html.contains("href=\"https://example.com/x?token=t&amp;to=%2F\""));
            for text in [email.subject(), email.text(), html] {
                assert!(!text.contains("{{") && !text.contains("}}"), "{text}");
            }
        }
    }
}
