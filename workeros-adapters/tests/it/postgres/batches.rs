//! Batches are atomic, whatever interrupts them.

use std::time::Duration;

use workeros_adapters::PostgresOptions;
use workeros_core::{Batch, Database as _, ErrorKind, Expect, Step, Value};

use super::{Schema, Ways as _, execute, rows, single, statement, temporary, value};

fn step(sql: &'static str) -> Step {
    Step::new(statement(sql, []))
}

#[tokio::test]
async fn batches_that_lock_each_other_out_are_run_again() {
    let Some((database, _schema)) = temporary().await else {
        return;
    };
    execute(
        &database,
        "CREATE TABLE t (id integer PRIMARY KEY, n integer)",
        [],
    )
    .await;
    execute(&database, "INSERT INTO t VALUES (1, 0), (2, 0)", []).await;
    let batch = |first: i64, second: i64| {
        let add = "UPDATE t SET n = n + 1 WHERE id = CAST($1 AS bigint)";
        Batch::new()
            .step(Step::new(statement(add, [first.into()])))
            .step(step("SELECT pg_sleep(0.3)"))
            .step(Step::derived(move |_| Ok(statement(add, [second.into()]))))
    };
    let (one, other) =
        futures::future::join(database.apply(batch(1, 2)), database.apply(batch(2, 1))).await;
    one.unwrap();
    other.unwrap();
    let stored = rows(&database, "SELECT n FROM t").await;
    assert!(
        stored.iter().all(|row| row.integer(0).unwrap() == 2),
        "{stored:?}"
    );
}

#[tokio::test]
async fn a_dropped_batch_leaves_nothing_behind() {
    use sqlx::{Connection as _, Executor as _};
    let Some((database, schema)) = single().await else {
        return;
    };
    execute(&database, "CREATE TABLE t (a integer)", []).await;
    execute(&database, "CREATE TABLE locked (a integer)", []).await;
    let mut other = schema.session().await;
    let mut transaction = other.begin().await.unwrap();
    transaction.execute("LOCK TABLE locked").await.unwrap();
    let batch = Batch::new()
        .step(step("INSERT INTO t VALUES (1)"))
        .step(step("SELECT * FROM locked"));
    let applied = tokio::time::timeout(Duration::from_millis(300), database.apply(batch));
    assert!(applied.await.is_err(), "the batch should wait for the lock");
    transaction.rollback().await.unwrap();
    // The one connection is free again, and not inside of the dropped batch.
    execute(&database, "INSERT INTO t VALUES (2)", []).await;
    let mut outside = schema.session().await;
    let stored = sqlx::query_scalar::<_, i32>("SELECT a FROM t")
        .fetch_all(&mut outside)
        .await;
    assert_eq!(stored.unwrap(), [2]);
}

#[tokio::test]
async fn a_batch_dropped_at_any_moment_is_whole_or_gone() {
    let Some((database, schema)) = single().await else {
        return;
    };
    execute(&database, "CREATE TABLE t (a integer)", []).await;
    let mut outside = schema.session().await;
    for round in 0..150_i64 {
        let insert = "INSERT INTO t VALUES (CAST($1 AS bigint))";
        let batch = Batch::new()
            .step(Step::new(statement(insert, [round.into()])))
            .step(Step::new(statement(insert, [round.into()])));
        let moment = Duration::from_micros(15 * u64::try_from(round).unwrap());
        tokio::select! {
            biased;
            outcome = database.apply(batch) => drop(outcome.unwrap()),
            () = spin(moment) => {}
        }
        // Were the connection still in a transaction, this would be lost.
        execute(&database, "INSERT INTO t VALUES (-1)", []).await;
        let open = "SELECT count(*) FILTER (WHERE a = -1), \
            count(*) FILTER (WHERE a <> -1) % 2 FROM t";
        let counts = sqlx::query_as::<_, (i64, i64)>(open)
            .fetch_one(&mut outside)
            .await;
        assert_eq!(counts.unwrap(), (round + 1, 0), "after {moment:?}");
    }
}

