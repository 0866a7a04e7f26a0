use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use workeros_core::{Error, Result};

use super::connection::Source;
use super::error::Failure;

/// How many steps of the virtual machine pass between two looks at the budget.
const TICK: u32 = 1000;

/// Connections for short reads, which run where they were asked for: a hop to
/// another thread costs as much as such a read.
pub(super) struct Inline {
    source: Source,
    idle: Arc<Mutex<Idle>>,
    /// In ticks; 0 when nothing is to run inline.
    budget: u32,
}

struct Idle {
    connections: Vec<Budgeted>,
    /// How many more may be opened.
    left: usize,
}

/// A connection whose reads are interrupted when they take too many steps.
struct Budgeted {
    connection: Connection,
    ticks: Arc<AtomicU32>,
    /// The version of the schema that was read without a budget.
    schema: Option<i64>,
}

impl Inline {
    pub(super) fn new(source: Source) -> Self {
        let budget = source.options.inline_budget.div_ceil(TICK);
        // An inline read never waits, so there are never more at a time than
        // there are async workers.
        let left = thread::available_parallelism().map_or(2, usize::from);
        Self {
            source,
            idle: Arc::new(Mutex::new(Idle {
                connections: Vec::new(),
                left,
            })),
            budget,
        }
    }

    /// Runs the read here and now, or answers `None` when it wants more time
    /// than it may have.
    pub(super) fn run<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Option<Result<T>> {
        let budgeted = self.take()?;
        budgeted.ticks.store(self.budget, Ordering::Relaxed);
        match read(&budgeted.connection) {
            Err(failure) if failure.spoils_connection() => {
                drop(budgeted);
                self.lock().left += 1;
                Some(Err(failure.into()))
            }
            Err(failure) if failure.wants_time() => {
                self.prepare(budgeted);
                None
            }
            result => {
                self.lock().connections.push(budgeted);
                Some(result.map_err(Error::from))
            }
        }
    }

    fn take(&self) -> Option<Budgeted> {
        if self.budget == 0 {
            return None;
        }
        {
            let mut idle = self.lock();
            if let Some(budgeted) = idle.connections.pop() {
                return Some(budgeted);
            }
            idle.left = idle.left.checked_sub(1)?;
        }
        let opened = self.open();
        if opened.is_err() {
            self.lock().left += 1;
        }
        // What is wrong shows again on the thread the read then goes to.
        opened.ok()
    }

    fn open(&self) -> Result<Budgeted, Failure> {
        let connection = self.source.reader()?;
        // An async worker must not sleep.
        connection.busy_timeout(Duration::ZERO)?;
        let ticks = Arc::new(AtomicU32::new(0));
        let left = Arc::clone(&ticks);
        let spend = move || {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |ticks| {
                ticks.checked_sub(1)
            })
            .is_err()
        };
        connection.progress_handler(TICK.cast_signed(), Some(spend))?;
        Ok(Budgeted {
            connection,
            ticks,
            schema: None,
        })
    }

    /// Keeps a connection on which a read wanted more time. It may have been
    /// the schema that took it: that of thousands of tables is never read
    /// within a budget, so it is read once on a thread of its own.
    fn prepare(&self, mut budgeted: Budgeted) {
        let version = budgeted.schema_version();
        if version.is_some() && version == budgeted.schema {
            self.lock().connections.push(budgeted);
            return;
        }
        let idle = Arc::clone(&self.idle);
        let read = move || {
            budgeted.ticks.store(u32::MAX, Ordering::Relaxed);
            // Whatever names a table has the schema read. If it fails, so does
            // the next read, on the thread it then goes to.
            drop(budgeted.connection.prepare("SELECT 1 FROM sqlite_schema"));
            budgeted.schema = version;
            lock(&idle).connections.push(budgeted);
        };
        let thread = thread::Builder::new().name("workeros-schema".to_owned());
        if thread.spawn(read).is_err() {
            self.lock().left += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        lock(&self.idle)
    }
}

fn lock(idle: &Mutex<Idle>) -> MutexGuard<'_, Idle> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Budgeted {
    fn schema_version(&self) -> Option<i64> {
        self.connection
            .query_row("PRAGMA schema_version", [], |row| row.get(0))
            .ok()
    }
}

impl fmt::Debug for Inline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inline")
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use sea_query::{Alias, ColumnDef, SqliteQueryBuilder, Table};

    use super::super::SqliteOptions;
    use super::super::connection::Place;
    use super::*;

    #[test]
    fn a_schema_that_exceeds_the_budget_is_read_all_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.db");
        let writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "journal_mode", "wal").unwrap();
        for n in 0..300 {
            let mut table = Table::create();
            table.table(Alias::new(format!("t{n}")));
            table.col(ColumnDef::new("id").integer());
            writer
                .execute(&table.build(SqliteQueryBuilder), [])
                .unwrap();
        }
        let inline = Inline::new(Source {
            place: Place::File(path),
            options: Arc::new(SqliteOptions::default().with_inline_budget(TICK)),
        });
        let read = |connection: &Connection| -> Result<i64, Failure> {
            Ok(connection.query_row("SELECT count(*) FROM t7", [], |row| row.get(0))?)
        };
        assert!(
            inline.run(read).is_none(),
            "the schema is within the budget"
        );
        let read_again = |_| {
            thread::sleep(Duration::from_millis(5));
            inline.run(read)
        };
        let found = (0..1000).find_map(read_again);
        assert_eq!(found.unwrap().unwrap(), 0);
        // The next change is read so, too.
        writer
            .execute("CREATE TABLE later (id INTEGER)", [])
            .unwrap();
        assert!(inline.run(read).is_none());
        assert_eq!((0..1000).find_map(read_again).unwrap().unwrap(), 0);
    }
}
