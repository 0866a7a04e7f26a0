use sha2::{Digest, Sha256};
use workeros_dsl::Dialect;

use crate::{Batch, Clock, Database, Error, ErrorKind, Expect, Result, Statement, Step};

/// One step in the life of the system tables.
///
/// A migration never changes once it was released: its text is checksummed
/// when it is applied, and an instance whose text differs refuses to start.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its name, unique and sorted: `auth-0001-users`.
    pub name: &'static str,
    /// The statements for SQLite.
    pub sqlite: &'static [&'static str],
    /// The statements for Postgres.
    pub postgres: &'static [&'static str],
}

impl Migration {
    /// The statements for a dialect.
    #[must_use]
    pub const fn statements(&self, dialect: Dialect) -> &'static [&'static str] {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }

    /// The SHA-256 of the statements for a dialect, as bytes.
    #[must_use]
    pub fn checksum(&self, dialect: Dialect) -> Vec<u8> {
        let mut hash = Sha256::new();
        for statement in self.statements(dialect) {
            hash.update(statement.as_bytes());
            hash.update([0]);
        }
        hash.finalize().to_vec()
    }
}

const CREATE_TABLE_SQLITE: &str = "CREATE TABLE IF NOT EXISTS workeros_migrations (\
    name TEXT PRIMARY KEY, checksum BLOB NOT NULL, applied_at TEXT NOT NULL)";
const CREATE_TABLE_POSTGRES: &str = "CREATE TABLE IF NOT EXISTS workeros_migrations (\
    name text PRIMARY KEY, checksum bytea NOT NULL, applied_at timestamptz NOT NULL)";
const LOCK_POSTGRES: &str = "SELECT pg_advisory_xact_lock(8245921731640093807)";
const SELECT: &str = "SELECT name, checksum FROM workeros_migrations";
const INSERT: &str = "INSERT INTO workeros_migrations (name, checksum, applied_at) VALUES ($1, $2, $3) \
     ON CONFLICT (name) DO NOTHING";

/// How often a lost race for a migration is looked at again.
const ATTEMPTS: usize = 5;

/// Applies the migrations that are not applied yet, in order, each in one
/// batch with its record. Instances that start at once do not get in each
/// other's way: the record is written first, so one of them wins and the
/// others find the work done.
///
/// # Errors
///
/// [`Conflict`](ErrorKind::Conflict) when an applied migration has another
/// text than the one given: the database was made by another version. Else
/// what the database answers.
pub async fn migrate(
    database: &dyn Database,
    clock: &dyn Clock,
    migrations: &[Migration],
) -> Result<()> {
    create_record_table(database).await?;
    for migration in migrations {
        apply_once(database, clock, migration).await?;
    }
    Ok(())
}

async fn create_record_table(database: &dyn Database) -> Result<()> {
    let mut batch = Batch::new();
    match database.dialect() {
        Dialect::Sqlite => {
            batch.push(Step::new(Statement::new(CREATE_TABLE_SQLITE, vec![])));
        }
        // Two sessions that create the same table at once collide in the
        // catalogue of Postgres in spite of IF NOT EXISTS.
        Dialect::Postgres => {
            batch.push(Step::new(Statement::new(LOCK_POSTGRES, vec![])));
            batch.push(Step::new(Statement::new(CREATE_TABLE_POSTGRES, vec![])));
        }
    }
    database.apply(batch).await.map(drop)
}

async fn apply_once(
    database: &dyn Database,
    clock: &dyn Clock,
    migration: &Migration,
) -> Result<()> {
    for _ in 0..ATTEMPTS {
        if is_applied(database, migration).await? {
            return Ok(());
        }
        match database
            .apply(batch_of(database.dialect(), clock, migration))
            .await
        {
            Err(error) if error.kind() == ErrorKind::Conflict && error.violation().is_none() => {}
            other => return other.map(drop),
        }
    }
    Err(Error::new(
        ErrorKind::Unavailable,
        "another instance is migrating; try again",
    ))
}

async fn is_applied(database: &dyn Database, migration: &Migration) -> Result<bool> {
    let rows = database.fetch(Statement::new(SELECT, vec![])).await?;
    for row in &rows {
        if row.text(0)? == migration.name {
            if row.bytes(1)? == migration.checksum(database.dialect()) {
                return Ok(true);
            }
            let why = format!(
                "migration `{}` was applied with another text; this version cannot use the database",
                migration.name
            );
            return Err(Error::new(ErrorKind::Conflict, why));
        }
    }
    Ok(false)
}

fn batch_of(dialect: Dialect, clock: &dyn Clock, migration: &Migration) -> Batch {
    let record = vec![
        migration.name.into(),
        workeros_dsl::Value::Bytes(migration.checksum(dialect)),
        clock.now().into(),
    ];
    let mut batch = Batch::new();
    if dialect == Dialect::Postgres {
        batch.push(Step::new(Statement::new(LOCK_POSTGRES, vec![])));
    }
    batch.push(Step::new(Statement::new(INSERT, record)).expect(
        Expect::One,
        ErrorKind::Conflict,
        "another instance was faster",
    ));
    for statement in migration.statements(dialect) {
        batch.push(Step::new(Statement::new(*statement, vec![])));
    }
    batch
}
