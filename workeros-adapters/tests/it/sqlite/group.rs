//! Batches that share a commit.

use futures::FutureExt as _;
use futures::future::join_all;
use workeros_core::{Database as _, ErrorKind, Step};

use super::{Scratch, Sqlite, SqliteOptions, batch, integer, run, statement};

/// Neither a clause that rolls the whole transaction back nor a trigger that
/// does takes the neighbours along.
#[tokio::test]
async fn a_rollback_of_everything_is_a_rollback_of_one() {
    let db = Scratch::new().await;
    run(
        &db,
        "CREATE TABLE t (id integer PRIMARY KEY, n integer UNIQUE ON CONFLICT ROLLBACK)",
    )
    .await;
    run(&db, "CREATE TRIGGER no_sevens BEFORE INSERT ON t WHEN new.id % 7 = 0 BEGIN SELECT RAISE(ROLLBACK, 'no sevens'); END").await;
    run(&db, "INSERT INTO t (id, n) VALUES (-1, -1)").await;
    let insert = |id: i64| {
        let n = if id % 5 == 0 { -1 } else { id };
        db.apply(batch(
            "INSERT INTO t (id, n) VALUES ($1, $2)",
            [id.into(), n.into()],
        ))
    };
    let results = join_all((1..=200).map(insert)).await;
    for (id, result) in (1..).zip(&results) {
        let refused = id % 7 == 0 || id % 5 == 0;
        let kind = result.as_ref().err().map(|error| error.kind());
        assert_eq!(kind, refused.then_some(ErrorKind::Conflict), "{id}");
    }
    let kept = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(
        integer(&db, "SELECT count(*) FROM t WHERE id > 0").await,
        kept as i64
    );
}

#[tokio::test]
async fn a_panic_in_a_derived_step_stays_there() {
    let db = Scratch::new().await;
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY)").await;
    let results = join_all((1..=30).map(|id: i64| {
        let batch = batch("INSERT INTO t (id) VALUES ($1)", [id.into()]);
        db.apply(batch.step(Step::derived(move |_| {
            assert!(id % 3 != 0, "a panic that was asked for");
            Ok(statement("SELECT 1", []))
        })))
    }))
    .await;
    for (id, result) in (1..).zip(&results) {
        let kind = result.as_ref().err().map(|error| error.kind());
        assert_eq!(kind, (id % 3 == 0).then_some(ErrorKind::Internal), "{id}");
    }
    assert_eq!(integer(&db, "SELECT count(*) FROM t").await, 20);
}

/// A lock that another process holds is waited for and then reported; reads
/// go on, and so do writes once it is gone.
#[tokio::test]
async fn a_foreign_lock_is_unavailable_and_passes_by() {
    let options = SqliteOptions::new().with_busy_timeout(std::time::Duration::from_millis(100));
    let db = Scratch::with(options).await;
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY)").await;
    let other = rusqlite::Connection::open(db.path()).unwrap();
    other
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO t (id) VALUES (1)")
        .unwrap();

    let inserts =
        (10..20_i64).map(|id| db.apply(batch("INSERT INTO t (id) VALUES ($1)", [id.into()])));
    for result in join_all(inserts).await {
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind(), error.retry_after_seconds()),
            (ErrorKind::Unavailable, Some(1))
        );
    }
    assert_eq!(integer(&db, "SELECT count(*) FROM t").await, 0);

    other.execute_batch("COMMIT").unwrap();
    run(&db, "INSERT INTO t (id) VALUES (2)").await;
    assert_eq!(integer(&db, "SELECT count(*) FROM t").await, 2);
}

#[tokio::test]
async fn a_full_queue_is_unavailable() {
    let db = Scratch::new().await;
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY)").await;
    let other = rusqlite::Connection::open(db.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let insert = |id: i64| db.apply(batch("INSERT INTO t (id) VALUES ($1)", [id.into()]));
    let mut inserts = join_all((1..=6000).map(insert));
    // Sent they are when they are polled first, and none can be answered yet.
    assert!((&mut inserts).now_or_never().is_none());
    other.execute_batch("COMMIT").unwrap();
    let results = inserts.await;
    let applied = results.iter().filter(|result| result.is_ok()).count();
    // The queue, and what the writer holds in hand.
    assert!((4096..=4097).contains(&applied), "{applied}");
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(
            (error.kind(), error.retry_after_seconds()),
            (ErrorKind::Unavailable, Some(1))
        );
    }
    assert_eq!(integer(&db, "SELECT count(*) FROM t").await, applied as i64);
}

/// What does not fit is refused, what fits is taken, and with room again all
/// is well.
#[tokio::test]
async fn a_full_disk_is_unavailable_and_passes_by() {
    let db = Scratch::new().await;
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY, body blob)").await;
    run(&db, "PRAGMA max_page_count = 60").await;
    let results = join_all((1..=40_i64).map(|id| {
        let size = if id % 4 == 0 { 400_000 } else { 10 };
        db.apply(batch(
            "INSERT INTO t (id, body) VALUES ($1, zeroblob($2))",
            [id.into(), size.into()],
        ))
    }))
    .await;
    for (id, result) in (1..).zip(&results) {
        let kind = result.as_ref().err().map(|error| error.kind());
        assert_eq!(
            kind,
            (id % 4 == 0).then_some(ErrorKind::Unavailable),
            "{id}"
        );
    }
    assert_eq!(integer(&db, "SELECT count(*) FROM t").await, 30);
    run(&db, "PRAGMA max_page_count = 10000").await;
    run(
        &db,
        "INSERT INTO t (id, body) VALUES (100, zeroblob(400000))",
    )
    .await;
}

/// A batch whose caller has gone is applied whole by the time the handle is
/// dropped.
#[tokio::test]
async fn dropping_the_handle_finishes_what_is_queued() {
    let Scratch { db, directory } = Scratch::new().await;
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY)").await;
    for id in 1..=100_i64 {
        drop(
            db.apply(batch("INSERT INTO t (id) VALUES ($1)", [id.into()]))
                .now_or_never(),
        );
    }
    drop(db);
    let db = Sqlite::open(directory.path().join("test.db"))
        .await
        .unwrap();
    assert_eq!(integer(&db, "SELECT count(*) FROM t").await, 100);
}
