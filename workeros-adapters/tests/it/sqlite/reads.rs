//! Reads: inline, on threads, beside writes.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{Either, join_all, select};
use workeros_core::{Column, Cost, Database, ErrorKind, Shape, Type};

use super::{Scratch, Sqlite, batch, integer, run, statement};

/// Counts to five million: some hundred milliseconds.
const HEAVY: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000) SELECT count(*) FROM n";
/// Counts for ever.
const ENDLESS: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

/// A read that was announced as short and is not: the async worker stays free,
/// and the answer comes.
#[tokio::test]
async fn a_heavy_read_leaves_the_worker_free() {
    let db = Scratch::new().await;
    let heavy = db.fetch(statement(HEAVY, []).with_cost(Cost::Short));
    let light = db.fetch(statement("SELECT 1", []).with_cost(Cost::Long));
    match select(heavy, light).await {
        Either::Left(_) => panic!("the heavy read was finished before the light one began"),
        Either::Right((light, heavy)) => {
            assert_eq!(light.unwrap().rows[0].integer(0).unwrap(), 1);
            assert_eq!(heavy.await.unwrap().rows[0].integer(0).unwrap(), 5_000_000);
        }
    }
    // The connection whose read was given up is good for the next.
    for _ in 0..10 {
        let light = db
            .fetch(statement("SELECT 1", []).with_cost(Cost::Short))
            .now_or_never();
        assert!(light.expect("an answer at once").is_ok());
    }
}

#[tokio::test]
async fn a_short_read_is_answered_at_once() {
    let db = Scratch::new().await;
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY)").await;
    run(&db, "INSERT INTO t (id) VALUES (1), (2), (3)").await;
    let shape = Arc::new(Shape::new(vec![Column::new(0, "id", Type::Integer)]));
    let short = statement("SELECT id FROM t", []).with_cost(Cost::Short);
    let page = db
        .fetch_json(short.clone(), shape)
        .now_or_never()
        .expect("an answer at once");
    assert_eq!(page.unwrap().json, br#"[{"id":1},{"id":2},{"id":3}]"#);
    let rows = db.fetch(short).now_or_never().expect("an answer at once");
    assert_eq!(rows.unwrap().rows.len(), 3);
}

/// Long reads do not hold up short ones, nor writes.
#[tokio::test]
async fn long_reads_hold_nobody_up() {
    let db = Scratch::new().await;
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY)").await;
    let mut endless: Vec<_> = (0..4).map(|_| db.fetch(statement(ENDLESS, []))).collect();
    for read in &mut endless {
        assert!(read.as_mut().now_or_never().is_none());
    }
    for id in 1..=20_i64 {
        db.apply(batch("INSERT INTO t (id) VALUES ($1)", [id.into()]))
            .await
            .unwrap();
        let count = statement("SELECT count(*) FROM t", []).with_cost(Cost::Short);
        assert_eq!(
            db.fetch(count).await.unwrap().rows[0].integer(0).unwrap(),
            id
        );
    }
}

/// A read whose caller has gone stops, and its thread serves the next.
#[tokio::test]
async fn an_abandoned_read_stops() {
    for db in [Some(Scratch::new().await), None] {
        let memory = Sqlite::memory().await.unwrap();
        let db: &dyn Database = match &db {
            Some(db) => db,
            None => &memory,
        };
        for _ in 0..10 {
            let endless = db.fetch(statement(ENDLESS, []));
            let given_up = tokio::time::timeout(Duration::from_millis(20), endless).await;
            assert!(given_up.is_err());
        }
        let next = tokio::time::timeout(Duration::from_secs(20), integer(db, "SELECT 1")).await;
        assert_eq!(next.expect("a thread that is free again"), 1);
    }
}

