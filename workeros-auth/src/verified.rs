use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use workeros_core::Timestamp;

use crate::changes::SecretHash;
use crate::shards::Shards;

/// Tokens whose signatures were verified, by their hash. To verify one takes
/// many times as long as to look up what came of it.
///
/// One counts as long as it says, and only with the keys it was verified by,
/// which the caller has to compare: those that were read anew may lack one.
#[derive(Debug)]
pub(crate) struct Verified<K, V>(Shards<SecretHash, VerifiedToken<K, V>>);

/// What a token says.
#[derive(Debug)]
pub(crate) struct VerifiedToken<K, V> {
    pub(crate) says: V,
    pub(crate) keys: Arc<K>,
    pub(crate) expires_at: Timestamp,
}

/// How many are remembered, of some 300 bytes each.
const TOKENS: usize = 10_000;

impl<K, V> Verified<K, V> {
    pub(crate) fn new() -> Self {
        Self(Shards::new(TOKENS))
    }

    pub(crate) fn get(&self, token: &str, now: Timestamp) -> Option<Arc<VerifiedToken<K, V>>> {
        let known = self.0.get(&Sha256::digest(token).into())?;
        (now < known.expires_at).then_some(known)
    }

    pub(crate) fn put(
        &self,
        token: &str,
        verified: VerifiedToken<K, V>,
    ) -> Arc<VerifiedToken<K, V>> {
        let verified = Arc::new(verified);
        let hash = Sha256::digest(token).into();
        self.0.put(hash, Arc::clone(&verified));
        verified
    }
}
