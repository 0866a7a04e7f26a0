//! Each failure is the error of the contract.

use std::time::Duration;

use workeros_adapters::{Postgres, PostgresOptions};
use workeros_core::{Database as _, Error, ErrorKind, Value, Violation};

use super::{Schema, Ways as _, execute, source, statement, temporary, try_execute};

#[tokio::test]
async fn violations_name_columns_and_never_values() {
    let Some((database, _schema)) = temporary().await else {
        return;
    };
    let create = "CREATE TABLE things (\
        id integer PRIMARY KEY, \"Mixed, Case\" text NOT NULL DEFAULT '', b text, \
        parent integer REFERENCES things, positive integer CHECK (positive > 0), \
        period int4range, EXCLUDE USING gist (period WITH &&), \
        UNIQUE (\"Mixed, Case\", b))";
    execute(&database, create, []).await;
    execute(
        &database,
        "CREATE UNIQUE INDEX lower_b ON things (lower(b), positive)",
        [],
    )
    .await;
    let insert =
        "INSERT INTO things (id, \"Mixed, Case\", b, period) VALUES (1, 'x', 'hush', '[1,2]')";
    execute(&database, insert, []).await;
    let unique = |columns: &[&str]| Violation::Unique {
        columns: columns.iter().map(|c| (*c).into()).collect(),
    };
    let cases: Vec<(&'static str, Violation)> = vec![
        (
            "INSERT INTO things (id, b) VALUES (1, 'hush2')",
            unique(&["id"]),
        ),
        (
            "INSERT INTO things (id, \"Mixed, Case\", b) VALUES (2, 'x', 'hush')",
            unique(&["Mixed, Case", "b"]),
        ),
        (
            "INSERT INTO things (id, period) VALUES (2, '[2,3]')",
            unique(&[]),
        ),
        (
            "INSERT INTO things (id, parent) VALUES (2, 1234567)",
            Violation::ForeignKey,
        ),
        (
            "INSERT INTO things (id, \"Mixed, Case\", b) VALUES (2, NULL, 'hush')",
            Violation::NotNull {
                column: Some("Mixed, Case".to_owned()),
            },
        ),
        (
            "INSERT INTO things (id, positive, b) VALUES (2, 0, 'hush')",
            Violation::Check,
        ),
        ("SELECT 'hush'::text::integer", Violation::Check),
    ];
    for (sql, violation) in cases {
        let error = try_execute(&database, sql, []).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{sql}");
        assert_eq!(error.violation(), Some(&violation), "{sql}");
        assert!(!source(&error).is_empty(), "{sql}");
        assert!(
            !format!("{error} {error:?}").contains("hush"),
            "{sql}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_reference_that_is_still_needed_is_a_foreign_key_violation() {
    let Some((database, _schema)) = temporary().await else {
        return;
    };
    execute(&database, "CREATE TABLE a (id integer PRIMARY KEY)", []).await;
    execute(
        &database,
        "CREATE TABLE b (a integer REFERENCES a ON DELETE RESTRICT)",
        [],
    )
    .await;
    execute(&database, "INSERT INTO a VALUES (1)", []).await;
    execute(&database, "INSERT INTO b VALUES (1)", []).await;
    let error = try_execute(&database, "DELETE FROM a", [])
        .await
        .unwrap_err();
    assert_eq!(error.violation(), Some(&Violation::ForeignKey));
}

#[tokio::test]
async fn a_fault_of_ours_is_internal_and_says_why_to_the_log_alone() {
    let Some((database, _schema)) = temporary().await else {
        return;
    };
    let error = database
        .fetch(statement("SELECT nothing FROM nowhere", []))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert_eq!(error.message(), "internal error");
    assert!(
        source(&error).contains("relation \"nowhere\" does not exist"),
        "{error:?}"
    );
}

fn assert_unavailable(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert_eq!(error.retry_after_seconds(), Some(1));
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_unavailable() {
    let Some(schema) = Schema::new().await else {
        return;
    };
    let options = PostgresOptions::default().with_statement_timeout(Duration::from_millis(50));
    let database = schema.connect_with(options).await;
    execute(&database, "CREATE TABLE t (a text)", []).await;
    let error = database
        .fetch(statement("SELECT pg_sleep(5)", []))
        .await
        .unwrap_err();
    assert_unavailable(&error);
    let slow = "INSERT INTO t SELECT 'a' FROM pg_sleep(5)";
    assert_unavailable(&try_execute(&database, slow, []).await.unwrap_err());
    assert!(super::rows(&database, "SELECT * FROM t").await.is_empty());
}

#[tokio::test]
async fn a_lock_that_is_not_free_in_time_is_unavailable() {
    use sqlx::{Connection as _, Executor as _};
    let Some(schema) = Schema::new().await else {
        return;
    };
    let options = PostgresOptions::default().with_lock_timeout(Duration::from_millis(50));
    let database = schema.connect_with(options).await;
    execute(&database, "CREATE TABLE t (a text)", []).await;
    let mut other = schema.session().await;
    let mut transaction = other.begin().await.unwrap();
    transaction.execute("LOCK TABLE t").await.unwrap();
    let alter = "ALTER TABLE t ADD COLUMN b text";
    assert_unavailable(&try_execute(&database, alter, []).await.unwrap_err());
    transaction.rollback().await.unwrap();
    execute(&database, alter, []).await;
}

#[tokio::test]
async fn a_pool_without_a_free_connection_is_unavailable() {
    let Some(schema) = Schema::new().await else {
        return;
    };
    let options = PostgresOptions::default()
        .with_max_connections(1)
        .with_acquire_timeout(Duration::from_millis(500));
    let database = schema.connect_with(options).await;
    let busy = database.fetch(statement("SELECT pg_sleep(2)", []));
    let waiting = database.fetch(statement("SELECT 1", []));
    let (busy, waiting) = futures::future::join(busy, waiting).await;
    busy.unwrap();
    assert_unavailable(&waiting.unwrap_err());
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_refused() {
    for url in ["mysql://localhost", "postgres://localhost:port/"] {
        let error = Postgres::connect(url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadRequest, "{url}");
    }
    let options = PostgresOptions::default().with_acquire_timeout(Duration::from_millis(100));
    let nobody = Postgres::connect_with("postgres://a@127.0.0.1:1/a", options).await;
    assert_unavailable(&nobody.unwrap_err());
    let Some(schema) = Schema::new().await else {
        return;
    };
    let options = PostgresOptions::default();
    let nowhere = Postgres::connect_with(&schema.url, options.with_schema("no\" such")).await;
    let error = nowhere.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(
        error.message(),
        "the schema does not exist, or the user may not use it"
    );
}

#[tokio::test]
async fn a_text_with_a_nul_is_a_conflict() {
    let Some((database, _schema)) = temporary().await else {
        return;
    };
    let nul = [Value::Text("a\0b".to_owned())];
    let error = database
        .fetch(statement("SELECT $1", nul))
        .await
        .unwrap_err();
    assert_eq!(error.violation(), Some(&Violation::Check), "{error:?}");
}
