use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use rsa::pkcs1v15;
use rsa::sha2::Sha256;
use rsa::{BoxedUint, RsaPublicKey};
use serde_json::{Map, Value as Json, json};

use super::algorithm::Algorithm;

/// The sizes of RSA keys that are trusted, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// A key that verifies, by one algorithm and no other.
#[derive(Debug, Clone)]
pub(super) enum PublicKey {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
    Rsa(Box<pkcs1v15::VerifyingKey<Sha256>>),
}

impl PublicKey {
    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
            Self::Rsa(_) => Algorithm::Rs256,
        }
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Self::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Self::Rsa(key) => pkcs1v15::Signature::try_from(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }

    /// Reads a JWK; `None` when it is not one we verify with.
    pub(super) fn from_jwk(jwk: &Map<String, Json>) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Json::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let key = match (text("kty")?, text("crv")) {
            ("OKP", Some("Ed25519")) => Self::ed25519(&bytes("x")?)?,
            ("EC", Some("P-256")) => Self::p256(&bytes("x")?, &bytes("y")?)?,
            ("RSA", None) => Self::rsa(&bytes("n")?, &bytes("e")?)?,
            _ => return None,
        };
        let is_named = |name| name == key.algorithm().name();
        match jwk.get("alg") {
            None => Some(key),
            Some(name) => name.as_str().is_some_and(is_named).then_some(key),
        }
    }

    /// The members of its JWK. We publish no RSA keys.
    pub(super) fn to_jwk(&self) -> Option<Json> {
        match self {
            Self::Ed25519(key) => {
                let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
                Some(json!({"kty": "OKP", "crv": "Ed25519", "x": x}))
            }
            Self::P256(key) => {
                let point = key.to_sec1_point(false);
                let x = URL_SAFE_NO_PAD.encode(point.x()?);
                let y = URL_SAFE_NO_PAD.encode(point.y()?);
                Some(json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}))
            }
            Self::Rsa(_) => None,
        }
    }

    fn ed25519(x: &[u8]) -> Option<Self> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(x.try_into().ok()?).ok()?;
        (!key.is_weak()).then_some(Self::Ed25519(key))
    }

    fn p256(x: &[u8], y: &[u8]) -> Option<Self> {
        if x.len() != 32 || y.len() != 32 {
            return None;
        }
        let point = [&[4], x, y].concat();
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?;
        Some(Self::P256(key))
    }

    fn rsa(n: &[u8], e: &[u8]) -> Option<Self> {
        // A size is that of the number: some write zeros before it.
        let zeros = n.iter().take_while(|byte| **byte == 0).count();
        let n = n.get(zeros..)?;
        let bits = n.len().checked_mul(8)? - n.first()?.leading_zeros() as usize;
        if !RSA_BITS.contains(&bits) || e.len() > 4 {
            return None;
        }
        let number = BoxedUint::from_be_slice_vartime;
        let key = RsaPublicKey::new(number(n), number(e)).ok()?;
        Some(Self::Rsa(Box::new(pkcs1v15::VerifyingKey::new(key))))
    }
}
