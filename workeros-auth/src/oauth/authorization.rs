//! Sending a browser to a provider.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use form_urlencoded::Serializer;
use sha2::{Digest as _, Sha256};
use workeros_core::{Random, Result};
use zeroize::Zeroizing;

use super::OAuthProvider;
use super::metadata::Metadata;
use super::provider::parse_scopes;
use super::random_text::random_text;

const MAX_HINT_CHARS: usize = 254;

/// What is asked of a provider.
#[derive(Debug, Clone)]
#[must_use]
pub struct AuthorizationRequest {
    redirect_uri: String,
    scopes: Vec<String>,
    login_hint: Option<String>,
}

/// Where to send a browser, and what to keep until it is back.
#[derive(Debug)]
pub struct Authorization {
    /// The URL at the provider.
    pub url: String,
    /// What the browser must come back with.
    pub state: String,
    /// What redeems the code it brings.
    pub pending: Pending,
}

/// What is kept of an [`Authorization`] until the browser is back: the verifier
/// of the challenge, and the nonce. It does not show in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Pending {
    verifier: Zeroizing<String>,
    nonce: String,
}

impl AuthorizationRequest {
    /// A request whose answer comes to this URL, which the provider must know.
    pub fn new(redirect_uri: impl Into<String>) -> Self {
        Self {
            redirect_uri: redirect_uri.into(),
            scopes: Vec::new(),
            login_hint: None,
        }
    }

    /// Asks for these too, besides what the provider is set up for.
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

    /// Says who is probably asking; what is too long is left out.
    pub fn with_login_hint(mut self, hint: Option<String>) -> Self {
        self.login_hint = hint.filter(|hint| hint.chars().count() <= MAX_HINT_CHARS);
        self
    }

    pub(super) fn authorize(
        &self,
        provider: &OAuthProvider,
        metadata: &Metadata,
        random: &dyn Random,
    ) -> Result<Authorization> {
        let state = random_text(random)?;
        let pending = Pending::new(random)?;
        let mut query = Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", provider.client_id())
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &self.scope(provider))
            .append_pair("state", &state)
            .append_pair("nonce", &pending.nonce)
            .append_pair("code_challenge", &pending.challenge())
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(provider.kind().parameters());
        if let Some(hint) = &self.login_hint {
            query.append_pair("login_hint", hint);
        }
        let endpoint = &metadata.authorization_endpoint;
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        Ok(Authorization {
            url: format!("{endpoint}{joint}{}", query.finish()),
            state,
            pending,
        })
    }

    fn scope(&self, provider: &OAuthProvider) -> String {
        let configured = provider.scopes();
        let more = self.scopes.iter().filter(|it| !configured.contains(it));
        let all: Vec<&str> = configured.iter().chain(more).map(String::as_str).collect();
        all.join(" ")
    }
}

impl Pending {
    fn new(random: &dyn Random) -> Result<Self> {
        Ok(Self {
            verifier: Zeroizing::new(random_text(random)?),
            nonce: random_text(random)?,
        })
    }

    /// What was kept, as it was.
    pub(super) fn restore(verifier: String, nonce: String) -> Self {
        Self {
            verifier: Zeroizing::new(verifier),
            nonce,
        }
    }

    pub(super) fn verifier(&self) -> &str {
        &self.verifier
    }

    pub(super) fn nonce(&self) -> &str {
        &self.nonce
    }

    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending(..)")
    }
}
