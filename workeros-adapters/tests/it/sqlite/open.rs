//! Opening and closing.

use tempfile::TempDir;
use workeros_core::{Batch, Database as _, ErrorKind, Step};

use super::{Scratch, Sqlite, SqliteOptions, batch, integer, run, statement};

#[tokio::test]
async fn the_directory_is_made() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("not/there/yet/app.db");
    let db = Sqlite::open(&path).await.unwrap();
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY)").await;
    assert!(path.is_file());
}

#[tokio::test]
async fn the_writer_is_set_up_as_documented() {
    let setting = |sql| batch(sql, []);
    let check = async |db: &Sqlite, synchronous: i64| {
        for (sql, value) in [
            ("SELECT synchronous FROM pragma_synchronous", synchronous),
            ("SELECT foreign_keys FROM pragma_foreign_keys", 1),
        ] {
            let rows = db.apply(setting(sql)).await.unwrap();
            assert_eq!(rows[0].rows[0].integer(0).unwrap(), value, "{sql}");
        }
    };
    let full = Scratch::new().await;
    check(&full.db, 2).await;
    let mode = full
        .fetch(statement(
            "SELECT journal_mode FROM pragma_journal_mode",
            [],
        ))
        .await
        .unwrap();
    assert_eq!(mode.rows[0].text(0).unwrap(), "wal");
    let normal = Scratch::with(SqliteOptions::new().danger_normal_synchronous()).await;
    check(&normal.db, 1).await;
}

#[tokio::test]
async fn what_cannot_be_used_is_refused() {
    let directory = TempDir::new().unwrap();
    let utf16 = directory.path().join("utf16.db");
    rusqlite::Connection::open(&utf16)
        .unwrap()
        .execute_batch("PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a text)")
        .unwrap();
    let text = directory.path().join("text.db");
    std::fs::write(
        &text,
        "this is not a database, however long one makes it. ".repeat(100),
    )
    .unwrap();
    for (path, kind) in [
        (utf16.as_path(), ErrorKind::Unsupported),
        (text.as_path(), ErrorKind::Internal),
        (directory.path(), ErrorKind::Unavailable),
        (text.join("below").as_path(), ErrorKind::Unavailable),
        (":memory:".as_ref(), ErrorKind::Unsupported),
        ("".as_ref(), ErrorKind::Unsupported),
    ] {
        let error = Sqlite::open(path).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{}", path.display());
    }
}

/// A name in double quotes is a column and never a text.
#[tokio::test]
async fn a_misspelt_column_is_an_error() {
    let db = Scratch::new().await;
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY)").await;
    assert!(
        db.fetch(statement(r#"SELECT "idd" FROM t"#, []))
            .await
            .is_err()
    );
}

/// With the handle all threads and connections go: the last connection takes
/// the write-ahead log with it.
#[tokio::test]
async fn dropping_the_handle_closes_everything() {
    let Scratch { db, directory } = Scratch::new().await;
    let log = directory.path().join("test.db-wal");
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY)").await;
    for cost in [workeros_core::Cost::Short, workeros_core::Cost::Long] {
        let reads = (0..8).map(|_| db.fetch(statement("SELECT id FROM t", []).with_cost(cost)));
        for read in futures::future::join_all(reads).await {
            read.unwrap();
        }
    }
    assert!(log.exists());
    drop(db);
    assert!(!log.exists());
}

/// A job that holds the last handle to its own database does not wait for
/// itself.
#[tokio::test]
async fn the_last_handle_may_go_on_its_own_thread() {
    use futures::FutureExt as _;

    let Scratch { db, directory } = Scratch::new().await;
    let db = std::sync::Arc::new(db);
    run(&*db, "CREATE TABLE t (id integer PRIMARY KEY)").await;
    let held = db.clone();
    let derived = Step::derived(move |_| {
        let _held = &held;
        Ok(statement("INSERT INTO t (id) VALUES (1)", []))
    });
    drop(db.apply(Batch::new().step(derived)).now_or_never());
    drop(db);
    for _ in 0..200 {
        if !directory.path().join("test.db-wal").exists() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(!directory.path().join("test.db-wal").exists());
    let again = Sqlite::open(directory.path().join("test.db"))
        .await
        .unwrap();
    assert_eq!(integer(&again, "SELECT count(*) FROM t").await, 1);
}
