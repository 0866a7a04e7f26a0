//! What the mails say.

use std::borrow::Cow;

use http::Uri;
use serde_json::{Value as Json, json};
use workeros_core::{Email, Error, Result};

use crate::flow::Purpose;

/// A mail, but for what differs from one to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Template {
    VerifyEmail,
    ResetPassword,
    MagicLink,
    SignInCode,
    VerifyEmailCode,
    ResetPasswordCode,
    Invitation,
    OrganizationInvitation,
    ApproveNewEmail,
    ConfirmNewEmail,
    ExistingAccount,
}

/// What a mail brings.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Contents<'a> {
    /// A link, whose host is what we are called.
    Link(&'a str),
    /// A code, and what we are called.
    Code { site: &'a str, code: &'a str },
    /// The link of an invitation, and what the workspace is called.
    Invitation { url: &'a str, workspace: &'a str },
    /// The link of an invitation, and what the organization is called.
    Organization { url: &'a str, organization: &'a str },
    /// A link, and the address that is to be somebody's.
    NewAddress { url: &'a str, address: &'a str },
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

const EXISTING_ACCOUNT: Text = Text {
    subject: "You already have an account",
    text: "Hello,\n\n\
        somebody has tried to sign up at {{site}} with your e-mail address. You have\n\
        an account there already, so nothing was changed. If it was you, sign in:\n\n\
        {{url}}\n\n\
        If you do not know your password, you can choose a new one there. If it was\n\
        not you, you can ignore this mail.\n",
    html: "<p>Hello,</p>\
        <p>somebody has tried to sign up at {{site}} with your e-mail address. You \
        have an account there already, so nothing was changed.</p>\
        <p><a href=\"{{url}}\">Sign in</a></p>\
        <p>If you do not know your password, you can choose a new one there. If it \
        was not you, you can ignore this mail.</p>",
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

const MAGIC_LINK: Text = Text {
    subject: "Sign in",
    text: "Hello,\n\n\
        to sign in to {{site}}, follow this link:\n\n\
        {{url}}\n\n\
        It is good for ten minutes, and once. If it was not you who asked for it, you\n\
        can ignore this mail: nobody is signed in without it.\n",
    html: "<p>Hello,</p>\
        <p>to sign in to {{site}}, follow this link:</p>\
        <p><a href=\"{{url}}\">Sign in</a></p>\
        <p>It is good for ten minutes, and once. If it was not you who asked for it, \
        you can ignore this mail: nobody is signed in without it.</p>",
};

const SIGN_IN_CODE: Text = Text {
    subject: "Your code to sign in",
    text: "Hello,\n\n\
        your code to sign in to {{site}} is\n\n\
        {{code}}\n\n\
        It is good for five minutes, and once. Nobody of us will ever ask you for it.\n\
        If it was not you who asked for it, you can ignore this mail.\n",
    html: "<p>Hello,</p>\
        <p>your code to sign in to {{site}} is</p>\
        <p><strong>{{code}}</strong></p>\
        <p>It is good for five minutes, and once. Nobody of us will ever ask you for it. \
        If it was not you who asked for it, you can ignore this mail.</p>",
};

const VERIFY_EMAIL_CODE: Text = Text {
    subject: "Your code to confirm your e-mail address",
    text: "Hello,\n\n\
        your code to confirm that this is your e-mail address at {{site}} is\n\n\
        {{code}}\n\n\
        It is good for five minutes, and once. If you have no account there, you can\n\
        ignore this mail.\n",
    html: "<p>Hello,</p>\
        <p>your code to confirm that this is your e-mail address at {{site}} is</p>\
        <p><strong>{{code}}</strong></p>\
        <p>It is good for five minutes, and once. If you have no account there, you can \
        ignore this mail.</p>",
};

const RESET_PASSWORD_CODE: Text = Text {
    subject: "Your code to choose a new password",
    text: "Hello,\n\n\
        your code to choose a new password at {{site}} is\n\n\
        {{code}}\n\n\
        It is good for five minutes, and once. Nobody of us will ever ask you for it.\n\
        If it was not you, you can ignore this mail: your password stays as it is.\n",
    html: "<p>Hello,</p>\
        <p>your code to choose a new password at {{site}} is</p>\
        <p><strong>{{code}}</strong></p>\
        <p>It is good for five minutes, and once. Nobody of us will ever ask you for it. \
        If it was not you, you can ignore this mail: your password stays as it is.</p>",
};

const INVITATION: Text = Text {
    subject: "Invitation to {{workspace}}",
    text: "Hello,\n\n\
        you are invited to the workspace {{workspace}} at {{site}}. To accept,\n\
        follow this link:\n\n\
        {{url}}\n\n\
        It is good for seven days, and once. If you do not expect it, you can ignore\n\
        this mail.\n",
    html: "<p>Hello,</p>\
        <p>you are invited to the workspace {{workspace}} at {{site}}.</p>\
        <p><a href=\"{{url}}\">Accept the invitation</a></p>\
        <p>The link is good for seven days, and once. If you do not expect it, you \
        can ignore this mail.</p>",
};

const ORGANIZATION_INVITATION: Text = Text {
    subject: "Invitation to {{organization}}",
    text: "Hello,\n\n\
        you are invited to join {{organization}} at {{site}}. To answer, follow this\n\
        link:\n\n\
        {{url}}\n\n\
        It is good for seven days, and once. If you do not expect it, you can ignore\n\
        this mail.\n",
    html: "<p>Hello,</p>\
        <p>you are invited to join {{organization}} at {{site}}.</p>\
        <p><a href=\"{{url}}\">Answer the invitation</a></p>\
        <p>The link is good for seven days, and once. If you do not expect it, you \
        can ignore this mail.</p>",
};

const APPROVE_NEW_EMAIL: Text = Text {
    subject: "Another e-mail address for your account",
    text: "Hello,\n\n\
        somebody who is signed in to your account at {{site}} wants its e-mail\n\
        address to be {{address}} from now on. If it was you, agree here:\n\n\
        {{url}}\n\n\
        The link is good for one hour, and once. If it was not you, do not follow it:\n\
        the address stays as it is. Choose a new password, and end your other\n\
        sessions.\n",
    html: "<p>Hello,</p>\
        <p>somebody who is signed in to your account at {{site}} wants its e-mail \
        address to be <strong>{{address}}</strong> from now on. If it was you, agree here:</p>\
        <p><a href=\"{{url}}\">Change the address</a></p>\
        <p>The link is good for one hour, and once. If it was not you, do not follow it: \
        the address stays as it is. Choose a new password, and end your other sessions.</p>",
};

const CONFIRM_NEW_EMAIL: Text = Text {
    subject: "Confirm your new e-mail address",
    text: "Hello,\n\n\
        please confirm that {{address}} is to be your e-mail address at {{site}}:\n\n\
        {{url}}\n\n\
        The link is good for one hour, and once. If you have no account there, you\n\
        can ignore this mail.\n",
    html: "<p>Hello,</p>\
        <p>please confirm that <strong>{{address}}</strong> is to be your e-mail address \
        at {{site}}:</p>\
        <p><a href=\"{{url}}\">Confirm the address</a></p>\
        <p>The link is good for one hour, and once. If you have no account there, you \
        can ignore this mail.</p>",
};

impl Contents<'_> {
    pub(crate) fn write(self) -> Json {
        match self {
            Contents::Link(url) => json!({"url": url}),
            Contents::Code { site, code } => json!({"site": site, "code": code}),
            Contents::Invitation { url, workspace } => {
                json!({"url": url, "workspace": workspace})
            }
            Contents::Organization { url, organization } => {
                json!({"url": url, "organization": organization})
            }
            Contents::NewAddress { url, address } => json!({"url": url, "address": address}),
        }
    }
}

impl<'a> Contents<'a> {
    fn url(self) -> Option<&'a str> {
        match self {
            Self::Link(url)
            | Self::Invitation { url, .. }
            | Self::Organization { url, .. }
            | Self::NewAddress { url, .. } => Some(url),
            Self::Code { .. } => None,
        }
    }

    pub(crate) fn read(json: &'a Json) -> Option<Self> {
        let text = |name| json.get(name).and_then(Json::as_str);
        if let (Some(url), Some(workspace)) = (text("url"), text("workspace")) {
            return Some(Self::Invitation { url, workspace });
        }
        if let (Some(url), Some(organization)) = (text("url"), text("organization")) {
            return Some(Self::Organization { url, organization });
        }
        if let (Some(url), Some(address)) = (text("url"), text("address")) {
            return Some(Self::NewAddress { url, address });
        }
        match (text("url"), text("site"), text("code")) {
            (Some(url), ..) => Some(Self::Link(url)),
            (None, Some(site), Some(code)) => Some(Self::Code { site, code }),
            _ => None,
        }
    }
}

