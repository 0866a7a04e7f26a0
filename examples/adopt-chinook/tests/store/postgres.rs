use std::panic::{AssertUnwindSafe, resume_unwind};
use std::str::FromStr as _;
use std::sync::Arc;

use futures::FutureExt as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, raw_sql};
use workeros::Postgres;

const DUMP: &str = include_str!("../../data/chinook_postgresql.sql");

const SCHEMA: &str = "
    SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type, is_nullable,
        column_default, character_maximum_length, numeric_precision, numeric_scale)
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name NOT LIKE 'workeros\\_%'
    UNION ALL
    SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
        AND conrelid::regclass::text NOT LIKE 'workeros\\_%'
    UNION ALL
    SELECT indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename NOT LIKE 'workeros\\_%'
    UNION ALL
    SELECT pg_get_triggerdef(oid) FROM pg_trigger
    WHERE NOT tgisinternal AND tgrelid::regclass::text NOT LIKE 'workeros\\_%'
    ORDER BY 1";

async fn schema(connection: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(SCHEMA)
        .fetch_all(connection)
        .await
        .unwrap()
}

async fn run(connection: &mut PgConnection, sql: String) {
    raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .unwrap();
}

/// The dump without the lines that make a database and go there.
fn tables_and_rows() -> String {
    let is_ours = |line: &&str| {
        !line.starts_with("DROP DATABASE")
            && !line.starts_with("CREATE DATABASE")
            && !line.starts_with('\\')
    };
    DUMP.lines().filter(is_ours).collect::<Vec<_>>().join("\n")
}

async fn serve(database: &PgConnectOptions) {
    let mut connection = database.connect().await.unwrap();
    run(&mut connection, tables_and_rows()).await;
    let before = schema(&mut connection).await;
    assert!(before.len() > 80, "{before:?}");
    let postgres = Postgres::connect(database.to_url_lossy().as_str())
        .await
        .unwrap();
    crate::visit(Arc::new(postgres)).await;
    assert_eq!(schema(&mut connection).await, before);
}

#[tokio::test]
async fn the_database_is_served_as_it_is() {
    let Ok(url) = std::env::var("WORKEROS_TEST_POSTGRES_URL") else {
        eprintln!("skipped: WORKEROS_TEST_POSTGRES_URL is not set");
        return;
    };
    let server = PgConnectOptions::from_str(&url).unwrap();
    let name = format!("chinook_{}", std::process::id());
    let mut connection = server.connect().await.unwrap();
    run(
        &mut connection,
        format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
    )
    .await;
    run(&mut connection, format!("CREATE DATABASE {name}")).await;
    let served = AssertUnwindSafe(serve(&server.database(&name)))
        .catch_unwind()
        .await;
    run(
        &mut connection,
        format!("DROP DATABASE {name} WITH (FORCE)"),
    )
    .await;
    served.unwrap_or_else(|panic| resume_unwind(panic));
}
