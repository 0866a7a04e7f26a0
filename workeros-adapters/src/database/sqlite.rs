use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;
use workeros_core::{
    Batch, Capability, Cost, Database, Dialect, Error, ErrorKind, Page, Result, Rows, Shape,
    Statement,
};

mod batch;
mod bind;
mod connection;
mod error;
mod inline;
mod log;
mod memo;
mod options;
mod read;
mod reader;
mod worker;
mod writer;

pub use options::SqliteOptions;

use connection::{Place, Source};
use error::{Failure, closed};
use inline::Inline;
use memo::{Found, Memo};
use options::Synchronous;
use reader::ReadJob;
use worker::Workers;
use writer::{Job, Write};

/// A SQLite database, in a file or in memory.
///
/// One thread writes. Batches that queue up while it is busy share one commit,
/// each behind a savepoint of its own, so many callers share one sync and none
/// undoes another. Short reads run where they are asked for, under a step
/// budget; what outgrows it, and reads announced as long, run on threads of
/// their own. Reading never waits for writing.
///
/// Every answered write is on disk (`synchronous = FULL`), unless
/// [`SqliteOptions::danger_normal_synchronous`] was chosen. The file is kept in
/// write-ahead mode: two more files, `-wal` and `-shm`, belong to it while it
/// is open, and it must lie on a local disk. An existing file must store its
/// text as UTF-8.
///
/// Dropping the handle finishes what is queued, stops the threads and waits
/// for them.
///
/// # A host with a SQLite of its own
///
/// Only one crate of a program may link SQLite (Cargo: "Only one package in
/// the dependency graph may specify the same links value"). When the host
/// brings another version of `libsqlite3-sys`, there are three ways out:
///
/// * bring the host's crate to the version this one uses: rusqlite 0.39,
///   which is `libsqlite3-sys` 0.37;
/// * build without this adapter (`default-features = false`) and use
///   Postgres;
/// * build without it and implement [`Database`] over the host's own SQLite;
///   the suite in `workeros_core::testkit` tells when it is right.
#[derive(Debug)]
pub struct Sqlite {
    // Readers are dropped before the writer, whose connection thus closes last
    // and takes the write-ahead log with it.
    reads: Option<Reads>,
    writer: Workers<Job>,
}

#[derive(Debug)]
struct Reads {
    inline: Inline,
    memo: Memo,
    threads: Workers<ReadJob>,
}

impl Sqlite {
    /// Opens the database at `path`; makes it, and its directory, when it is
    /// not there.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](ErrorKind::Unavailable) when the file cannot be opened
    /// or is locked, [`Unsupported`](ErrorKind::Unsupported) when it cannot be
    /// used as described above, [`Internal`](ErrorKind::Internal) when it is
    /// not a database.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self> {
        Self::open_with(path, SqliteOptions::default()).await
    }

    /// Opens the database at `path` with these options.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn open_with(path: impl Into<PathBuf>, options: SqliteOptions) -> Result<Self> {
        let path = path.into();
        if path.as_os_str().is_empty() || path.as_os_str() == ":memory:" {
            let message = "a path is needed; for a database in memory there is `Sqlite::memory`";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let source = Source {
            place: Place::File(path),
            options: Arc::new(options),
        };
        let writer = writer::start(source.clone()).await?;
        let threads = reader::start(&source).map_err(Error::internal)?;
        Ok(Self {
            reads: Some(Reads {
                memo: Memo::new(source.clone()),
                inline: Inline::new(source),
                threads,
            }),
            writer,
        })
    }

    /// An empty database in memory, gone when the handle is dropped. For
    /// tests: it has a single connection, so its reads wait for its writes.
    ///
    /// # Errors
    ///
    /// [`Internal`](ErrorKind::Internal) when no thread can be started.
    pub async fn memory() -> Result<Self> {
        let options = SqliteOptions {
            synchronous: Synchronous::Off,
            ..SqliteOptions::default()
        };
        let source = Source {
            place: Place::Memory,
            options: Arc::new(options),
        };
        Ok(Self {
            reads: None,
            writer: writer::start(source).await?,
        })
    }

    async fn read_or_reuse(&self, reads: &Reads, statement: Statement) -> Result<Rows> {
        match reads.memo.look_up(&statement) {
            Found::Answer(rows) => Ok(rows),
            Found::Nothing(version) => {
                let rows = self.read_rows(statement.clone()).await?;
                reads.memo.keep(statement, version, &rows);
                Ok(rows)
            }
            Found::Unknown => self.read_rows(statement).await,
        }
    }

    async fn read_rows(&self, statement: Statement) -> Result<Rows> {
        self.read(statement.cost, move |connection| {
            read::rows(connection, &statement)
        })
        .await
    }

    async fn read<T: Send + 'static>(
        &self,
        cost: Cost,
        read: impl Fn(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T> {
        if cost == Cost::Short
            && let Some(reads) = &self.reads
            && let Some(result) = reads.inline.run(&read)
        {
            return result;
        }
        let (job, pending) = ReadJob::new(read);
        match &self.reads {
            Some(reads) => reads.threads.send(job)?,
            None => self.writer.send(Job::Read(job))?,
        }
        pending.wait().await
    }
}

#[async_trait]
impl Database for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn capability(&self) -> Capability {
        Capability::full()
    }

    async fn fetch(&self, statement: Statement) -> Result<Rows> {
        match &self.reads {
            Some(reads) if statement.reusable => self.read_or_reuse(reads, statement).await,
            _ => self.read_rows(statement).await,
        }
    }

    async fn fetch_json(&self, statement: Statement, shape: Arc<Shape>) -> Result<Page> {
        self.read(statement.cost, move |connection| {
            read::page(connection, &statement, &shape)
        })
        .await
    }

    async fn apply(&self, batch: Batch) -> Result<Vec<Rows>> {
        let (write, answer) = Write::new(batch);
        self.writer.send(Job::Write(write))?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }
}
