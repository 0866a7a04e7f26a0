//! The write-ahead log, beside readers that never leave it.

use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use workeros_core::{Cost, Database as _};

use super::{Scratch, batch, integer, run, statement};

/// Three times what the log may grow to before it is emptied: a reader may be
/// slow on a busy machine.
const MOST: u64 = 48 * 1024 * 1024;

/// A read of less than a millisecond.
const READ: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
     SELECT (SELECT count(*) FROM t) + count(*) FROM n";

/// Readers take turns, so that there is always one in the log, while more than
/// twice as much is written: it stays short, and nobody sees an error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_short_among_readers() {
    let db = Scratch::new().await;
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY, body blob)").await;
    let log = db.path().with_extension("db-wal");
    let done = AtomicBool::new(false);
    let read = async || {
        while !done.load(Ordering::Relaxed) {
            db.fetch(statement(READ, []).with_cost(Cost::Long))
                .await
                .unwrap();
        }
    };
    let write = async |writer: i64| {
        let mut longest = 0;
        for n in 0..150 {
            let id = (writer * 1000 + n).into();
            let insert = "INSERT INTO t (id, body) VALUES ($1, zeroblob(50000))";
            db.apply(batch(insert, [id])).await.unwrap();
            longest = longest.max(log.metadata().unwrap().len());
        }
        longest
    };
    let writers = async {
        let longest = join_all((0..16).map(write)).await;
        done.store(true, Ordering::Relaxed);
        longest.into_iter().max().unwrap()
    };
    let (longest, _) = tokio::join!(writers, join_all((0..8).map(|_| read())));
    assert!(longest < MOST, "{longest}");
    assert_eq!(integer(&db, "SELECT count(*) FROM t").await, 16 * 150);
}

/// A reader that stays makes the log grow and hinders nobody; once it has gone,
/// the log is begun anew.
#[tokio::test]
async fn a_reader_that_stays_hinders_nobody() {
    let db = Scratch::new().await;
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY, body blob)").await;
    run(&db, "INSERT INTO t (id) VALUES (0)").await;
    let log = db.path().with_extension("db-wal");
    let write = async |from: i64| {
        for id in from..from + 700 {
            let insert = "INSERT INTO t (id, body) VALUES ($1, zeroblob(100000))";
            db.apply(batch(insert, [id.into()])).await.unwrap();
        }
        log.metadata().unwrap().len()
    };
    let other = rusqlite::Connection::open(db.path()).unwrap();
    other.execute_batch("BEGIN").unwrap();
    let seen = |sql| -> i64 { other.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(seen("SELECT count(*) FROM t"), 1);

    let grown = write(1).await;
    assert!(grown > MOST, "{grown}");
    assert_eq!(seen("SELECT count(*) FROM t"), 1, "what it saw at first");
    other.execute_batch("COMMIT").unwrap();

    let longest = write(1000).await;
    assert!(longest < grown + MOST, "{longest} after {grown}");
    assert_eq!(write(2000).await, write(3000).await, "it is used again");
}
