use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use sha2::{Digest as _, Sha256};
use workeros_core::{Timestamp, Workspace};

use crate::changes::SecretHash;
use crate::jwt::KeyRing;
use crate::key::SessionKey;

/// Access tokens whose signatures were verified, by their hash. To verify one
/// takes many times as long as to look its session up.
///
/// One counts as long as it says, and only with the ring it was verified by: a
/// ring that was read anew may lack a key.
#[derive(Debug)]
pub(crate) struct Verified(Mutex<LruCache<SecretHash, Arc<Entry>>>);

/// What a token says.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) workspace: Workspace,
    pub(crate) key: SessionKey,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) expires_at: Timestamp,
}

/// How many are remembered, of some 300 bytes each.
const TOKENS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

impl Verified {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(LruCache::new(TOKENS)))
    }

    pub(crate) fn get(
        &self,
        token: &str,
        ring: &Arc<KeyRing>,
        now: Timestamp,
    ) -> Option<Arc<Entry>> {
        let hash: SecretHash = Sha256::digest(token).into();
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = tokens.get(&hash)?;
        let holds = Arc::ptr_eq(&entry.ring, ring) && now < entry.expires_at;
        holds.then(|| Arc::clone(entry))
    }

    pub(crate) fn put(&self, token: &str, entry: Entry) -> Arc<Entry> {
        let (hash, entry) = (Sha256::digest(token).into(), Arc::new(entry));
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.put(hash, Arc::clone(&entry));
        entry
    }
}
