use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use rusqlite::Connection;
use workeros_core::{Rows, Statement, Value};

use super::connection::Source;
use super::error::Failure;

/// How many answers are kept.
const CAPACITY: usize = 256;

/// The longest answer that is kept, in rows.
const MAX_ROWS: usize = 16;

/// Changes whenever anybody else has committed, also another process.
const VERSION: &str = "PRAGMA data_version";

/// Answers to [reusable](Statement::reusable) reads, given again as long as
/// the database stays as it is.
///
/// A connection that never does anything else is asked for the version of the
/// data before an answer is looked up. An answer was read after its version
/// was, so at that version it is not old.
pub(super) struct Memo {
    source: Source,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    probe: Connection,
    version: i64,
    answers: LruCache<Question, Rows>,
}

/// What [`Memo::look_up`] found.
pub(super) enum Found {
    Answer(Rows),
    /// No answer; the version the data was at.
    Nothing(i64),
    /// The version cannot be told now.
    Unknown,
}

/// A statement to be found again.
#[derive(PartialEq)]
struct Question(Statement);

// No value is a NaN, so each equals itself.
impl Eq for Question {}

impl Hash for Question {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.sql.as_str().hash(state);
        for param in &self.0.params {
            match param {
                Value::Integer(integer) => integer.hash(state),
                Value::Number(number) => number.to_bits().hash(state),
                Value::Text(text) | Value::Json(text) => text.hash(state),
                Value::Timestamp(timestamp) => timestamp.micros().hash(state),
                Value::Uuid(uuid) => uuid.hash(state),
                Value::Null | Value::Boolean(_) | Value::Bytes(_) | Value::TextList(_) => {}
            }
        }
    }
}

impl Memo {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            kept: Mutex::new(None),
        }
    }

    pub(super) fn look_up(&self, statement: &Statement) -> Found {
        self.try_look_up(statement).unwrap_or(Found::Unknown)
    }

    fn try_look_up(&self, statement: &Statement) -> Result<Found, Failure> {
        let mut slot = self.lock();
        let kept = match &mut *slot {
            Some(kept) => kept,
            slot => slot.insert(Kept::open(&self.source)?),
        };
        let version = kept.probe()?;
        if version != kept.version {
            kept.version = version;
            kept.answers.clear();
        }
        let answer = kept.answers.get(&Question(statement.clone()));
        Ok(answer.map_or(Found::Nothing(version), |rows| Found::Answer(rows.clone())))
    }

    /// Keeps an answer that was read when the data was at that version or a
    /// later one.
    pub(super) fn keep(&self, statement: Statement, version: i64, rows: &Rows) {
        if rows.rows.len() > MAX_ROWS {
            return;
        }
        if let Some(kept) = &mut *self.lock()
            && kept.version == version
        {
            kept.answers.put(Question(statement), rows.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn open(source: &Source) -> Result<Self, Failure> {
        let probe = source.reader()?;
        // It is asked on async workers, which must not sleep.
        probe.busy_timeout(Duration::ZERO)?;
        let capacity = NonZeroUsize::new(CAPACITY).unwrap_or(NonZeroUsize::MIN);
        let mut kept = Self {
            probe,
            version: 0,
            answers: LruCache::new(capacity),
        };
        kept.version = kept.probe()?;
        Ok(kept)
    }

    fn probe(&self) -> Result<i64, Failure> {
        let mut version = self.probe.prepare_cached(VERSION)?;
        Ok(version.query_row([], |row| row.get(0))?)
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test reports by panicking")]

    use std::sync::Arc;

    use rusqlite::Connection;
    use workeros_core::{Row, Rows, Statement};

    use super::super::connection::Place;
    use super::super::options::SqliteOptions;
    use super::{Found, Memo, Source};

    fn found(memo: &Memo, statement: &Statement) -> Option<i64> {
        match memo.look_up(statement) {
            Found::Answer(rows) => Some(rows.first().unwrap().integer(0).unwrap()),
            Found::Nothing(_) => None,
            Found::Unknown => panic!("the version could not be told"),
        }
    }

    fn version(memo: &Memo, statement: &Statement) -> i64 {
        match memo.look_up(statement) {
            Found::Nothing(version) => version,
            Found::Answer(_) | Found::Unknown => panic!("there is an answer"),
        }
    }

    #[test]
    fn an_answer_is_given_again_until_anybody_commits() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("memo.sqlite");
        let other = Connection::open(&path).unwrap();
        other
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER)")
            .unwrap();
        let memo = Memo::new(Source {
            place: Place::File(path),
            options: Arc::new(SqliteOptions::default()),
        });
        let ask = |n: i64| Statement::new("SELECT COUNT(*) FROM t WHERE n = $1", vec![n.into()]);
        let answer = |count: i64| Rows::new(vec![Row::new(vec![count.into()])], 1);

        memo.keep(ask(1), version(&memo, &ask(1)), &answer(7));
        assert_eq!(found(&memo, &ask(1)), Some(7));
        assert_eq!(found(&memo, &ask(2)), None, "another value");

        let before = version(&memo, &ask(2));
        other.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        assert_eq!(found(&memo, &ask(1)), None, "somebody committed");
        memo.keep(ask(2), before, &answer(9));
        assert_eq!(found(&memo, &ask(2)), None, "it was read before the commit");
    }
}