/// Timers are too coarse for the moments between two messages.
async fn spin(time: Duration) {
    let start = std::time::Instant::now();
    while start.elapsed() < time {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_in_doubt() {
    let Some((database, _schema)) = temporary().await else {
        return;
    };
    execute(&database, "CREATE TABLE t (a integer)", []).await;
    let function = "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS \
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$";
    execute(&database, function, []).await;
    let trigger = "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON t \
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()";
    execute(&database, trigger, []).await;
    let in_doubt =
        "the connection to the database was lost: whether the change was made is not known";
    let insert = "INSERT INTO t VALUES (1)";
    let expected = || step(insert).expect(Expect::One, ErrorKind::Conflict, "");
    let batches = [
        Batch::new().step(step(insert)),
        Batch::new().step(expected()),
        Batch::new().step(expected().with_own_guard()),
    ];
    for batch in batches {
        let error = database.apply(batch).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert_eq!(error.message(), in_doubt);
    }
    assert_eq!(
        value(&database, "SELECT count(*) FROM t").await,
        Value::Integer(0)
    );
}

#[tokio::test]
async fn a_guarded_step_alone_needs_no_transaction() {
    let Some((database, _schema)) = temporary().await else {
        return;
    };
    execute(&database, "CREATE TABLE t (a integer)", []).await;
    // The server refuses this one inside a transaction.
    let vacuum = || step("VACUUM t").expect(Expect::None, ErrorKind::Conflict, "");
    let error = database.apply(Batch::new().step(vacuum())).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Internal);
    let guarded = Batch::new().step(vacuum().with_own_guard());
    database.apply(guarded).await.unwrap();
}

#[tokio::test]
async fn a_constraint_that_is_checked_at_commit_undoes_the_batch() {
    let Some((database, _schema)) = temporary().await else {
        return;
    };
    execute(
        &database,
        "CREATE TABLE t (a integer UNIQUE DEFERRABLE INITIALLY DEFERRED)",
        [],
    )
    .await;
    let batch = Batch::new()
        .step(step("INSERT INTO t VALUES (1)"))
        .step(step("INSERT INTO t VALUES (1)"));
    let error = database.apply(batch).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(
        value(&database, "SELECT count(*) FROM t").await,
        Value::Integer(0)
    );
}

#[tokio::test]
async fn statements_outlive_a_change_of_the_tables_they_name() {
    let Some(schema) = Schema::new().await else {
        return;
    };
    let database = schema
        .connect_with(PostgresOptions::default().with_max_connections(1))
        .await;
    execute(&database, "CREATE TABLE t (a integer)", []).await;
    let insert = "INSERT INTO t VALUES (1) RETURNING a";
    let expected = || step(insert).expect(Expect::One, ErrorKind::Conflict, "");
    let batches = || {
        [
            Batch::new().step(step(insert)),
            Batch::new().step(expected()),
            Batch::new().step(expected().with_own_guard()),
        ]
    };
    // Prepares the statements, then changes what they answer, thrice.
    let changes = [
        (
            "ALTER TABLE t ALTER COLUMN a TYPE text",
            Value::Text("1".to_owned()),
        ),
        (
            "ALTER TABLE t ALTER COLUMN a TYPE numeric USING a::numeric",
            Value::Number(1.0),
        ),
        (
            "ALTER TABLE t ALTER COLUMN a TYPE bigint",
            Value::Integer(1),
        ),
    ];
    assert_eq!(value(&database, "SELECT max(a) FROM t").await, Value::Null);
    for batch in batches() {
        database.apply(batch).await.unwrap();
    }
    for (change, expected) in changes {
        execute(&database, change, []).await;
        assert_eq!(value(&database, "SELECT max(a) FROM t").await, expected);
        execute(&database, "DELETE FROM t", []).await;
        for batch in batches() {
            let answers = database.apply(batch).await.unwrap();
            assert_eq!(answers[0].rows[0].values(), std::slice::from_ref(&expected));
        }
    }
}
