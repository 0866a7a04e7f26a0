//! PostgreSQL, against the server named by `WORKEROS_TEST_POSTGRES_URL`.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use workeros_adapters::{Postgres, PostgresOptions};
use workeros_core::{Database as _, Error, Result, Row, Statement, Value};

mod batches;
mod connections;
mod contract;
mod errors;
mod values;

/// A schema of its own for each test, dropped with it.
#[derive(Debug)]
struct Schema {
    url: String,
    name: String,
}

impl Schema {
    /// A fresh schema, or `None` (and a word about it) without a server.
    async fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(url) = std::env::var("WORKEROS_TEST_POSTGRES_URL") else {
            println!("skipped: WORKEROS_TEST_POSTGRES_URL is not set");
            return None;
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let schema = Self {
            url,
            name: format!("adapters_{}_{count}", std::process::id()),
        };
        schema.remove().await.unwrap();
        schema.run(format!("CREATE SCHEMA {}", schema.name)).await;
        Some(schema)
    }

    /// An adapter that works in the schema.
    async fn connect(&self, options: PostgresOptions) -> Postgres {
        Postgres::connect_with(&self.url, options.with_schema(&self.name))
            .await
            .unwrap()
    }

    /// A pool as a host would bring it.
    fn pool(&self, statements: usize) -> PgPool {
        let session = self.url.parse::<PgConnectOptions>().unwrap();
        let session = session
            .options([("search_path", &self.name)])
            .statement_cache_capacity(statements);
        PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(session)
    }

    /// Runs a statement on a connection of its own, outside of the adapter.
    async fn run(&self, sql: String) {
        let mut connection = self.session().await;
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
        connection.close().await.unwrap();
    }

    /// A connection that works in the schema, outside of the adapter.
    async fn session(&self) -> PgConnection {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let path = format!("SET search_path TO {}", self.name);
        connection.execute(AssertSqlSafe(path)).await.unwrap();
        connection
    }

    async fn remove(&self) -> sqlx::Result<()> {
        let mut connection = self.session().await;
        // A test that failed may have left a transaction open.
        connection.execute("SET lock_timeout TO '2s'").await?;
        let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name);
        connection.execute(AssertSqlSafe(drop)).await?;
        connection.close().await
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // A thread with a runtime of its own, for a drop cannot await.
        let removed = std::thread::scope(|scope| {
            let remove = || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                runtime.unwrap().block_on(self.remove())
            };
            scope.spawn(remove).join()
        });
        if let Ok(Err(error)) = removed {
            println!("schema {} is left behind: {error}", self.name);
        }
    }
}

/// An adapter with default options in a schema of its own.
async fn temporary() -> Option<(Postgres, Schema)> {
    let schema = Schema::new().await?;
    Some((schema.connect(PostgresOptions::default()).await, schema))
}

/// An adapter with a single connection, so that a test knows on which one it
/// runs.
async fn single() -> Option<(Postgres, Schema)> {
    let schema = Schema::new().await?;
    Some((
        schema
            .connect(PostgresOptions::default().with_max_connections(1))
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
