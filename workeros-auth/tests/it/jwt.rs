//! Signed tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use serde_json::{Value as Json, json};
use workeros_auth::jwt::KeySet;
use workeros_core::testkit::StandingClock;
use workeros_core::{Clock as _, Timestamp};

mod access;
mod keys;
mod trusted;

/// Noon of the first of June 2024, in seconds.
pub(crate) const NOW: i64 = 1_717_243_200;

fn now() -> Timestamp {
    StandingClock::default().now()
}

/// A key of the tests' own, so that they can sign whatever they like.
pub(crate) enum Key {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    P256(Box<p256::ecdsa::SigningKey>),
}

impl Key {
    pub(crate) fn ed25519(seed: u8) -> Self {
        Self::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&[seed; 32])))
    }

    pub(crate) fn p256(seed: u8) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap();
        Self::P256(Box::new(key))
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "EdDSA",
            Self::P256(_) => "ES256",
        }
    }

    pub(crate) fn jwk(&self, id: &str) -> Json {
        match self {
            Self::Ed25519(key) => {
                let x = encode(key.verifying_key().as_bytes());
                json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": id})
            }
            Self::P256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let (x, y) = (encode(point.x().unwrap()), encode(point.y().unwrap()));
                json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": id})
            }
        }
    }

    fn signature(&self, message: &str) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message.as_bytes()).to_bytes().to_vec(),
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message.as_bytes());
                signature.to_bytes().to_vec()
            }
        }
    }

    /// A token with these parts, whatever they say.
    pub(crate) fn sign(&self, header: &Json, claims: &Json) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    pub(crate) fn sign_text(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        format!("{signed}.{}", encode(self.signature(&signed)))
    }
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn key_set(keys: &[Json]) -> KeySet {
    KeySet::from_jwks(json!({"keys": keys}).to_string().as_bytes()).unwrap()
}

/// The object with a member set, or taken out where the value is null.
pub(crate) fn with(object: &Json, name: &str, value: Json) -> Json {
    let mut object = object.clone();
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    object
}
