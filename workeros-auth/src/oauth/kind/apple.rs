use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use p256::ecdsa::SigningKey;
use p256::pkcs8::DecodePrivateKey as _;
use serde_json::{Map, Value as Json, json};
use workeros_core::{Error, Result, Timestamp, input};
use zeroize::Zeroizing;

use super::Kind;
use crate::jwt;
use crate::oauth::OAuthProvider;
use crate::oauth::secret::ClientSecret;

const ISSUER: &str = "https://appleid.apple.com";
/// How long a secret that was made is good for, in seconds.
const LIFETIME: i64 = 300;

/// A key of *Sign in with Apple*, which stands for a secret: each request is
/// sent with a token that was signed with it just then. It does not show in
/// debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct AppleKey {
    team: String,
    id: String,
    key: Arc<SigningKey>,
}

#[derive(Debug)]
struct Apple;

impl OAuthProvider {
    /// Apple, by a services id and a key of *Sign in with Apple*.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for what cannot be
    /// the id of a client.
    pub fn apple(client_id: impl Into<String>, key: AppleKey) -> Result<Self> {
        let secret = ClientSecret::Apple(key);
        Self::new(&Apple, "apple", ISSUER, client_id, secret)
    }
}

impl AppleKey {
    /// The key of a team, with its id and the text of the `.p8` file.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for ids that can be
    /// none, and a text that is not PKCS #8 of a key on P-256, as PEM.
    pub fn new(team: impl Into<String>, id: impl Into<String>, p8: &str) -> Result<Self> {
        let (team, id) = (team.into(), id.into());
        for (path, text) in [("teamId", &team), ("keyId", &id)] {
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                let message = "must be letters and digits";
                return Err(Error::validation(path, "invalid_value", message));
            }
        }
        let key = SigningKey::from_pkcs8_pem(p8.trim()).map_err(|_| {
            let message = "must be the text of a `.p8` file";
            Error::validation("privateKey", "invalid_value", message)
        })?;
        Ok(Self {
            team,
            id,
            key: Arc::new(key),
        })
    }

    /// A client secret that holds from this moment.
    pub(in crate::oauth) fn client_secret(
        &self,
        client_id: &str,
        now: Timestamp,
    ) -> Result<Zeroizing<String>> {
        let issued_at = now.micros().div_euclid(1_000_000);
        let claims = [
            ("iss", json!(self.team)),
            ("sub", json!(client_id)),
            ("aud", json!(ISSUER)),
            ("iat", json!(issued_at)),
            ("exp", json!(issued_at.saturating_add(LIFETIME))),
        ];
        let claims = claims.map(|(name, value)| (name.to_owned(), value));
        let claims = Map::from_iter(claims);
        jwt::sign_es256(&self.key, &self.id, &claims).map(Zeroizing::new)
    }
}

impl fmt::Debug for AppleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppleKey")
            .field("team", &self.team)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Kind for Apple {
    fn name(&self) -> &'static str {
        "apple"
    }

    fn scopes(&self) -> &'static [&'static str] {
        &["openid", "email", "name"]
    }

    /// Whoever asks for a name or an address is answered by a form.
    fn parameters(&self) -> &'static [(&'static str, &'static str)] {
        &[("response_mode", "form_post")]
    }

    /// Documented as "a string or a boolean".
    fn read_verified(&self, claim: &Json) -> Option<bool> {
        match claim.as_str() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => claim.as_bool(),
        }
    }

    /// Told the first time only, by the browser.
    fn read_name(&self, user: &str) -> Option<String> {
        let user = input::parse(user.as_bytes()).ok()?;
        let name = user.get("name")?;
        let parts = ["firstName", "lastName"];
        let parts = parts.iter().filter_map(|part| name.get(part)?.as_str());
        Some(parts.collect::<Vec<_>>().join(" "))
    }
}
