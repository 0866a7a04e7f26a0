//! SQLite: the suite in each way of opening it, and what is its own.

use std::sync::Arc;

use async_trait::async_trait;
use tempfile::TempDir;
use workeros_adapters::{Sqlite, SqliteOptions};
use workeros_core::testkit::fault::{FaultyDatabase, Moment};
use workeros_core::{
    Batch, Capability, Database, Dialect, ErrorKind, Page, Result, Rows, Shape, Statement, Step,
    Value,
};

mod crash;
#[cfg(unix)]
mod fault;
mod group;
mod log;
mod open;
mod reads;

mod in_file {
    workeros_core::database_conformance!(async { super::Scratch::new().await });
}

mod in_memory {
    workeros_core::database_conformance!(async { super::Sqlite::memory().await.unwrap() });
}

mod without_inline_reads {
    use super::{Scratch, SqliteOptions};

    workeros_core::database_conformance!(async {
        Scratch::with(SqliteOptions::new().with_inline_budget(0)).await
    });
}

/// Nearly every read starts inline and is started again on a thread.
mod with_a_tiny_inline_budget {
    use super::{Scratch, SqliteOptions};

    workeros_core::database_conformance!(async {
        Scratch::with(SqliteOptions::new().with_inline_budget(1)).await
    });
}

mod with_normal_synchronous {
    use super::{Scratch, SqliteOptions};

    workeros_core::database_conformance!(async {
        Scratch::with(SqliteOptions::new().danger_normal_synchronous()).await
    });
}

mod wrapped {
    use super::{FaultyDatabase, Sqlite};

    workeros_core::database_conformance!(async {
        FaultyDatabase::new(Sqlite::memory().await.unwrap())
    });
}

/// A database in a directory that goes with it.
#[derive(Debug)]
struct Scratch {
    db: Sqlite,
    directory: TempDir,
}

impl Scratch {
    async fn new() -> Self {
        Self::with(SqliteOptions::new()).await
    }

    async fn with(options: SqliteOptions) -> Self {
        let directory = TempDir::new().unwrap();
        let db = Sqlite::open_with(directory.path().join("test.db"), options)
            .await
            .unwrap();
        Self { db, directory }
    }

    fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("test.db")
    }
}

#[async_trait]
impl Database for Scratch {
    fn dialect(&self) -> Dialect {
        self.db.dialect()
    }

    fn capability(&self) -> Capability {
        self.db.capability()
    }

    async fn fetch(&self, statement: Statement) -> Result<Rows> {
        self.db.fetch(statement).await
    }

    async fn fetch_json(&self, statement: Statement, shape: Arc<Shape>) -> Result<Page> {
        self.db.fetch_json(statement, shape).await
    }

    async fn apply(&self, batch: Batch) -> Result<Vec<Rows>> {
        self.db.apply(batch).await
    }
}

fn statement<const N: usize>(sql: &'static str, params: [Value; N]) -> Statement {
    Statement::new(sql, params.into())
}

fn batch<const N: usize>(sql: &'static str, params: [Value; N]) -> Batch {
    Batch::new().step(Step::new(statement(sql, params)))
}

async fn run(db: &dyn Database, sql: &'static str) -> Rows {
    db.apply(batch(sql, [])).await.unwrap().remove(0)
}

async fn integer(db: &dyn Database, sql: &'static str) -> i64 {
    db.fetch(statement(sql, [])).await.unwrap().rows[0]
        .integer(0)
        .unwrap()
}

#[tokio::test]
async fn faults_come_before_or_after_the_effect() {
    let db = FaultyDatabase::new(Sqlite::memory().await.unwrap());
    run(&db, "CREATE TABLE t (id integer)").await;
    db.fail(1, Moment::Before);
    db.fail(2, Moment::After);
    for _ in 0..2 {
        let error = db
            .apply(batch("INSERT INTO t (id) VALUES (1)", []))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
    assert_eq!(integer(&db, "SELECT count(*) FROM t").await, 1);
    db.fail(1, Moment::Before);
    let read = db.fetch(statement("SELECT 1", [])).await;
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(db.calls(), 5);
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new.sqlite");
    let database = workeros_adapters::Sqlite::open(&path).await.unwrap();
    let table = workeros_core::Statement::new("CREATE TABLE t (a integer) STRICT", vec![]);
    let batch = workeros_core::Batch::new().step(workeros_core::Step::new(table));
    workeros_core::Database::apply(&database, batch)
        .await
        .unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
    }
}
