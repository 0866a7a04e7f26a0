use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Uri;
use sha2::{Digest as _, Sha256};
use workeros_core::{Error, Result};

use super::kind::Kind;
use super::secret::ClientSecret;
use crate::hooks::UserOrigin;

/// A provider that users can sign in with, as it was set up for us there.
///
/// ```
/// use workeros_auth::oauth::OAuthProvider;
///
/// let google = OAuthProvider::google("client-7", "secret")?.with_trust_for_linking();
/// let ours = OAuthProvider::oidc("staff", "https://id.example.com", "client-7", "secret")?
///     .with_scopes(["openid", "email", "profile", "groups"])?;
/// assert_eq!((google.id(), ours.id()), ("google", "staff"));
/// assert!(!format!("{ours:?}").contains("secret\""));
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct OAuthProvider {
    id: String,
    /// The row it is kept in, if it is kept in one.
    row: Option<String>,
    kind: &'static dyn Kind,
    issuer: String,
    client_id: String,
    native_client_ids: Vec<String>,
    secret: ClientSecret,
    scopes: Vec<String>,
    is_trusted_for_linking: bool,
    admits_sign_up: bool,
}

const MAX_ID_BYTES: usize = 63;
const MAX_ISSUER_BYTES: usize = 500;
const MAX_CLIENT_ID_BYTES: usize = 500;
const MAX_NATIVE_CLIENTS: usize = 20;
const MAX_SCOPES: usize = 50;
const MAX_SCOPE_BYTES: usize = 200;

impl OAuthProvider {
    pub(super) fn new(
        kind: &'static dyn Kind,
        id: &str,
        issuer: &str,
        client_id: impl Into<String>,
        secret: ClientSecret,
    ) -> Result<Self> {
        let client_id = client_id.into();
        check_id(id)?;
        let message = "must be an https URL without query, as the provider spells it";
        check(is_issuer(issuer), "issuer", message)?;
        let message = "must be printable ascii";
        check(is_client_id(&client_id), "clientId", message)?;
        Ok(Self {
            id: id.to_owned(),
            row: None,
            kind,
            issuer: issuer.to_owned(),
            client_id,
            native_client_ids: Vec::new(),
            secret,
            scopes: kind.scopes().iter().map(ToString::to_string).collect(),
            is_trusted_for_linking: false,
            admits_sign_up: true,
        })
    }

    /// Sets what users are asked to let us see, in place of what the provider
    /// needs to tell who they are and their address.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for what cannot be
    /// a scope, and for more than 50.
    pub fn with_scopes(
        mut self,
        scopes: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self> {
        self.scopes = parse_scopes(scopes)?;
        Ok(self)
    }

    /// Takes ID tokens besides that were issued to these clients of ours there:
    /// native apps, which have ids of their own, and sign somebody in by
    /// themselves (none). Browsers are sent there for the client id alone.
    ///
    /// Whoever runs one of these clients can sign in here as everybody who signs
    /// in to it: list your own.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for what cannot be
    /// the id of a client, for more than 20, and for a provider without ID
    /// tokens.
    pub fn with_native_client_ids(
        mut self,
        ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self> {
        const PATH: &str = "nativeClientIds";
        let ids: Vec<String> = ids.into_iter().map(Into::into).collect();
        let may_have = ids.is_empty() || self.kind.has_id_tokens();
        check(may_have, PATH, "are for providers with ID tokens")?;
        let are_ids = ids.len() <= MAX_NATIVE_CLIENTS && ids.iter().all(|id| is_client_id(id));
        check(are_ids, PATH, "must be at most 20 texts of printable ascii")?;
        self.native_client_ids = ids;
        Ok(self)
    }

    /// Believes the provider about whose an address is: somebody who comes from
    /// there for the first time, with an address that it says is verified, is
    /// signed in as the user who has that address here, if it is verified here
    /// too. Without it he is asked to sign in as before and to add the provider.
    ///
    /// Only for providers that hand no address to anybody but who reads its
    /// mail.
    pub fn with_trust_for_linking(mut self) -> Self {
        self.is_trusted_for_linking = true;
        self
    }

    /// Takes those who are users already, and makes no new ones.
    pub fn with_sign_up_disabled(mut self) -> Self {
        self.admits_sign_up = false;
        self
    }

    /// Its name in paths: `google`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who speaks for the accounts there.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Who we are there.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Who else we are there, where an app brings an ID token.
    #[must_use]
    pub fn native_client_ids(&self) -> &[String] {
        &self.native_client_ids
    }

    /// Whether its word about an address links accounts.
    #[must_use]
    pub fn is_trusted_for_linking(&self) -> bool {
        self.is_trusted_for_linking
    }

    /// Whether it makes new users.
    #[must_use]
    pub fn admits_sign_up(&self) -> bool {
        self.admits_sign_up
    }

    /// Names it otherwise than its kind.
    pub(crate) fn with_id(mut self, id: &str) -> Result<Self> {
        check_id(id)?;
        id.clone_into(&mut self.id);
        Ok(self)
    }

    /// Sets the row it is kept in.
    pub(crate) fn with_row(mut self, row: impl Into<String>) -> Self {
        self.row = Some(row.into());
        self
    }

    /// What accounts at it belong to: its row, if it has one. Another provider of
    /// the same name is another row, and nobody's account there opens one here.
    pub(crate) fn row(&self) -> &str {
        self.row.as_deref().unwrap_or(&self.id)
    }

    /// What it is: `google`, `github`, `apple` or `oidc`.
    pub(crate) fn kind_name(&self) -> &'static str {
        self.kind.name()
    }

    /// How somebody comes who becomes a user by it.
    pub(super) fn origin(&self) -> UserOrigin {
        UserOrigin::OAuth {
            provider: self.id.clone(),
            kind: self.kind_name(),
        }
    }

    /// Which client of whom it is: what was begun with one does not end with
    /// another. A new secret does not make it another.
    pub(super) fn fingerprint(&self) -> String {
        let parts = [self.kind_name(), self.row(), &self.issuer, &self.client_id];
        let hash = parts.iter().fold(Sha256::new(), |hash, part| {
            let length = (part.len() as u64).to_be_bytes();
            hash.chain_update(length).chain_update(part)
        });
        URL_SAFE_NO_PAD.encode(hash.finalize())
    }

    /// Whether it is the same in everything.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.fingerprint() == other.fingerprint()
            && self.id == other.id
            && self.native_client_ids == other.native_client_ids
            && self.secret == other.secret
            && self.scopes == other.scopes
            && self.is_trusted_for_linking == other.is_trusted_for_linking
            && self.admits_sign_up == other.admits_sign_up
    }

