//! What instances that share a database tell each other.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use workeros_core::{Cost, Database, Dialect, Result, Rows, Statement, Step};

use crate::cache::MAX_AGE;
use crate::changes::Changes;

/// What is remembered is answered with only this long after the last look at
/// what other instances changed.
const FRESH: Duration = Duration::from_secs(1);

/// How often old entries are dropped.
const SWEEP: Duration = Duration::from_mins(5);

/// The position after this read, and the entries since the last one.
///
/// On SQLite there is one writer, so entries become visible in the order of
/// their ids.
const SQLITE: &str = "SELECT coalesce((SELECT max(id) FROM workeros_auth_changes), 0), \
    c.id, c.subject FROM (SELECT 1) AS one LEFT JOIN workeros_auth_changes c ON c.id > $1";
/// A transaction that began earlier may commit later. All that are older than
/// the oldest one open have ended, so what this read shows of them is complete;
/// of the others, entries are read again next time.
const POSTGRES: &str = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, \
    c.id, c.subject FROM (SELECT 1) AS one \
    LEFT JOIN workeros_auth_changes c ON c.tx >= ($1::bigint)::text::xid8";

/// By the time of the database: the clocks of instances may differ. Nothing
/// that is remembered was read so long ago.
const SWEEP_SQLITE: &str = "DELETE FROM workeros_auth_changes WHERE at < unixepoch() - 600";
const SWEEP_POSTGRES: &str =
    "DELETE FROM workeros_auth_changes WHERE at < now() - interval '10 minutes'";

/// The reader of what instances tell each other, this one included: a write
/// whose outcome nobody here saw is learned of so, too.
#[derive(Debug)]
pub(crate) struct Feed {
    dialect: Dialect,
    start: Instant,
    /// When the last read that succeeded began: nanoseconds after `start`, 0
    /// for never.
    heard: AtomicU64,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    position: i64,
    /// The entries of the last read: they may be read again.
    known: HashSet<i64>,
    swept: Option<Instant>,
}

impl Feed {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            start: Instant::now(),
            heard: AtomicU64::new(0),
            progress: Mutex::default(),
        }
    }

    /// Whether it is known what other instances changed until a second ago.
    pub(crate) fn is_fresh(&self) -> bool {
        self.silence().is_some_and(|silence| silence < FRESH)
    }

    /// Marks what was changed since the last read. Gives a step that drops old
    /// entries, now and then.
    pub(crate) async fn refresh(
        &self,
        database: &dyn Database,
        changes: &Changes,
    ) -> Result<Option<Step>> {
        let mut progress = self.progress.lock().await;
        // The read may show nothing that is committed after it began.
        let began = self.start.elapsed();
        let rows = database.fetch(self.unread(progress.position)).await?;
        if self.silence().is_none_or(|silence| silence > MAX_AGE) {
            // Entries may have come and gone meanwhile.
            changes.note(None);
        }
        progress.advance(&rows, changes)?;
        self.heard.store(nanos(began).max(1), Ordering::SeqCst);
        Ok(progress.is_sweep_due().then(|| self.sweep()))
    }

    fn silence(&self) -> Option<Duration> {
        let heard = self.heard.load(Ordering::SeqCst);
        let silence = self
            .start
            .elapsed()
            .saturating_sub(Duration::from_nanos(heard));
        (heard > 0).then_some(silence)
    }

    fn unread(&self, position: i64) -> Statement {
        let sql = match self.dialect {
            Dialect::Sqlite => SQLITE,
            Dialect::Postgres => POSTGRES,
        };
        Statement::new(sql, vec![position.into()]).with_cost(Cost::Short)
    }

    fn sweep(&self) -> Step {
        let sql = match self.dialect {
            Dialect::Sqlite => SWEEP_SQLITE,
            Dialect::Postgres => SWEEP_POSTGRES,
        };
        Step::new(Statement::new(sql, vec![]))
    }
}

impl Progress {
    fn advance(&mut self, rows: &Rows, changes: &Changes) -> Result<()> {
        let mut known = HashSet::new();
        let mut position = self.position;
        for row in rows.iter() {
            position = row.integer(0)?;
            if row.is_null(1) {
                continue;
            }
            let id = row.integer(1)?;
            known.insert(id);
            if !self.known.contains(&id) {
                let subject = if row.is_null(2) {
                    None
                } else {
                    Some(row.bytes(2)?)
                };
                changes.note(subject);
            }
        }
        self.position = position;
        self.known = known;
        Ok(())
    }

    fn is_sweep_due(&mut self) -> bool {
        let due = self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP);
        if due {
            self.swept = Some(Instant::now());
        }
        due
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
