use std::time::Duration;

use rusqlite::Connection;

use super::error::Failure;

/// How long the write-ahead log may become, in pages: 16 MiB.
const LONG: i64 = 4096;

/// How long writes stand still for readers that are in the log, for each time
/// that it is so long; and at most.
const WAIT: Duration = Duration::from_millis(100);
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Both answer whether they were hindered, and how long the log is.
const LOOK: &str = "PRAGMA wal_checkpoint(NOOP)";
const RESTART: &str = "PRAGMA wal_checkpoint(RESTART)";

/// Keeps the write-ahead log short.
///
/// Left to itself, SQLite begins the log anew when a write finds no reader in
/// it. Among enough readers there always is one: the log grows without end, and
/// from some length on each commit tries to empty it and pays for more syncs.
/// So the writer does it, when the log has become long: it moves everything
/// into the file, after which readers that come need the log no more, and waits
/// for those that are in it. While some read for longer than that, the log
/// grows, and each time it has grown as much again it is tried again, with more
/// patience.
#[derive(Debug)]
pub(super) struct Log {
    /// The length at which to try.
    due: i64,
}

impl Log {
    pub(super) fn new() -> Self {
        Self { due: LONG }
    }

    /// To be called behind a commit, by who wrote. `patience` is how long the
    /// connection waits for locks otherwise.
    pub(super) fn tend(
        &mut self,
        connection: &Connection,
        patience: Duration,
    ) -> Result<(), Failure> {
        let (_, length) = checkpoint(connection, LOOK)?;
        if length < LONG {
            self.due = LONG;
        }
        if length < self.due {
            return Ok(());
        }
        let times = u32::try_from(length / LONG).unwrap_or(u32::MAX);
        connection.busy_timeout(WAIT.saturating_mul(times).min(MAX_WAIT))?;
        let restarted = checkpoint(connection, RESTART);
        connection.busy_timeout(patience)?;
        let (hindered, _) = restarted?;
        self.due = if hindered { length + LONG } else { LONG };
        Ok(())
    }
}

fn checkpoint(connection: &Connection, sql: &'static str) -> Result<(bool, i64), Failure> {
    let mut prepared = connection.prepare_cached(sql)?;
    Ok(prepared.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?)
}
