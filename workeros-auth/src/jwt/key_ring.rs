use serde_json::{Value as Json, json};
use workeros_core::Timestamp;

use super::algorithm::SigningAlgorithm;
use super::key_set::{KeySet, VerificationKey};
use super::private_key::PrivateKey;
use super::store::StoredKey;

/// A stage in the life of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published and not yet in use, so that whoever verifies knows it in time.
    Next,
    /// Signs.
    Active,
    /// Signs no more; published as long as something it signed may hold. After
    /// that it is gone.
    Retiring,
}

/// The keys of a realm at one time.
#[derive(Debug)]
pub struct KeyRing {
    key_id: String,
    algorithm: SigningAlgorithm,
    key: PrivateKey,
    keys: KeySet,
    jwks: Json,
}

impl KeyState {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retiring => "retiring",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Next, Self::Active, Self::Retiring]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

impl KeyRing {
    /// The keys as they stand, with the one that signs. A key whose time is
    /// over verifies nothing, though it may still be stored.
    pub(super) fn new(
        active: &StoredKey,
        key: PrivateKey,
        stored: &[StoredKey],
        now: Timestamp,
    ) -> Self {
        let held = || stored.iter().filter(|key| !key.is_over(now));
        let keys = held().map(|stored| VerificationKey {
            id: Some(stored.id.to_string()),
            key: stored.public.clone(),
        });
        let jwks: Vec<Json> = held().filter_map(StoredKey::published).collect();
        Self {
            key_id: active.id.to_string(),
            algorithm: active.algorithm,
            key,
            keys: KeySet::of(keys.collect()),
            jwks: json!({"keys": jwks}),
        }
    }

    /// The id of the key that signs.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The keys that verify: next, active and retiring.
    #[must_use]
    pub fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// The same as a JWKS document: public keys alone.
    #[must_use]
    pub fn jwks(&self) -> &Json {
        &self.jwks
    }

    pub(super) fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message)
    }
}
