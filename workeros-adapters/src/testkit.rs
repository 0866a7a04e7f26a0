//! A database of its own for each test. **Not covered by semver.**

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test reports by panicking"
)]

use std::sync::Arc;

use workeros_core::Database;

use crate::Sqlite;

#[cfg(feature = "postgres")]
mod postgres;

#[cfg(feature = "postgres")]
pub use postgres::Schema;

/// A database that one test has to itself and that is gone after it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// `sqlite` or `postgres`: what a failure is to name.
    pub name: &'static str,
    /// The database, empty.
    pub database: Arc<dyn Database>,
    #[cfg(feature = "postgres")]
    _schema: Option<Schema>,
}

/// An empty database of every kind there is: SQLite always, Postgres where
/// `WORKEROS_TEST_POSTGRES_URL` names a server.
pub async fn databases() -> Vec<Opened> {
    let mut all = vec![Opened {
        name: "sqlite",
        database: Arc::new(Sqlite::memory().await.unwrap()),
        #[cfg(feature = "postgres")]
        _schema: None,
    }];
    #[cfg(feature = "postgres")]
    if let Some(schema) = Schema::new().await {
        let database = Arc::new(schema.connect().await);
        all.push(Opened {
            name: "postgres",
            database,
            _schema: Some(schema),
        });
    }
    all
}