/// Readers beside 64 writers see each batch whole or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_see_whole_batches_while_64_callers_write() {
    let db = Arc::new(Scratch::new().await);
    run(
        &*db,
        "CREATE TABLE account (id integer PRIMARY KEY, balance integer NOT NULL)",
    )
    .await;
    run(&*db, "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 63) INSERT INTO account SELECT i, 100 FROM n").await;
    let writers = (0..64_i64).map(|id| {
        let db = db.clone();
        in_background(async move {
            for round in 1..=20_i64 {
                let other = (id + round) % 64;
                let take = batch(
                    "UPDATE account SET balance = balance - $2 WHERE id = $1",
                    [id.into(), round.into()],
                );
                let give = statement(
                    "UPDATE account SET balance = balance + $2 WHERE id = $1",
                    [other.into(), round.into()],
                );
                db.apply(take.step(workeros_core::Step::new(give)))
                    .await
                    .unwrap();
            }
        })
    });
    let readers = [Cost::Short, Cost::Long]
        .into_iter()
        .cycle()
        .take(8)
        .map(|cost| {
            let db = db.clone();
            in_background(async move {
                for _ in 0..200 {
                    let sum = statement("SELECT sum(balance) FROM account", []).with_cost(cost);
                    assert_eq!(
                        db.fetch(sum).await.unwrap().rows[0].integer(0).unwrap(),
                        6400
                    );
                    tokio::task::yield_now().await;
                }
            })
        });
    let tasks: Vec<_> = writers.chain(readers).collect();
    for task in join_all(tasks).await {
        task.unwrap();
    }
}

fn in_background(work: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
    tokio::spawn(work)
}

#[tokio::test]
async fn a_read_does_not_write() {
    let memory = Sqlite::memory().await.unwrap();
    let file = Scratch::new().await;
    for db in [&memory as &dyn Database, &file] {
        run(db, "CREATE TABLE t (id integer PRIMARY KEY)").await;
        for sql in [
            "INSERT INTO t (id) VALUES (1)",
            "DELETE FROM t RETURNING id",
            "DROP TABLE t",
        ] {
            for cost in [Cost::Short, Cost::Long] {
                let error = db
                    .fetch(statement(sql, []).with_cost(cost))
                    .await
                    .unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Internal, "{sql}");
            }
        }
        assert_eq!(integer(db, "SELECT count(*) FROM t").await, 0);
    }
}

/// Adopted tables hold what they hold: the JSON is valid all the same.
#[tokio::test]
async fn json_is_valid_whatever_is_stored() {
    let db = Scratch::new().await;
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY, v)").await;
    run(&db, "INSERT INTO t (v) VALUES (CAST(x'61ff62' AS text)), ('not json'), ('[1,'), (2), (2.5), (x'00ff'), (9e999), (NULL)").await;
    let sql = "SELECT v FROM t ORDER BY id";
    for ty in [
        Type::Text,
        Type::Json,
        Type::Boolean,
        Type::Number,
        Type::Timestamp,
        Type::Uuid,
    ] {
        let shape = Arc::new(Shape::new(vec![Column::new(0, "v", ty)]));
        let page = db
            .fetch_json(statement(sql, []).with_cost(Cost::Short), shape)
            .await
            .unwrap();
        let json = String::from_utf8(page.json).unwrap();
        let two = if ty == Type::Boolean { "true" } else { "2" };
        let expected = format!(
            r#"[{{"v":"a{}b"}},{{"v":"not json"}},{{"v":"[1,"}},{{"v":{two}}},{{"v":2.5}},{{"v":"00ff"}},{{"v":null}},{{"v":null}}]"#,
            '\u{fffd}'
        );
        assert_eq!(json, expected, "{ty:?}");
    }
}

#[tokio::test]
async fn placeholders_and_values_must_match() {
    let db = Sqlite::memory().await.unwrap();
    for (sql, values) in [
        ("SELECT $1, $2", 1),
        ("SELECT $1", 2),
        ("SELECT $1, $3", 2),
        ("SELECT :name", 1),
    ] {
        let params = (0..values).map(|_| 1.into()).collect();
        let error = db
            .fetch(workeros_core::Statement::new(sql, params))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{sql}");
    }
}
