//! The contract of [`Storage`] as a suite. Each case wants an empty store.

use bytes::Bytes;

use crate::{ErrorKind, Storage};

/// What was put is what is got.
pub async fn gives_back_what_was_put(store: &dyn Storage) {
    let bodies = [
        Bytes::new(),
        Bytes::from_static(b"hello"),
        Bytes::from(vec![0xff; 3_000_000]),
    ];
    for body in bodies {
        store.put("folder/file.bin", body.clone()).await.unwrap();
        assert_eq!(store.get("folder/file.bin").await.unwrap(), body);
    }
}

/// `head` tells key and size, and a time that does not run backwards.
pub async fn tells_what_it_knows(store: &dyn Storage) {
    store
        .put("a.txt", Bytes::from_static(b"hello"))
        .await
        .unwrap();
    let first = store.head("a.txt").await.unwrap();
    assert_eq!((first.key.as_str(), first.size), ("a.txt", 5));
    store.put("a.txt", Bytes::from_static(b"hi")).await.unwrap();
    let second = store.head("a.txt").await.unwrap();
    assert_eq!(second.size, 2);
    assert!(second.modified >= first.modified);
}

/// A key that is not there is not found, and deleting it is no error.
pub async fn misses_what_is_not_there(store: &dyn Storage) {
    assert_eq!(
        store.get("no").await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        store.head("no").await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        store.get("no/such/file").await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    store.delete("no").await.unwrap();
    store.delete("no/such/file").await.unwrap();
}

/// A folder is not an object.
pub async fn does_not_take_a_folder_for_an_object(store: &dyn Storage) {
    store
        .put("folder/file", Bytes::from_static(b"x"))
        .await
        .unwrap();
    assert_eq!(
        store.get("folder").await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        store.head("folder").await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    store.delete("folder").await.unwrap();
    assert_eq!(store.get("folder/file").await.unwrap(), "x");
}

/// What was deleted is gone, and only that.
pub async fn deletes_one_object(store: &dyn Storage) {
    store.put("a/1", Bytes::from_static(b"1")).await.unwrap();
    store.put("a/2", Bytes::from_static(b"2")).await.unwrap();
    store.delete("a/1").await.unwrap();
    assert_eq!(
        store.get("a/1").await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(store.get("a/2").await.unwrap(), "2");
    assert_eq!(keys(store, "").await, ["a/2"]);
}

/// A listing is what starts with the prefix, by key, wherever the prefix ends.
pub async fn lists_by_prefix_in_order(store: &dyn Storage) {
    for key in ["b/2", "a/x/deep", "b/10", "ab", "b-c", "c"] {
        store.put(key, Bytes::from_static(b"x")).await.unwrap();
    }
    assert_eq!(
        keys(store, "").await,
        ["a/x/deep", "ab", "b-c", "b/10", "b/2", "c"]
    );
    assert_eq!(keys(store, "b/").await, ["b/10", "b/2"]);
    assert_eq!(keys(store, "b/1").await, ["b/10"]);
    assert_eq!(keys(store, "a").await, ["a/x/deep", "ab"]);
    assert_eq!(keys(store, "a/x").await, ["a/x/deep"]);
    assert_eq!(keys(store, "zzz").await, [""; 0]);
}

/// Keys may hold any letters, and are told apart by each of them.
pub async fn keeps_unicode_keys_apart(store: &dyn Storage) {
    let names = [
        "Grüße/日本語.txt",
        "with space.txt",
        "UPPER",
        "upper",
        "100%",
        "semi;colon&co",
    ];
    // On a file system that ignores case this case cannot hold.
    for name in names {
        store
            .put(name, Bytes::copy_from_slice(name.as_bytes()))
            .await
            .unwrap();
    }
    for name in names {
        assert_eq!(store.get(name).await.unwrap(), name);
        assert_eq!(store.head(name).await.unwrap().key, name);
    }
    let mut sorted = names;
    sorted.sort_unstable();
    assert_eq!(keys(store, "").await, sorted);
}

/// A key that leads elsewhere is refused by each method and touches nothing.
pub async fn refuses_keys_that_lead_elsewhere(store: &dyn Storage) {
    let long = "k".repeat(1025);
    let keys_refused = [
        "",
        "/",
        "/abs",
        "a/",
        "a//b",
        ".",
        "..",
        "./a",
        "a/.",
        "../x",
        "a/../b",
        "a/..",
        "a\0b",
        "a\nb",
        "a\r",
        "a\u{7f}",
        "a\u{85}b",
        "a\\b",
        "..\\x",
        "dot.",
        "space ",
        "a./b",
        "a /b",
        long.as_str(),
    ];
    for key in keys_refused {
        let refused = [
            store.put(key, Bytes::from_static(b"x")).await.err(),
            store.get(key).await.err(),
            store.head(key).await.err(),
            store.delete(key).await.err(),
        ];
        for error in refused {
            let kind = error.map(|error| error.kind());
            assert_eq!(kind, Some(ErrorKind::Validation), "key {key:?}");
        }
    }
    assert_eq!(keys(store, "").await, [""; 0]);
}

/// A prefix that leads elsewhere is refused as well.
pub async fn refuses_prefixes_that_lead_elsewhere(store: &dyn Storage) {
    for prefix in ["/", "/etc", "../", "a/../", "a/./b", "a//", "a\\b", "a\0"] {
        let kind = store.list(prefix).await.err().map(|error| error.kind());
        assert_eq!(kind, Some(ErrorKind::Validation), "prefix {prefix:?}");
    }
}

/// Of many who write one key at once, one wins whole.
pub async fn replaces_objects_whole(store: &dyn Storage) {
    let body = |byte: u8| Bytes::from(vec![byte; 100_000]);
    store.put("contended", body(0)).await.unwrap();
    let writes = (1..=16).map(|byte| store.put("contended", body(byte)));
    let reads = (0..16).map(|_| store.get("contended"));
    let (written, read) = futures::join!(
        futures::future::join_all(writes),
        futures::future::join_all(reads)
    );
    written.into_iter().for_each(Result::unwrap);
    let last = store.get("contended").await;
    for object in read.into_iter().chain([last]) {
        let object = object.unwrap();
        assert_eq!(object.len(), 100_000);
        assert!(object.iter().all(|byte| *byte == object[0]));
    }
    assert_eq!(keys(store, "").await, ["contended"]);
}

async fn keys(store: &dyn Storage, prefix: &str) -> Vec<String> {
    store
        .list(prefix)
        .await
        .unwrap()
        .into_iter()
        .map(|object| object.key)
        .collect()
}

/// Makes a test of each case of [`testkit::storage`](crate::testkit::storage).
///
/// The first argument is a future that gives an empty store, or an `Option` of
/// one where there may be none to test. The second, an async closure that takes
/// it back after the case, can be left out.
#[macro_export]
macro_rules! storage_conformance {
    ($open:expr) => {
        $crate::storage_conformance!($open, async |_| {});
    };
    ($open:expr, $close:expr) => {
        $crate::__conformance!(Storage, storage, $open, $close, [
            gives_back_what_was_put
            tells_what_it_knows
            misses_what_is_not_there
            does_not_take_a_folder_for_an_object
            deletes_one_object
            lists_by_prefix_in_order
            keeps_unicode_keys_apart
            refuses_keys_that_lead_elsewhere
            refuses_prefixes_that_lead_elsewhere
            replaces_objects_whole
        ]);
    };
}
