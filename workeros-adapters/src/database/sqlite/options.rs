use std::time::Duration;

/// How a SQLite database is opened.
///
/// ```
/// use workeros_adapters::SqliteOptions;
///
/// let options = SqliteOptions::new().with_readers(8);
/// ```
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    pub(super) readers: usize,
    pub(super) statement_cache: usize,
    pub(super) busy_timeout: Duration,
    pub(super) inline_budget: u32,
    pub(super) synchronous: Synchronous,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Synchronous {
    Full,
    Normal,
    /// For what is gone with the process anyway.
    Off,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            readers: 4,
            statement_cache: 512,
            busy_timeout: Duration::from_secs(5),
            inline_budget: 100_000,
            synchronous: Synchronous::Full,
        }
    }
}

impl SqliteOptions {
    /// The defaults: every answered write is on disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many threads serve long reads. Default: 4; at least one.
    #[must_use]
    pub fn with_readers(mut self, readers: usize) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// Sets how many prepared statements each connection keeps. Default: 512.
    #[must_use]
    pub fn with_statement_cache(mut self, statements: usize) -> Self {
        self.statement_cache = statements;
        self
    }

    /// Sets how long to wait for a lock that another process holds. Default:
    /// five seconds; capped at a day.
    #[must_use]
    pub fn with_busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout.min(Duration::from_secs(24 * 60 * 60));
        self
    }

    /// Sets how many steps of SQLite's virtual machine a read of
    /// [`Cost::Short`](workeros_core::Cost::Short) may take where it was asked
    /// for, before it is started again on a thread for long reads. Default:
    /// 100 000, about a millisecond. With 0 every read goes to those threads.
    #[must_use]
    pub fn with_inline_budget(mut self, steps: u32) -> Self {
        self.inline_budget = steps;
        self
    }

    /// Answers writes before they are on disk: a power failure may undo the
    /// last of them (the file stays sound, and a mere crash of the process
    /// loses nothing). Writes of a single caller become several times faster;
    /// writes of many callers share their syncs anyway.
    #[must_use]
    pub fn danger_normal_synchronous(mut self) -> Self {
        tracing::warn!("a power failure may undo writes: `danger_normal_synchronous` is set");
        self.synchronous = Synchronous::Normal;
        self
    }
}
