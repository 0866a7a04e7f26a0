//! The stores.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tempfile::TempDir;
use workeros_adapters::{FsStorage, MemoryStorage};
use workeros_core::testkit::StandingClock;
use workeros_core::{Clock as _, ErrorKind, ObjectMeta, Result, Storage};

mod memory {
    workeros_core::storage_conformance!(async { super::MemoryStorage::new() });
}

mod files {
    workeros_core::storage_conformance!(async { super::Scratch::new() });
}

/// A store in a directory that goes with it.
#[derive(Debug)]
struct Scratch {
    store: FsStorage,
    _directory: TempDir,
}

impl Scratch {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        Self {
            store: FsStorage::new(directory.path()).unwrap(),
            _directory: directory,
        }
    }
}

#[async_trait]
impl Storage for Scratch {
    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        self.store.put(key, bytes).await
    }

    async fn get(&self, key: &str) -> Result<Bytes> {
        self.store.get(key).await
    }

    async fn head(&self, key: &str) -> Result<ObjectMeta> {
        self.store.head(key).await
    }

    async fn delete(&self, key: &str) -> Result<()> {
        self.store.delete(key).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>> {
        self.store.list(prefix).await
    }
}

#[tokio::test]
async fn memory_takes_its_time_from_the_clock() {
    let clock = Arc::new(StandingClock::default());
    let store = MemoryStorage::new().with_clock(clock.clone());
    store.put("a", Bytes::new()).await.unwrap();
    clock.advance(std::time::Duration::from_secs(1));
    assert!(store.head("a").await.unwrap().modified < clock.now());
}

#[cfg(unix)]
#[tokio::test]
async fn links_lead_nowhere() {
    use std::os::unix::fs::symlink;

    let outside = TempDir::new().unwrap();
    std::fs::write(outside.path().join("secret"), "secret").unwrap();
    let inside = TempDir::new().unwrap();
    let store = FsStorage::new(inside.path()).unwrap();
    symlink(outside.path(), inside.path().join("folder")).unwrap();
    symlink(outside.path().join("secret"), inside.path().join("file")).unwrap();

    for key in ["folder/secret", "file"] {
        assert_eq!(
            store.get(key).await.unwrap_err().kind(),
            ErrorKind::NotFound,
            "{key}"
        );
        assert_eq!(
            store.head(key).await.unwrap_err().kind(),
            ErrorKind::NotFound,
            "{key}"
        );
        store.delete(key).await.unwrap();
    }
    assert_eq!(store.list("").await.unwrap(), []);
    assert_eq!(store.list("folder/").await.unwrap(), []);
    let through = store
        .put("folder/new", Bytes::from_static(b"x"))
        .await
        .unwrap_err();
    assert_eq!(through.kind(), ErrorKind::Conflict);
    // A link in the place of the file is replaced, and not written through.
    store
        .put("file", Bytes::from_static(b"mine"))
        .await
        .unwrap();
    assert_eq!(store.get("file").await.unwrap(), "mine");
    assert_eq!(
        std::fs::read_to_string(outside.path().join("secret")).unwrap(),
        "secret"
    );
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_key_is_not_a_file_and_a_folder() {
    let directory = TempDir::new().unwrap();
    let store = FsStorage::new(directory.path()).unwrap();
    store.put("a/b", Bytes::from_static(b"x")).await.unwrap();
    for key in ["a", "a/b/c"] {
        let error = store.put(key, Bytes::from_static(b"y")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{key}");
    }
    assert_eq!(store.get("a/b").await.unwrap(), "x");
}

#[tokio::test]
async fn unfinished_files_are_neither_seen_nor_left() {
    let directory = TempDir::new().unwrap();
    let store = FsStorage::new(directory.path()).unwrap();
    store.put("kept", Bytes::from_static(b"x")).await.unwrap();
    store
        .put("kept/below", Bytes::from_static(b"x"))
        .await
        .unwrap_err();
    store
        .put("folder/file", Bytes::from_static(b"x"))
        .await
        .unwrap();
    store
        .put("folder", Bytes::from_static(b"x"))
        .await
        .unwrap_err();
    let unfinished = directory.path().join(".unfinished");
    assert_eq!(std::fs::read_dir(&unfinished).unwrap().count(), 0);

    std::fs::write(unfinished.join("torn"), "half").unwrap();
    let keys: Vec<_> = store
        .list("")
        .await
        .unwrap()
        .into_iter()
        .map(|object| object.key)
        .collect();
    assert_eq!(keys, ["folder/file", "kept"]);
    let error = store.get(".unfinished/torn").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
}

#[tokio::test]
async fn another_store_on_the_directory_sees_the_same() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("made/on/the/way");
    FsStorage::new(&path)
        .unwrap()
        .put("a/b", Bytes::from_static(b"x"))
        .await
        .unwrap();
    assert_eq!(
        FsStorage::new(&path).unwrap().get("a/b").await.unwrap(),
        "x"
    );
}
