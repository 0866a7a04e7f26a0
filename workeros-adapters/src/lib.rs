//! Bundled adapters of workeros.

mod database;

#[cfg(feature = "postgres")]
pub use database::{Postgres, PostgresOptions};
#[cfg(feature = "sqlite")]
pub use database::{Sqlite, SqliteOptions};