impl Template {
    const ALL: [Self; 11] = [
        Self::VerifyEmail,
        Self::ResetPassword,
        Self::MagicLink,
        Self::SignInCode,
        Self::VerifyEmailCode,
        Self::ResetPasswordCode,
        Self::Invitation,
        Self::OrganizationInvitation,
        Self::ApproveNewEmail,
        Self::ConfirmNewEmail,
        Self::ExistingAccount,
    ];

    pub(crate) fn of(purpose: Purpose) -> Result<Self> {
        match purpose {
            Purpose::VerifyEmail => Ok(Self::VerifyEmail),
            Purpose::ResetPassword => Ok(Self::ResetPassword),
            Purpose::MagicLink => Ok(Self::MagicLink),
            Purpose::SignInCode => Ok(Self::SignInCode),
            Purpose::VerifyEmailCode => Ok(Self::VerifyEmailCode),
            Purpose::ResetPasswordCode => Ok(Self::ResetPasswordCode),
            Purpose::Invite => Ok(Self::Invitation),
            Purpose::OrganizationInvite => Ok(Self::OrganizationInvitation),
            Purpose::ApproveNewEmail => Ok(Self::ApproveNewEmail),
            Purpose::ConfirmNewEmail => Ok(Self::ConfirmNewEmail),
            Purpose::SecondFactor => Err(Error::internal("no mail shows a second factor")),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-email",
            Self::ResetPassword => "reset-password",
            Self::MagicLink => "magic-link",
            Self::SignInCode => "sign-in-code",
            Self::VerifyEmailCode => "verify-email-code",
            Self::ResetPasswordCode => "reset-password-code",
            Self::Invitation => "invitation",
            Self::OrganizationInvitation => "organization-invitation",
            Self::ApproveNewEmail => "approve-new-email",
            Self::ConfirmNewEmail => "confirm-new-email",
            Self::ExistingAccount => "existing-account",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut known = Self::ALL.into_iter();
        known.find(|template| template.name() == name)
    }

    const fn text(self) -> Text {
        match self {
            Self::VerifyEmail => VERIFY_EMAIL,
            Self::ResetPassword => RESET_PASSWORD,
            Self::MagicLink => MAGIC_LINK,
            Self::SignInCode => SIGN_IN_CODE,
            Self::VerifyEmailCode => VERIFY_EMAIL_CODE,
            Self::ResetPasswordCode => RESET_PASSWORD_CODE,
            Self::Invitation => INVITATION,
            Self::OrganizationInvitation => ORGANIZATION_INVITATION,
            Self::ApproveNewEmail => APPROVE_NEW_EMAIL,
            Self::ConfirmNewEmail => CONFIRM_NEW_EMAIL,
            Self::ExistingAccount => EXISTING_ACCOUNT,
        }
    }

    /// The mail with this in it.
    pub(crate) fn render(self, to: &str, contents: Contents<'_>) -> Result<Email> {
        let text = self.text();
        let host = contents.url().map(site).unwrap_or_default();
        let values = match contents {
            Contents::Link(url) => vec![("site", host.as_str()), ("url", url)],
            Contents::Code { site, code } => vec![("site", site), ("code", code)],
            Contents::Invitation { url, workspace } => {
                vec![
                    ("site", host.as_str()),
                    ("url", url),
                    ("workspace", workspace),
                ]
            }
            Contents::Organization { url, organization } => {
                vec![
                    ("site", host.as_str()),
                    ("url", url),
                    ("organization", organization),
                ]
            }
            Contents::NewAddress { url, address } => {
                vec![("site", host.as_str()), ("url", url), ("address", address)]
            }
        };
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
    fn every_mail_has_what_it_brings_and_no_place_left() {
        let url = "https://example.com/x?token=t&to=%2F";
        let link = Contents::Link(url);
        let code = Contents::Code {
            site: "example.com",
            code: "012345",
        };
        let new_address = Contents::NewAddress {
            url,
            address: "new@example.com",
        };
        let invitation = Contents::Invitation {
            url,
            workspace: "A & B",
        };
        let organization = Contents::Organization {
            url,
            organization: "A & B",
        };
        let mails = [
            (Template::VerifyEmail, link, url),
            (Template::ResetPassword, link, url),
            (Template::MagicLink, link, url),
            (Template::SignInCode, code, "012345"),
            (Template::VerifyEmailCode, code, "012345"),
            (Template::ResetPasswordCode, code, "012345"),
            (Template::Invitation, invitation, url),
            (Template::OrganizationInvitation, organization, url),
            (Template::ApproveNewEmail, new_address, url),
            (Template::ConfirmNewEmail, new_address, url),
            (Template::ExistingAccount, link, url),
        ];
        assert_eq!(mails.map(|(template, ..)| template), Template::ALL);
        for (template, contents, brings) in mails {
            assert_eq!(Template::parse(template.name()), Some(template));
            let kept = contents.write();
            let contents = Contents::read(&kept).unwrap();
            let email = template.render("ann@example.com", contents).unwrap();
            let html = email.html().unwrap();
            assert!(email.text().lines().any(|line| line == brings));
            assert!(html.contains(&*escape(brings)));
            assert!(email.text().contains("example.com") && html.contains("example.com"));
            for text in [email.subject(), email.text(), html] {
                assert!(!text.contains("{{") && !text.contains("}}"), "{text}");
            }
        }
    }
}
