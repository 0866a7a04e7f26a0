use std::time::Duration;

use serde_json::{Map, Value as Json};
use workeros_core::{Result, Timestamp};

use super::algorithm::Algorithm;
use super::claims::{Rules, end, text};
use super::{KeySet, refusal};

/// The longest time clocks of others may be apart from ours.
const MAX_LEEWAY: Duration = Duration::from_secs(300);
const LEEWAY: Duration = Duration::from_secs(60);

/// Somebody else whose tokens are believed.
///
/// ```
/// use workeros_auth::jwt::TrustedIssuer;
///
/// let issuer = TrustedIssuer::new("https://id.example.com", "client-7").with_type("at+jwt");
/// # let _ = issuer;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TrustedIssuer {
    issuer: String,
    audiences: Vec<String>,
    media_type: Option<String>,
    is_sole_party: bool,
    algorithms: Vec<Algorithm>,
    leeway: Duration,
}

/// What a token of somebody else says, once it was found to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims(Map<String, Json>);

impl TrustedIssuer {
    /// Tokens with exactly this `iss`, for this audience among others. Unless
    /// told otherwise they are of type `JWT`, or say no type.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: vec![audience.into()],
            media_type: None,
            is_sole_party: false,
            algorithms: Algorithm::ALL.to_vec(),
            leeway: LEEWAY,
        }
    }

    /// Takes tokens for this audience as well: another name of the same party.
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Sets the type that tokens must have, such as `at+jwt`.
    pub fn with_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into().to_ascii_lowercase());
        self
    }

    /// Takes only tokens that were issued to the audience itself, as ID tokens
    /// must be: where there are other audiences `azp` names it, and where there
    /// is an `azp` it names nobody else.
    pub fn with_sole_party(mut self) -> Self {
        self.is_sole_party = true;
        self
    }

    /// Sets by which algorithms tokens may be signed (all that are known).
    pub fn with_algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Sets how far the issuer's clock may be apart from ours (60 s, at most
    /// 300).
    pub fn with_leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(MAX_LEEWAY);
        self
    }

    /// Reads a token that holds now, by the issuer's keys.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](workeros_core::ErrorKind::Unauthorized) for any other.
    pub fn verify(&self, token: &str, keys: &KeySet, now: Timestamp) -> Result<Claims> {
        self.verify_until(token, keys, now)
            .map(|(claims, _)| claims)
    }

    /// The same, with when the token ends.
    pub(crate) fn verify_until(
        &self,
        token: &str,
        keys: &KeySet,
        now: Timestamp,
    ) -> Result<(Claims, Timestamp)> {
        let types = match &self.media_type {
            Some(media_type) => &[Some(media_type.as_str())] as &[_],
            None => &[None, Some("jwt")],
        };
        let rules = Rules {
            issuer: &self.issuer,
            audiences: &self.audiences,
            admits_other_audiences: true,
            types,
            needs_key_id: false,
            algorithms: &self.algorithms,
            leeway: self.leeway,
        };
        let claims = rules.check(token, keys, now)?;
        if self.is_sole_party {
            self.check_party(&claims)?;
        }
        let ends = end(&claims, now);
        Ok((Claims::read(claims)?, ends))
    }

    fn check_party(&self, claims: &Map<String, Json>) -> Result<()> {
        let is_for_others = match claims.get("aud") {
            Some(Json::Array(audiences)) => audiences.len() > 1,
            _ => false,
        };
        match claims.get("azp") {
            None if is_for_others => Err(refusal("issued to nobody knows whom")),
            None => Ok(()),
            Some(party) if self.audiences.iter().any(|ours| party == ours) => Ok(()),
            Some(_) => Err(refusal("issued to somebody else")),
        }
    }
}

impl Claims {
    fn read(claims: Map<String, Json>) -> Result<Self> {
        if text(&claims, "sub")?.is_empty() {
            return Err(refusal("about nobody"));
        }
        Ok(Self(claims))
    }

    /// Whom it is about, as the issuer names him.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.text("sub").unwrap_or_default()
    }

    /// A claim.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }

    /// A claim that is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claim(name).and_then(Json::as_str)
    }

    /// Whether it says what only ID tokens say.
    pub(crate) fn is_like_id_token(&self) -> bool {
        self.says_any(&["nonce", "at_hash", "c_hash"])
    }

    /// Whether it says what access tokens say, and no ID token: what it is good
    /// for. Some name what they are.
    pub(crate) fn is_like_access_token(&self) -> bool {
        let names = |name, kinds: &[&str]| {
            let named = self.text(name);
            named.is_some_and(|named| kinds.contains(&named))
        };
        self.says_any(&["scope", "scp"])
            || names("typ", &["Bearer", "Refresh", "Offline"])
            || names("token_use", &["access"])
    }

    /// Whether it is a notice of something that has happened (RFC 8417), as that
    /// somebody has signed out.
    pub(crate) fn is_notice(&self) -> bool {
        self.says_any(&["events"])
    }

    fn says_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.contains_key(*name))
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &Map<String, Json> {
        &self.0
    }
}
