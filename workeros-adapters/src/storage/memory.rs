use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use workeros_core::{Clock, Error, ObjectMeta, Result, Storage, SystemClock, Timestamp};

use super::key;

/// Keeps objects in memory, for tests. Clones share what they keep.
#[derive(Debug, Clone)]
pub struct MemoryStorage {
    objects: Arc<Mutex<BTreeMap<String, Object>>>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone)]
struct Object {
    bytes: Bytes,
    modified: Timestamp,
}

impl MemoryStorage {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self {
            objects: Arc::default(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Takes the time of modification from this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Object>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn object(&self, key: &str) -> Result<Object> {
        key::check(key)?;
        self.lock().get(key).cloned().ok_or_else(Error::not_found)
    }
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        key::check(key)?;
        let object = Object {
            bytes,
            modified: self.clock.now(),
        };
        self.lock().insert(key.to_owned(), object);
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Bytes> {
        Ok(self.object(key)?.bytes)
    }

    async fn head(&self, key: &str) -> Result<ObjectMeta> {
        Ok(meta(key, &self.object(key)?))
    }

    async fn delete(&self, key: &str) -> Result<()> {
        key::check(key)?;
        self.lock().remove(key);
        Ok(())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>> {
        key::check_prefix(prefix)?;
        let objects = self.lock();
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let matching = objects
            .range::<str, _>(from)
            .take_while(|(key, _)| key.starts_with(prefix));
        Ok(matching.map(|(key, object)| meta(key, object)).collect())
    }
}

fn meta(key: &str, object: &Object) -> ObjectMeta {
    ObjectMeta::new(key, object.bytes.len() as u64, object.modified)
}
