//! From a URL or a pool to a checked adapter.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _};
use workeros_core::{Error, ErrorKind, Result};

use super::failure::Failure;
use super::{Postgres, PostgresOptions};

/// How many statements a connection keeps prepared.
const STATEMENTS: usize = 512;

/// From what idle time on a connection is tested before it is used. A test is
/// a round trip, too much for a connection that worked a moment ago.
const TESTED_AFTER: Duration = Duration::from_secs(1);

/// The oldest server whose SQL is spoken.
const OLDEST: u32 = 13;

const SESSION: &str = "SELECT current_schema() IS NOT NULL, \
    current_setting('server_encoding') = 'UTF8', \
    current_setting('TimeZone') IN ('UTC', 'Etc/UTC'), \
    current_setting('standard_conforming_strings') = 'on'";

pub(super) async fn open(url: &str, options: &PostgresOptions) -> Result<Postgres> {
    let session = parse(url)?
        .statement_cache_capacity(STATEMENTS)
        .options(settings(options))
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for < TESTED_AFTER {
                    return Ok(true);
                }
                Ok(connection.ping().await.is_ok())
            })
        })
        .connect_lazy_with(session);
    adopt(pool).await
}

fn parse(url: &str) -> Result<PgConnectOptions> {
    // `sqlx` takes any scheme for its own.
    if !["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        let why = "the URL of the database must start with `postgres://`";
        return Err(Error::new(ErrorKind::BadRequest, why));
    }
    PgConnectOptions::from_str(url).map_err(|error| {
        let why = "the URL of the database is not valid";
        Error::new(ErrorKind::BadRequest, why).with_source(error)
    })
}

/// The settings of each session of a pool of ours. `sqlx` itself sets the time
/// zone to UTC.
fn settings(options: &PostgresOptions) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        (
            "statement_timeout",
            options.statement_timeout.as_millis().to_string(),
        ),
        ("lock_timeout", options.lock_timeout.as_millis().to_string()),
        ("standard_conforming_strings", "on".to_owned()),
        // That a table is there already is no news.
        ("client_min_messages", "warning".to_owned()),
    ];
    if let Some(schema) = &options.schema {
        let quoted = format!("\"{}\"", schema.replace('"', "\"\""));
        settings.push(("search_path", quoted));
    }
    settings
}

pub(super) async fn adopt(pool: PgPool) -> Result<Postgres> {
    let mut connection = pool.acquire().await.map_err(Failure::Driver)?;
    check(&mut connection).await?;
    // A host may have turned the cache off, for a pooler of transactions for
    // example. What `sqlx` prepares there by name it never closes.
    let keeps_statements = connection.cached_statements_size() > 0;
    if !keeps_statements {
        connection
            .execute("DEALLOCATE ALL")
            .await
            .map_err(Failure::Driver)?;
    }
    drop(connection);
    Ok(Postgres {
        pool,
        keeps_statements,
    })
}

/// Refuses a server or a session that would not keep the contract.
async fn check(connection: &mut PgConnection) -> Result<()> {
    // A server that is no PostgreSQL may not tell a version.
    if connection
        .server_version_num()
        .is_some_and(|version| version / 10_000 < OLDEST)
    {
        return Err(unsupported("PostgreSQL 13 or later is needed"));
    }
    let row = sqlx::query(SESSION)
        .fetch_one(connection)
        .await
        .map_err(Failure::Driver)?;
    let requirements = [
        "the schema does not exist, or the user may not use it",
        "the database must be encoded in UTF-8",
        "the time zone of the session must be UTC",
        "standard_conforming_strings must be on",
    ];
    for (index, requirement) in requirements.into_iter().enumerate() {
        if !row.try_get::<bool, _>(index).map_err(Failure::Driver)? {
            return Err(unsupported(requirement));
        }
    }
    Ok(())
}

fn unsupported(message: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}
