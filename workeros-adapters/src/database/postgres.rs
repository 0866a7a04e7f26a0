//! PostgreSQL.

mod apply;
mod connect;
mod decode;
mod encode;
mod failure;
mod kind;
mod numeric;
mod options;
mod query;
mod read;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::postgres::PgPool;
use workeros_core::{Batch, Capability, Database, Dialect, Page, Result, Rows, Shape, Statement};

pub use options::PostgresOptions;

/// PostgreSQL 13 or later, and what speaks its protocol.
///
/// ```no_run
/// use workeros_adapters::Postgres;
///
/// # async fn run() -> workeros_core::Result<()> {
/// let database = Postgres::connect("postgres://app@localhost/app").await?;
/// # drop(database);
/// # Ok(())
/// # }
/// ```
///
/// A pool of connections, each of which keeps the statements it has prepared.
/// Rows are read in the binary protocol and written as JSON without a value
/// in between.
///
/// # What comes back
///
/// | column type | value |
/// | --- | --- |
/// | `boolean` | boolean |
/// | `smallint`, `integer`, `bigint`, `oid` | integer |
/// | `real`, `double precision`, `numeric` | number, the nearest double; null when no finite double is near |
/// | `text`, `varchar`, `char`, `name`, `citext`, `xml`, enums, `time` | text |
/// | `uuid` | uuid |
/// | `timestamptz`, `timestamp` (as UTC), `date` (midnight UTC) | timestamp; what lies outside of its range, infinity too, is the end of the range |
/// | `json`, `jsonb` | JSON |
/// | `bytea` | bytes |
/// | `text[]`, `varchar[]`, `char[]`, `name[]` | list of texts |
///
/// A domain reads like the type it is based on. A column of another type is an
/// [`Internal`](workeros_core::ErrorKind::Internal) error that names the type:
/// cast it in the statement.
///
/// # Parameters
///
/// A value is bound as its own type (`bigint`, `double precision`, `text`…); a
/// null is bound untyped. Since a statement is prepared once for all its
/// values, all values of one placeholder must be of one type or null, and a
/// placeholder whose type the statement does not tell needs a `CAST`.
#[derive(Clone)]
pub struct Postgres {
    pool: PgPool,
    /// Whether connections keep prepared statements.
    keeps_statements: bool,
}

impl Postgres {
    /// Connects to the database at `url`, with default options.
    ///
    /// ```text
    /// postgres://user:password@host:port/database?sslmode=verify-full
    /// ```
    ///
    /// # Errors
    ///
    /// As [`connect_with`](Self::connect_with).
    pub async fn connect(url: &str) -> Result<Self> {
        Self::connect_with(url, PostgresOptions::default()).await
    }

    /// Connects to the database at `url`.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](workeros_core::ErrorKind::BadRequest) when the URL
    /// cannot be read, [`Unavailable`](workeros_core::ErrorKind::Unavailable)
    /// when the server cannot be reached,
    /// [`Unsupported`](workeros_core::ErrorKind::Unsupported) when it is too
    /// old, when the database is not encoded in UTF-8, or when the schema does
    /// not exist; else [`Internal`](workeros_core::ErrorKind::Internal), when
    /// the password is wrong for example.
    pub async fn connect_with(url: &str, options: PostgresOptions) -> Result<Self> {
        connect::open(url, &options).await
    }

    /// Uses a pool of the host's.
    ///
    /// This is the one place where a type of `sqlx` shows, so the host needs
    /// the same major version of it. The pool's own settings stay as they are:
    /// give its connections a `statement_timeout` and a `lock_timeout`, and
    /// leave their time zone at UTC.
    ///
    /// # Errors
    ///
    /// As [`connect_with`](Self::connect_with), and
    /// [`Unsupported`](workeros_core::ErrorKind::Unsupported) when the
    /// sessions of the pool are not in UTC.
    pub async fn from_pool(pool: PgPool) -> Result<Self> {
        connect::adopt(pool).await
    }

    /// Closes all connections, after the statements that are running.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The pool's own form shows the URL and with it the password.
        f.debug_struct("Postgres")
            .field("connections", &self.pool.size())
            .field("idle", &self.pool.num_idle())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Database for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn capability(&self) -> Capability {
        Capability::full()
    }

    async fn fetch(&self, statement: Statement) -> Result<Rows> {
        self.read_rows(&statement).await
    }

    async fn fetch_json(&self, statement: Statement, shape: Arc<Shape>) -> Result<Page> {
        self.read_page(&statement, &shape).await
    }

    async fn apply(&self, batch: Batch) -> Result<Vec<Rows>> {
        self.run_batch(batch.steps()).await
    }
}
