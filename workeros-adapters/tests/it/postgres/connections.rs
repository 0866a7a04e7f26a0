//! Connections that die, and connections that are the host's.

use workeros_adapters::Postgres;
use workeros_core::{Batch, Database as _, ErrorKind, Expect, Step, Value};

use super::{Schema, Ways as _, execute, single, statement, temporary, value};

const KILL_OTHERS: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
    WHERE pid <> pg_backend_pid() AND query LIKE '%marked%' AND query NOT LIKE '%pg_stat%'";

#[tokio::test]
async fn a_backend_killed_in_a_batch_leaves_nothing_and_the_pool_recovers() {
    let Some((database, _schema)) = single().await else {
        return;
    };
    execute(&database, "CREATE TABLE t (a integer)", []).await;
    let batch = Batch::new()
        .step(Step::new(statement("INSERT INTO t VALUES (1)", [])))
        .step(Step::new(statement(
            "SELECT pg_terminate_backend(pg_backend_pid())",
            [],
        )));
    let error = database.apply(batch).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert_eq!(error.message(), "the database is not available");
    assert_eq!(
        value(&database, "SELECT count(*) FROM t").await,
        Value::Integer(0)
    );
    execute(&database, "INSERT INTO t VALUES (2)", []).await;
    assert_eq!(value(&database, "SELECT a FROM t").await, Value::Integer(2));
}

/// Opens several connections, then has the server end them all.
async fn kill_all(database: &Postgres, schema: &Schema) {
    let marked = || database.fetch(statement("SELECT pg_sleep(0.1) /* marked */", []));
    let opened = futures::future::join_all((0..6).map(|_| marked())).await;
    assert!(opened.iter().all(Result::is_ok));
    let mut outside = schema.session().await;
    let killed = sqlx::query_scalar::<_, i64>(KILL_OTHERS)
        .fetch_one(&mut outside)
        .await;
    assert_eq!(killed.unwrap(), 6);
}

#[tokio::test]
async fn dead_connections_are_replaced_without_an_error() {
    let Some((database, schema)) = temporary().await else {
        return;
    };
    execute(&database, "CREATE TABLE t (a integer)", []).await;
    kill_all(&database, &schema).await;
    assert_eq!(value(&database, "SELECT 1").await, Value::Integer(1));
    kill_all(&database, &schema).await;
    let insert = || Step::new(statement("INSERT INTO t VALUES (1)", []));
    database
        .apply(Batch::new().step(insert()).step(insert()))
        .await
        .unwrap();
    kill_all(&database, &schema).await;
    let alone = insert().expect(Expect::One, ErrorKind::Conflict, "");
    let alone = Batch::new().step(alone.with_own_guard());
    database.apply(alone).await.unwrap();
    assert_eq!(
        value(&database, "SELECT count(*) FROM t").await,
        Value::Integer(3)
    );
}

#[tokio::test]
async fn statements_stay_prepared() {
    let Some((database, _schema)) = single().await else {
        return;
    };
    for n in 0..3 {
        database
            .fetch(statement("SELECT $1 + 1", [Value::Integer(n)]))
            .await
            .unwrap();
    }
    let prepared = "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1 + 1'";
    assert_eq!(value(&database, prepared).await, Value::Integer(1));
}

#[tokio::test]
async fn a_pool_of_the_host_is_used_as_it_is() {
    let Some(schema) = Schema::new().await else {
        return;
    };
    let pool = schema.pool(100);
    let database = Postgres::from_pool(pool.clone()).await.unwrap();
    execute(&database, "CREATE TABLE t (a bigint)", []).await;
    execute(&database, "INSERT INTO t VALUES ($1)", [Value::Integer(5)]).await;
    let stored = sqlx::query_scalar::<_, i64>("SELECT a FROM t")
        .fetch_one(&pool)
        .await;
    assert_eq!(stored.unwrap(), 5);
}

#[tokio::test]
async fn a_pool_that_keeps_no_statements_is_left_without_any() {
    let Some(schema) = Schema::new().await else {
        return;
    };
    let database = Postgres::from_pool(schema.pool(0)).await.unwrap();
    execute(&database, "CREATE TABLE t (a integer, b text)", []).await;
    let insert = "INSERT INTO t VALUES ($1, $2)";
    execute(&database, insert, [Value::Null, Value::Null]).await;
    execute(&database, insert, [Value::Integer(5), "x".into()]).await;
    let sum = "SELECT sum(a) FROM t WHERE a = $1";
    let sum = database
        .fetch(statement(sum, [Value::Integer(5)]))
        .await
        .unwrap();
    assert_eq!(sum.rows[0].integer(0).unwrap(), 5);
    let prepared = value(&database, "SELECT count(*) FROM pg_prepared_statements").await;
    assert_eq!(prepared, Value::Integer(0));
}

#[tokio::test]
async fn a_pool_in_another_time_zone_is_refused() {
    let Some(schema) = Schema::new().await else {
        return;
    };
    let options = schema
        .url
        .parse::<sqlx::postgres::PgConnectOptions>()
        .unwrap();
    let pool = sqlx::postgres::PgPoolOptions::new()
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::Executor::execute(connection, "SET TIME ZONE 'Europe/Berlin'").await?;
                Ok(())
            })
        })
        .connect_lazy_with(options);
    let error = Postgres::from_pool(pool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.message(), "the time zone of the session must be UTC");
}

#[tokio::test]
async fn the_debug_form_shows_no_password() {
    let Some((database, schema)) = temporary().await else {
        return;
    };
    let debug = format!("{database:?}");
    assert!(debug.starts_with("Postgres {"), "{debug}");
    assert!(
        !debug.contains(&schema.url) && !debug.contains("password"),
        "{debug}"
    );
}
