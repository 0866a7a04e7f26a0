//! PostgreSQL, against the server named by `WORKEROS_TEST_POSTGRES_URL`.

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use workeros_adapters::testkit::Schema;
use workeros_adapters::{Postgres, PostgresOptions};
use workeros_core::{Database as _, Error, Result, Row, Statement, Value};

mod batches;
mod connections;
mod contract;
mod errors;
mod values;

/// The ways into a schema that only these tests go.
trait Ways {
    /// An adapter that works in the schema.
    async fn connect_with(&self, options: PostgresOptions) -> Postgres;

    /// A pool as a host would bring it.
    fn pool(&self, statements: usize) -> PgPool;

    /// A connection that works in the schema, outside of the adapter.
    async fn session(&self) -> PgConnection;
}

impl Ways for Schema {
    async fn connect_with(&self, options: PostgresOptions) -> Postgres {
        Postgres::connect_with(&self.url, options.with_schema(&self.name))
            .await
            .unwrap()
    }

    fn pool(&self, statements: usize) -> PgPool {
        let session = self.url.parse::<PgConnectOptions>().unwrap();
        let session = session
            .options([("search_path", &self.name)])
            .statement_cache_capacity(statements);
        PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(session)
    }

    async fn session(&self) -> PgConnection {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let path = format!("SET search_path TO {}", self.name);
        connection.execute(AssertSqlSafe(path)).await.unwrap();
        connection
    }
}

/// An adapter with default options in a schema of its own.
async fn temporary() -> Option<(Postgres, Schema)> {
    let schema = Schema::new().await?;
    Some((schema.connect().await, schema))
}

/// An adapter with a single connection, so that a test knows on which one it
/// runs.
async fn single() -> Option<(Postgres, Schema)> {
    let schema = Schema::new().await?;
    Some((
        schema
            .connect_with(PostgresOptions::default().with_max_connections(1))
            .await,
        schema,
    ))
}

fn statement(sql: &'static str, params: impl Into<Vec<Value>>) -> Statement {
    Statement::new(sql, params.into())
}

/// Runs a statement in a batch of its own.
async fn execute(database: &Postgres, sql: &'static str, params: impl Into<Vec<Value>>) {
    try_execute(database, sql, params).await.unwrap();
}

async fn try_execute(
    database: &Postgres,
    sql: &'static str,
    params: impl Into<Vec<Value>>,
) -> Result<()> {
    use workeros_core::{Batch, Step};
    database
        .apply(Batch::new().step(Step::new(statement(sql, params))))
        .await
        .map(drop)
}

async fn rows(database: &Postgres, sql: &'static str) -> Vec<Row> {
    database.fetch(statement(sql, [])).await.unwrap().rows
}

/// The only value of the only row.
async fn value(database: &Postgres, sql: &'static str) -> Value {
    let rows = rows(database, sql).await;
    assert_eq!(rows.len(), 1, "{sql}");
    rows[0].value(0).unwrap().clone()
}

/// The message of an error's source.
fn source(error: &Error) -> String {
    std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default()
}
