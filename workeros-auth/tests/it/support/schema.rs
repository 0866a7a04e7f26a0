use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

/// A Postgres schema for one test, dropped with it.
pub(crate) struct Schema {
    pub(crate) url: String,
    pub(crate) name: String,
}

impl Schema {
    /// A fresh schema, or `None` (and a word about it) without a server.
    pub(crate) async fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(url) = std::env::var("WORKEROS_TEST_POSTGRES_URL") else {
            println!("skipped: WORKEROS_TEST_POSTGRES_URL is not set");
            return None;
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("auth_{}_{count}", std::process::id());
        run(&url, format!("DROP SCHEMA IF EXISTS {name} CASCADE")).await;
        run(&url, format!("CREATE SCHEMA {name}")).await;
        Some(Self { url, name })
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let url = self.url.clone();
        let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name);
        // A thread with a runtime of its own, for a drop cannot await.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(run(&url, drop));
        });
        dropped.join().unwrap();
    }
}

async fn run(url: &str, sql: String) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}
