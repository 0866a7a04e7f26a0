use std::fmt;

use p256::ecdsa::signature::Signer as _;
use workeros_core::{Error, Random, Result};
use zeroize::Zeroizing;

use super::algorithm::SigningAlgorithm;
use super::public_key::PublicKey;

/// How often a number is drawn again that is no key of P-256, of which there
/// is about one in 2^32.
const ATTEMPTS: usize = 8;

/// A key that signs. Both kinds sign without randomness: the same message gives
/// the same signature.
pub(super) enum PrivateKey {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    P256(Box<p256::ecdsa::SigningKey>),
}

impl PrivateKey {
    /// A new key, and the bytes it is made of.
    pub(super) fn generate(
        algorithm: SigningAlgorithm,
        random: &dyn Random,
    ) -> Result<(Self, Zeroizing<[u8; 32]>)> {
        for _ in 0..ATTEMPTS {
            let mut bytes = Zeroizing::new([0; 32]);
            random.fill(&mut *bytes)?;
            if let Some(key) = Self::from_bytes(algorithm, &bytes) {
                return Ok((key, bytes));
            }
        }
        Err(Error::internal("no key could be made of random bytes"))
    }

    /// The key made of these bytes.
    pub(super) fn from_bytes(algorithm: SigningAlgorithm, bytes: &[u8; 32]) -> Option<Self> {
        match algorithm {
            SigningAlgorithm::EdDsa => {
                let key = ed25519_dalek::SigningKey::from_bytes(bytes);
                Some(Self::Ed25519(Box::new(key)))
            }
            SigningAlgorithm::Es256 => {
                let key = p256::ecdsa::SigningKey::from_slice(bytes).ok()?;
                Some(Self::P256(Box::new(key)))
            }
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        match self {
            Self::Ed25519(key) => key.sign(message).to_bytes(),
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().into()
            }
        }
    }

    pub(super) fn public(&self) -> PublicKey {
        match self {
            Self::Ed25519(key) => PublicKey::Ed25519(key.verifying_key()),
            Self::P256(key) => PublicKey::P256(*key.verifying_key()),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}
