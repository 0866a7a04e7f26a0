use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use workeros_core::{Error, ErrorKind};

use super::error::Failure;
use super::options::{SqliteOptions, Synchronous};

/// Where connections come from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) place: Place,
    pub(super) options: Arc<SqliteOptions>,
}

#[derive(Debug, Clone)]
pub(super) enum Place {
    File(PathBuf),
    Memory,
}

impl Source {
    /// The connection that writes; creates the file when there is none.
    pub(super) fn writer(&self) -> Result<Connection, Failure> {
        let connection = match &self.place {
            Place::File(path) => {
                create_directory(path)?;
                create_file(path)?;
                Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_CREATE))?
            }
            Place::Memory => Connection::open_in_memory()?,
        };
        self.configure(&connection)?;
        expect_utf8(&connection)?;
        if matches!(self.place, Place::File(_)) {
            expect_wal(&connection)?;
        }
        connection.execute_batch(match self.options.synchronous {
            Synchronous::Full => "PRAGMA synchronous = FULL",
            Synchronous::Normal => "PRAGMA synchronous = NORMAL",
            Synchronous::Off => "PRAGMA synchronous = OFF",
        })?;
        // The writer empties the log itself.
        connection.execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768; \
             PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 0;",
        )?;
        Ok(connection)
    }

    /// A connection that only reads, to a file that is there.
    pub(super) fn reader(&self) -> Result<Connection, Failure> {
        let Place::File(path) = &self.place else {
            return Err(Failure::misuse("a database in memory has one connection"));
        };
        let connection = Connection::open_with_flags(path, flags(OpenFlags::empty()))?;
        self.configure(&connection)?;
        connection.execute_batch("PRAGMA query_only = ON")?;
        Ok(connection)
    }

    fn configure(&self, connection: &Connection) -> Result<(), Failure> {
        connection.busy_timeout(self.options.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(self.options.statement_cache);
        for (setting, on) in [
            // A misspelt column is an error and not the text of its name.
            (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
            (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
            // A schema made by somebody else cannot call what has effects.
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            // Plans stay as they are when other values are bound.
            (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
        ] {
            connection.set_db_config(setting, on)?;
        }
        connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456;")?;
        Ok(())
    }
}

/// Each connection is used by one thread at a time, so SQLite needs no mutex
/// of its own; and without the URI flag a `?` in a path is only a character.
fn flags(more: OpenFlags) -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more
}

/// Makes the file readable by its owner alone: it holds hashes of passwords and
/// keys. SQLite gives its other files the mode of this one.
#[cfg(unix)]
fn create_file(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt as _;

    let mut options = std::fs::OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            let message = "the file of the database cannot be made";
            Err(Failure::Core(
                Error::new(ErrorKind::Unavailable, message).with_source(error),
            ))
        }
    }
}

#[cfg(not(unix))]
fn create_file(_: &Path) -> Result<(), Failure> {
    Ok(())
}

fn create_directory(path: &Path) -> Result<(), Failure> {
    let Some(directory) = path
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty())
    else {
        return Ok(());
    };
    std::fs::create_dir_all(directory).map_err(|error| {
        let message = "the directory of the database cannot be made";
        Failure::Core(Error::new(ErrorKind::Unavailable, message).with_source(error))
    })
}

fn expect_wal(connection: &Connection) -> Result<(), Failure> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode == "wal" {
        return Ok(());
    }
    let message = "the database cannot keep a write-ahead log where it lies";
    Err(Failure::Core(Error::new(ErrorKind::Unsupported, message)))
}

/// In another encoding text would not be ordered by code point.
fn expect_utf8(connection: &Connection) -> Result<(), Failure> {
    let encoding: String = connection.query_row("PRAGMA encoding", [], |row| row.get(0))?;
    if encoding == "UTF-8" {
        return Ok(());
    }
    let message = "the database does not store its text as UTF-8";
    Err(Failure::Core(Error::new(ErrorKind::Unsupported, message)))
}
