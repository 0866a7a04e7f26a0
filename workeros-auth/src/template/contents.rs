use http::Uri;
use serde_json::{Value as Json, json};
use workeros_core::Timestamp;

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
    /// News about an account: when it was, and the way to sign in it is about,
    /// if it is about one.
    News {
        site: &'a str,
        method: Option<SignInMethod<'a>>,
        at: Timestamp,
    },
}

/// A way to sign in, as mails call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignInMethod<'a> {
    Passkey,
    AuthenticatorApp,
    BackupCodes,
    /// An account at a provider.
    Account(&'a str),
    ApiKey,
}

impl Contents<'_> {
    /// The values of a mail, by their names.
    pub(crate) fn write(self) -> Json {
        match self {
            Contents::Link(url) => json!({"site": site(url), "url": url}),
            Contents::Code { site, code } => json!({"site": site, "code": code}),
            Contents::Invitation { url, workspace } => {
                json!({"site": site(url), "url": url, "workspace": workspace})
            }
            Contents::Organization { url, organization } => {
                json!({"site": site(url), "url": url, "organization": organization})
            }
            Contents::NewAddress { url, address } => {
                json!({"site": site(url), "url": url, "address": address})
            }
            Contents::News { site, method, at } => {
                let mut values = json!({"site": site, "time": minute(at)});
                if let (Some(method), Some(members)) = (method, values.as_object_mut()) {
                    members.insert("method".to_owned(), method.name().into());
                    members.insert("provider".to_owned(), method.provider().into());
                }
                values
            }
        }
    }
}

impl<'a> SignInMethod<'a> {
    /// How it is stored until the language of the mail is known.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::AuthenticatorApp => "authenticator-app",
            Self::BackupCodes => "backup-codes",
            Self::Account(_) => "account",
            Self::ApiKey => "api-key",
        }
    }

    pub(super) fn read(name: &str, provider: &'a str) -> Option<Self> {
        let known = [
            Self::Passkey,
            Self::AuthenticatorApp,
            Self::BackupCodes,
            Self::Account(provider),
            Self::ApiKey,
        ];
        known.into_iter().find(|method| method.name() == name)
    }

    const fn provider(self) -> &'a str {
        match self {
            Self::Account(provider) => provider,
            _ => "",
        }
    }
}

/// Where a link leads: its host.
fn site(url: &str) -> String {
    let url = url.parse::<Uri>().unwrap_or_default();
    url.host().unwrap_or_default().to_owned()
}

/// As people write it: `2026-01-02 08:00 UTC`.
fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    let minutes: String = time.chars().take(5).collect();
    format!("{date} {minutes} UTC")
}
