use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use workeros_core::{
    Batch, Clock, Cost, Database, Decision, Dialect, Error, Migration, Quota, RateKey, RateLimiter,
    Result, Row, Statement, Step, Timestamp, Value, migrate,
};

use super::window::{Window, horizon};

/// Goes on with a window that is current and has room, begins one that is not,
/// and gives nothing back where there is no room.
const SPEND: &str = "INSERT INTO workeros_rate_limits AS w (key, used, began_at, ends_at) \
    VALUES ($1, $2, $3, $4) \
    ON CONFLICT (key) DO UPDATE SET \
    used = CASE WHEN w.ends_at > excluded.began_at AND w.began_at <= $5 \
        THEN w.used + excluded.used ELSE excluded.used END, \
    began_at = CASE WHEN w.ends_at > excluded.began_at AND w.began_at <= $5 \
        THEN w.began_at ELSE excluded.began_at END, \
    ends_at = CASE WHEN w.ends_at > excluded.began_at AND w.began_at <= $5 \
        THEN w.ends_at ELSE excluded.ends_at END \
    WHERE w.ends_at <= excluded.began_at OR w.began_at > $5 OR w.used + excluded.used <= $6 \
    RETURNING used, began_at, ends_at";
const LOOK: &str = "SELECT used, began_at, ends_at FROM workeros_rate_limits WHERE key = $1";
const RESET: &str = "DELETE FROM workeros_rate_limits WHERE key = $1";
/// Rows that somebody has at hand are left for the next time: nobody waits for
/// it, and it waits for nobody.
const SWEEP_POSTGRES: &str = "DELETE FROM workeros_rate_limits WHERE key IN \
    (SELECT key FROM workeros_rate_limits WHERE ends_at <= $1 LIMIT 10000 \
    FOR UPDATE SKIP LOCKED)";
const SWEEP_SQLITE: &str = "DELETE FROM workeros_rate_limits WHERE key IN \
    (SELECT key FROM workeros_rate_limits WHERE ends_at <= $1 LIMIT 10000)";
/// The time between two sweeps of an instance, in microseconds.
const SWEEP_PAUSE: i64 = 60_000_000;

/// Counts in the database: for instances that share one. A call costs one
/// statement that writes a row, and one that is refused another that reads it.
///
/// Rows of windows that are over are dropped now and then.
#[derive(Debug)]
pub struct DatabaseRateLimiter {
    database: Arc<dyn Database>,
    clock: Arc<dyn Clock>,
    /// In microseconds since the epoch.
    swept_at: AtomicI64,
}

impl DatabaseRateLimiter {
    /// The table it counts in; see [`migrate`](workeros_core::migrate).
    pub const MIGRATIONS: &'static [Migration] = &[Migration {
        name: "rate-limit-0001-windows",
        sqlite: &[
            "CREATE TABLE workeros_rate_limits (\
            key BLOB PRIMARY KEY NOT NULL, \
            used INTEGER NOT NULL, \
            began_at INTEGER NOT NULL, \
            ends_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
            "CREATE INDEX workeros_rate_limits_ends_at ON workeros_rate_limits (ends_at)",
        ],
        postgres: &[
            "CREATE TABLE workeros_rate_limits (\
            key bytea PRIMARY KEY, \
            used bigint NOT NULL, \
            began_at bigint NOT NULL, \
            ends_at bigint NOT NULL)",
            "CREATE INDEX workeros_rate_limits_ends_at ON workeros_rate_limits (ends_at)",
        ],
    }];

    /// A limiter that counts in this database, in a table that is made if it is
    /// not there, and goes by this clock.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn open(database: Arc<dyn Database>, clock: Arc<dyn Clock>) -> Result<Self> {
        migrate(&*database, &*clock, Self::MIGRATIONS).await?;
        Ok(Self::new(database, clock))
    }

    /// The same for a table that is there.
    #[must_use]
    pub fn new(database: Arc<dyn Database>, clock: Arc<dyn Clock>) -> Self {
        Self {
            database,
            clock,
            swept_at: AtomicI64::new(0),
        }
    }

    /// What is left, without spending any of it.
    async fn look(&self, key: &RateKey, now: Timestamp) -> Result<Option<Window>> {
        let look = Statement::new(LOOK, vec![digest(key)]).with_cost(Cost::Short);
        let rows = self.database.fetch(look).await?;
        let window = rows.first().map(Window::read).transpose()?;
        Ok(window.filter(|window| window.is_current(now)))
    }

    async fn refuse(&self, key: &RateKey, quota: Quota, now: Timestamp) -> Result<Decision> {
        let window = self.look(key, now).await?;
        let window = window.unwrap_or(Window::begin(quota, 0, now));
        Ok(Decision::refused(quota, window.used, window.rest(now)))
    }

    /// Drops what is over, now and then. That it fails is no reason to refuse
    /// the call it came with.
    async fn sweep(&self, now: Timestamp) {
        let (swept_at, now) = (self.swept_at.load(Ordering::Relaxed), now.micros());
        if now.saturating_sub(swept_at) < SWEEP_PAUSE {
            return;
        }
        let claimed =
            self.swept_at
                .compare_exchange(swept_at, now, Ordering::Relaxed, Ordering::Relaxed);
        if claimed.is_err() {
            return;
        }
        let sql = match self.database.dialect() {
            Dialect::Sqlite => SWEEP_SQLITE,
            Dialect::Postgres => SWEEP_POSTGRES,
        };
        if let Err(error) = self.apply(sql, vec![now.into()]).await {
            tracing::warn!(%error, "old rate limits are not dropped");
        }
    }

    async fn apply(&self, sql: &'static str, params: Vec<Value>) -> Result<Option<Row>> {
        let batch = Batch::new().step(Step::new(Statement::new(sql, params)));
        let rows = self.database.apply(batch).await?;
        Ok(rows.first().and_then(|rows| rows.first().cloned()))
    }
}

#[async_trait]
impl RateLimiter for DatabaseRateLimiter {
    async fn spend(&self, key: &RateKey, quota: Quota, cost: u32) -> Result<Decision> {
        let now = self.clock.now();
        if cost == 0 {
            let window = self.look(key, now).await?;
            let (used, rest) = window.map_or((0, Duration::ZERO), |window| {
                (window.used, window.rest(now))
            });
            return Ok(Decision::admitted(quota, used, rest));
        }
        if cost > quota.limit() {
            return self.refuse(key, quota, now).await;
        }
        let begun = Window::begin(quota, cost, now);
        let params = vec![
            digest(key),
            i64::from(cost).into(),
            begun.began_at.into(),
            begun.ends_at.into(),
            horizon(now).into(),
            i64::from(quota.limit()).into(),
        ];
        let Some(row) = self.apply(SPEND, params).await? else {
            return self.refuse(key, quota, now).await;
        };
        self.sweep(now).await;
        let window = Window::read(&row)?;
        Ok(Decision::admitted(quota, window.used, window.rest(now)))
    }

    async fn reset(&self, key: &RateKey) -> Result<()> {
        self.apply(RESET, vec![digest(key)]).await.map(drop)
    }
}

impl Window {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            used: u32::try_from(row.integer(0)?).map_err(Error::internal)?,
            began_at: row.integer(1)?,
            ends_at: row.integer(2)?,
        })
    }
}

fn digest(key: &RateKey) -> Value {
    Value::Bytes(key.digest().to_vec())
}
