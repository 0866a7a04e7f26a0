use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;
use workeros_dsl::Timestamp;

use crate::Result;

/// What a store knows of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectMeta {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: Timestamp,
}

impl ObjectMeta {
    /// The facts of an object.
    #[must_use]
    pub fn new(key: impl Into<String>, size: u64, modified: Timestamp) -> Self {
        Self {
            key: key.into(),
            size,
            modified,
        }
    }
}

/// Stores objects by key.
///
/// # Contract
///
/// * A key is relative and `/`-separated, of at most 1024 bytes, without empty
///   segments, without control characters and backslashes, and no segment ends
///   in a dot or a space (so none is `.` or `..`); any other is
///   [`Validation`](crate::ErrorKind::Validation) and touches nothing. The same
///   goes for the prefix of `list`, whose last segment may be unfinished.
/// * `put` is atomic: a reader sees the old object or the new one, whole. When
///   it answers `Ok`, the object is durable.
/// * A key that is not there is [`NotFound`](crate::ErrorKind::NotFound) for
///   `get` and `head`, and no error for `delete`.
/// * A store that cannot be reached is
///   [`Unavailable`](crate::ErrorKind::Unavailable).
#[async_trait]
pub trait Storage: Debug + Send + Sync + 'static {
    /// Writes an object, replacing one that is there.
    async fn put(&self, key: &str, bytes: Bytes) -> Result<()>;

    /// Reads an object whole.
    async fn get(&self, key: &str) -> Result<Bytes>;

    /// Reads what is known of an object.
    async fn head(&self, key: &str) -> Result<ObjectMeta>;

    /// Removes an object.
    async fn delete(&self, key: &str) -> Result<()>;

    /// Objects whose key starts with `prefix`, by key.
    async fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>>;
}