    pub(super) fn kind(&self) -> &'static dyn Kind {
        self.kind
    }

    /// What users are asked to let us see.
    pub(crate) fn scopes(&self) -> &[String] {
        &self.scopes
    }

    pub(super) fn secret(&self) -> &ClientSecret {
        &self.secret
    }
}

impl fmt::Debug for OAuthProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthProvider")
            .field("id", &self.id)
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("native_client_ids", &self.native_client_ids)
            .field("scopes", &self.scopes)
            .field("is_trusted_for_linking", &self.is_trusted_for_linking)
            .field("admits_sign_up", &self.admits_sign_up)
            .finish_non_exhaustive()
    }
}

/// Scopes as they stand in a request, separated by spaces (RFC 6749, 3.3).
pub(super) fn parse_scopes(
    scopes: impl IntoIterator<Item = impl Into<String>>,
) -> Result<Vec<String>> {
    let of_scope = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    let scopes: Vec<String> = scopes.into_iter().map(Into::into).collect();
    let are_scopes = scopes
        .iter()
        .all(|scope| (1..=MAX_SCOPE_BYTES).contains(&scope.len()) && scope.bytes().all(of_scope));
    let message = "must be at most 50 words of printable ascii";
    check(are_scopes && scopes.len() <= MAX_SCOPES, "scopes", message)?;
    Ok(scopes)
}

/// A URL that we may call: https, or http on this very machine.
pub(crate) fn is_endpoint(url: &str) -> bool {
    let plain = url.len() <= 2000 && url.bytes().all(|byte| byte.is_ascii_graphic());
    let Some(uri) = url
        .parse::<Uri>()
        .ok()
        .filter(|_| plain && !url.contains('#'))
    else {
        return false;
    };
    let is_open = uri
        .authority()
        .is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'));
    let is_local = || matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match uri.scheme_str() {
        Some("https") => is_open,
        Some("http") => is_open && is_local(),
        _ => false,
    }
}

/// What may be the name of an issuer: a URL that its description is below.
pub(crate) fn is_issuer(issuer: &str) -> bool {
    issuer.len() <= MAX_ISSUER_BYTES && is_endpoint(issuer) && !issuer.contains('?')
}

fn is_client_id(client_id: &str) -> bool {
    (1..=MAX_CLIENT_ID_BYTES).contains(&client_id.len())
        && client_id.bytes().all(|byte| byte.is_ascii_graphic())
}

fn check_id(id: &str) -> Result<()> {
    let of_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_id = (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(of_id);
    check(is_id, "id", "must be lower case letters, digits and `-`")
}

fn check(holds: bool, path: &str, message: &str) -> Result<()> {
    let error = || Error::validation(path, "invalid_value", message);
    holds.then_some(()).ok_or_else(error)
}
