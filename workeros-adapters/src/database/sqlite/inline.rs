use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
    idle: Mutex<Idle>,
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
}

impl Inline {
    pub(super) fn new(source: Source) -> Self {
        let budget = source.options.inline_budget.div_ceil(TICK);
        // An inline read never waits, so there are never more at a time than
        // there are async workers.
        let left = thread::available_parallelism().map_or(2, usize::from);
        Self {
            source,
            idle: Mutex::new(Idle {
                connections: Vec::new(),
                left,
            }),
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
                self.lock().connections.push(budgeted);
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
        Ok(Budgeted { connection, ticks })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Inline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inline")
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}
