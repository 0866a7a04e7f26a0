use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use sha2::{Digest as _, Sha256};
use workeros_core::Timestamp;

use crate::changes::SecretHash;

/// Tokens whose signatures were verified, by their hash. To verify one takes
/// many times as long as to look up what came of it.
///
/// One counts as long as it says, and only with the keys it was verified by,
/// which the caller has to compare: those that were read anew may lack one.
#[derive(Debug)]
pub(crate) struct Verified<K, V>(Mutex<LruCache<SecretHash, Arc<Entry<K, V>>>>);

/// What a token says.
#[derive(Debug)]
pub(crate) struct Entry<K, V> {
    pub(crate) says: V,
    pub(crate) keys: Arc<K>,
    pub(crate) expires_at: Timestamp,
}

/// How many are remembered, of some 300 bytes each.
const TOKENS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

impl<K, V> Verified<K, V> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(TOKENS)))
    }

    pub(crate) fn get(&self, token: &str, now: Timestamp) -> Option<Arc<Entry<K, V>>> {
        let hash: SecretHash = Sha256::digest(token).into();
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = tokens.get(&hash)?;
        (now < entry.expires_at).then(|| Arc::clone(entry))
    }

    pub(crate) fn put(&self, token: &str, entry: Entry<K, V>) -> Arc<Entry<K, V>> {
        let (hash, entry) = (Sha256::digest(token).into(), Arc::new(entry));
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.put(hash, Arc::clone(&entry));
        entry
    }
}
