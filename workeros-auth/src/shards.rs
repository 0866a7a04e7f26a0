use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use crate::changes::SecretHash;

const SHARDS: usize = 16;

/// A table of what was used last, in parts that are locked apart: requests that
/// come at once seldom wait for each other.
#[derive(Debug)]
pub(crate) struct Shards<K: Hashed, V>(Box<[Mutex<Shard<K, V>>]>);

type Shard<K, V> = LruCache<K, Arc<V>>;

/// What begins with a hash, by which parts are told apart.
pub(crate) trait Hashed: Hash + Eq {
    fn hashed(&self) -> &SecretHash;
}

impl Hashed for SecretHash {
    fn hashed(&self) -> &SecretHash {
        self
    }
}

impl<K: Hashed, V> Shards<K, V> {
    /// For about that many entries, at most.
    pub(crate) fn new(capacity: usize) -> Self {
        let shard = NonZeroUsize::new(capacity.div_ceil(SHARDS));
        let shards = shard.into_iter().flat_map(|shard| {
            std::iter::repeat_with(move || Mutex::new(LruCache::new(shard))).take(SHARDS)
        });
        Self(shards.collect())
    }

    pub(crate) fn get(&self, key: &K) -> Option<Arc<V>> {
        self.shard(key)?.get(key).cloned()
    }

    /// Keeps an entry, the least recently used one dropped for it.
    pub(crate) fn put(&self, key: K, entry: Arc<V>) {
        if let Some(mut shard) = self.shard(&key) {
            shard.put(key, entry);
        }
    }

    fn shard(&self, key: &K) -> Option<MutexGuard<'_, Shard<K, V>>> {
        let [first, ..] = key.hashed();
        let shard = self.0.get(usize::from(*first) % SHARDS)?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_more_entries_than_was_said() {
        let shards = Shards::new(32);
        for number in 0..=u8::MAX {
            shards.put([number; 32], Arc::new(number));
        }
        let kept = (0..=u8::MAX).filter(|number| shards.get(&[*number; 32]).is_some());
        assert_eq!(kept.count(), 32);
        assert_eq!(shards.get(&[u8::MAX; 32]).as_deref(), Some(&u8::MAX));
    }

    #[test]
    fn where_nothing_is_to_be_kept_nothing_is() {
        let shards = Shards::new(0);
        shards.put([7; 32], Arc::new(()));
        assert!(shards.get(&[7; 32]).is_none());
    }
}
