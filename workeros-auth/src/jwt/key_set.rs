use serde_json::{Map, Value as Json};
use workeros_core::{Error, ErrorKind, Result, input};

use super::compact::Compact;
use super::public_key::PublicKey;
use super::refusal;

/// The most keys a set may have.
const MAX_KEYS: usize = 100;

/// Public keys, each with its id and the one algorithm it verifies by.
#[derive(Debug, Clone, Default)]
pub struct KeySet(Vec<VerificationKey>);

#[derive(Debug, Clone)]
pub(super) struct VerificationKey {
    pub(super) id: Option<String>,
    pub(super) key: PublicKey,
}

impl KeySet {
    /// Reads a JWKS document: keys of Ed25519, of P-256, and of RSA from 2048 to
    /// 4096 bits, which verify RS256. Other keys are passed over: a set may have
    /// some for other purposes.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) for what is no JWKS, for one with
    /// more than 100 keys, and for one with none that verifies.
    pub fn from_jwks(document: &[u8]) -> Result<Self> {
        let refuse = |why| Error::new(ErrorKind::Validation, why);
        let document = input::parse(document).map_err(|error| {
            refuse("the JWKS is not JSON in which each member stands once").with_source(error)
        })?;
        let keys = document.get("keys").and_then(Json::as_array);
        let keys = keys.ok_or_else(|| refuse("the JWKS has no list of `keys`"))?;
        if keys.len() > MAX_KEYS {
            return Err(refuse("the JWKS has more than 100 keys"));
        }
        let keys: Vec<_> = keys
            .iter()
            .filter_map(Json::as_object)
            .filter_map(VerificationKey::read)
            .collect();
        if keys.is_empty() {
            return Err(refuse("the JWKS has no key of Ed25519, P-256 or RSA"));
        }
        Ok(Self(keys))
    }

    pub(super) fn of(keys: Vec<VerificationKey>) -> Self {
        Self(keys)
    }

    /// Whether there is a key with this id. Where there is none the set may be
    /// an old one.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// Verifies the signature of a token: by the key it names, or where it
    /// names none by the only one there is of its algorithm.
    pub(super) fn verify(&self, token: &Compact<'_>) -> Result<()> {
        let named = |key: &&VerificationKey| token.key_id.is_none() || key.id == token.key_id;
        let mut keys = self
            .0
            .iter()
            .filter(named)
            .filter(|key| key.key.algorithm() == token.algorithm);
        let key = match (keys.next(), keys.next()) {
            (Some(key), None) => key,
            (Some(_), Some(_)) => return Err(refusal("several keys it may be signed with")),
            (None, _) => return Err(refusal("a key that is not known")),
        };
        let verifies = key.key.verifies(token.signed.as_bytes(), &token.signature);
        verifies
            .then_some(())
            .ok_or_else(|| refusal("a signature that does not verify"))
    }
}

impl VerificationKey {
    /// `None` for a key that is not for signatures, or not for us.
    fn read(jwk: &Map<String, Json>) -> Option<Self> {
        let is_for_signatures = jwk.get("use").is_none_or(|purpose| purpose == "sig");
        let verifies = jwk.get("key_ops").is_none_or(|operations| {
            let operations = operations.as_array();
            operations.is_some_and(|operations| operations.iter().any(|name| name == "verify"))
        });
        if !is_for_signatures || !verifies {
            return None;
        }
        let id = match jwk.get("kid") {
            None => None,
            Some(id) => Some(id.as_str()?.to_owned()),
        };
        let key = PublicKey::from_jwk(jwk)?;
        Some(Self { id, key })
    }
}
