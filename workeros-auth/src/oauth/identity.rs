use serde_json::{Map, Value as Json, json};
use workeros_core::Result;

use super::OAuthProvider;
use super::provider::is_endpoint;
use super::refusal::invalid_identity;
use crate::{DisplayName, EmailAddress};

/// Who somebody is at a provider. He is known by issuer and subject; the rest
/// may change, and moves no account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExternalIdentity {
    /// The id of the provider.
    pub provider: String,
    /// The row of the provider.
    pub(super) row: String,
    /// Who speaks for the account.
    pub issuer: String,
    /// The account, as the issuer names it.
    pub subject: String,
    /// The address, if there is one that can be a user's.
    pub email: Option<EmailAddress>,
    /// Whether the provider says that the address is verified; `None` where it
    /// says nothing, or there is no address.
    pub email_verified: Option<bool>,
    /// The name.
    pub name: Option<DisplayName>,
    /// Where a picture is, an https URL. It is never fetched.
    pub picture: Option<String>,
}

const MAX_SUBJECT_BYTES: usize = 255;
const MAX_NAME_CHARS: usize = 200;

impl ExternalIdentity {
    /// Somebody of whom nothing else is known.
    pub(super) fn new(provider: &OAuthProvider, subject: &str) -> Result<Self> {
        let fits = (1..=MAX_SUBJECT_BYTES).contains(&subject.len());
        if !fits || subject.contains(char::is_control) {
            return Err(invalid_identity("a subject that can be nobody's"));
        }
        Ok(Self {
            provider: provider.id().to_owned(),
            row: provider.row().to_owned(),
            issuer: provider.issuer().to_owned(),
            subject: subject.to_owned(),
            email: None,
            email_verified: None,
            name: None,
            picture: None,
        })
    }

    /// Somebody of whom the standard claims tell (OpenID Connect Core, 5.1).
    pub(super) fn read(
        provider: &OAuthProvider,
        subject: &str,
        claims: &Map<String, Json>,
    ) -> Result<Self> {
        let text = |name| claims.get(name).and_then(Json::as_str);
        let verified = match claims.get("email_verified") {
            None | Some(Json::Null) => None,
            Some(claim) => Some(provider.kind().read_verified(claim).ok_or_else(|| {
                invalid_identity("an `email_verified` that is neither true nor false")
            })?),
        };
        Ok(Self::new(provider, subject)?
            .with_email(text("email"), verified)
            .with_name(text("name"))
            .with_picture(text("picture")))
    }

    /// What was [written](Self::write) of him.
    pub(super) fn restore(provider: &OAuthProvider, claims: &Map<String, Json>) -> Result<Self> {
        let subject = claims.get("sub").and_then(Json::as_str);
        Self::read(provider, subject.unwrap_or_default(), claims)
    }

    /// What is known of him besides his provider, as claims.
    pub(super) fn write(&self) -> Map<String, Json> {
        let email = self.email.as_ref().map(EmailAddress::as_str);
        let name = self.name.as_ref().map(DisplayName::as_str);
        let claims = [
            ("sub", json!(self.subject)),
            ("email", json!(email)),
            ("email_verified", json!(self.email_verified)),
            ("name", json!(name)),
            ("picture", json!(self.picture)),
        ];
        Map::from_iter(claims.map(|(name, value)| (name.to_owned(), value)))
    }

    /// An address that can be nobody's here is none.
    pub(super) fn with_email(mut self, email: Option<&str>, verified: Option<bool>) -> Self {
        self.email = email.and_then(|email| EmailAddress::parse(email).ok());
        self.email_verified = verified.filter(|_| self.email.is_some());
        self
    }

    /// A name is cut to what can be one.
    pub(super) fn with_name(mut self, name: Option<&str>) -> Self {
        let kept = |name: &str| -> String {
            let chars = name.chars().filter(|char| !char.is_control());
            chars.take(MAX_NAME_CHARS).collect()
        };
        self.name = name
            .map(kept)
            .filter(|name| !name.trim().is_empty())
            .and_then(|name| DisplayName::parse(&name).ok());
        self
    }

    pub(super) fn with_picture(mut self, picture: Option<&str>) -> Self {
        let is_picture = |url: &&str| is_endpoint(url) && url.starts_with("https:");
        self.picture = picture.filter(is_picture).map(ToOwned::to_owned);
        self
    }
}
