use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use workeros_core::{CollectionId, Result};
use workeros_dsl::sql::Template;

use super::mutation::RowVerb;
use crate::collection::Collection;

/// How many statements are kept.
const CAPACITY: usize = 4096;

/// The statements every item of a collection is read and written by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Verb {
    SelectById,
    /// The rows by which the relation at this position points to an item.
    SelectReferring(usize),
    /// The row alone.
    Write(RowVerb),
    /// The row together with its entry in the log.
    WriteLogged(RowVerb),
}

type Key = (CollectionId, i64, Verb);

/// Statements by the version of the collection they were written for.
#[derive(Debug)]
pub(crate) struct Statements(Mutex<LruCache<Key, Arc<Template>>>);

impl Default for Statements {
    fn default() -> Self {
        let capacity = NonZeroUsize::new(CAPACITY).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(capacity)))
    }
}

impl Statements {
    /// The statement, written if it is not there.
    pub(crate) fn get_or_write(
        &self,
        collection: &Collection,
        verb: Verb,
        write: impl FnOnce() -> Result<Template>,
    ) -> Result<Arc<Template>> {
        let key = (collection.id, collection.version, verb);
        let mut statements = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(template) = statements.get(&key) {
            return Ok(Arc::clone(template));
        }
        let template = Arc::new(write()?);
        statements.put(key, Arc::clone(&template));
        Ok(template)
    }
}
