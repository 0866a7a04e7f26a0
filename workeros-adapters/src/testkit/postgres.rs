use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::{Postgres, PostgresOptions};

/// A Postgres schema for one test, dropped with it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Schema {
    /// The server.
    pub url: String,
    /// The schema's name.
    pub name: String,
}

impl Schema {
    /// A fresh schema, or `None` (and a word about it) without a server.
    pub async fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        #[expect(clippy::disallowed_methods, reason = "a test asks its surroundings")]
        let Ok(url) = std::env::var("WORKEROS_TEST_POSTGRES_URL") else {
            println!("skipped: WORKEROS_TEST_POSTGRES_URL is not set");
            return None;
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{count}", std::process::id());
        run(&url, format!("DROP SCHEMA IF EXISTS {name} CASCADE")).await;
        run(&url, format!("CREATE SCHEMA {name}")).await;
        Some(Self { url, name })
    }

    /// An adapter that works in the schema.
    pub async fn connect(&self) -> Postgres {
        let options = PostgresOptions::default().with_schema(&self.name);
        Postgres::connect_with(&self.url, options).await.unwrap()
    }

    /// Runs statements in the schema, outside of the adapter.
    pub async fn run(&self, sql: &str) {
        run(
            &self.url,
            format!("SET search_path TO {}; {sql}", self.name),
        )
        .await;
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let url = self.url.clone();
        // A test that failed may have left a transaction open.
        let drop = format!(
            "SET lock_timeout TO '2s'; DROP SCHEMA IF EXISTS {} CASCADE",
            self.name
        );
        // A thread with a runtime of its own, for a drop cannot await.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(run(&url, drop));
        });
        if dropped.join().is_err() {
            println!("schema {} is left behind", self.name);
        }
    }
}

async fn run(url: &str, sql: String) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}
