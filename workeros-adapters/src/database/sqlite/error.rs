use rusqlite::ErrorCode;
use rusqlite::ffi;
use workeros_core::{Error, ErrorKind, Violation};

/// What can go wrong inside the adapter.
#[derive(Debug)]
pub(super) enum Failure {
    /// SQLite said so.
    Sqlite(rusqlite::Error),
    /// A caller's function or a conversion said so.
    Core(Error),
}

impl Failure {
    /// A fault in what the caller sent.
    pub(super) fn misuse(message: &'static str) -> Self {
        Self::Core(Error::internal(message))
    }

    /// Whether the read was given up here and may succeed on a thread that
    /// may take its time: out of budget, or locked for a moment.
    pub(super) fn wants_time(&self) -> bool {
        matches!(
            self.code(),
            Some(
                ErrorCode::OperationInterrupted
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
            )
        )
    }

    /// Whether a constraint of the schema said no.
    pub(super) fn is_constraint(&self) -> bool {
        self.code() == Some(ErrorCode::ConstraintViolation)
    }

    /// Whether the connection is to be opened anew before it is used again.
    pub(super) fn spoils_connection(&self) -> bool {
        matches!(
            self.code(),
            Some(
                ErrorCode::SystemIoFailure
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::CannotOpen
                    | ErrorCode::OutOfMemory
            )
        )
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            Self::Core(_) => None,
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Sqlite(error) => translate(error),
            Failure::Core(error) => error,
        }
    }
}

/// The queue is full.
pub(super) fn overloaded() -> Error {
    Error::new(ErrorKind::Unavailable, "the database is busy").with_retry_after(1)
}

/// The handle is gone, or the thread that should have answered.
pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "the database is closed")
}

fn translate(error: rusqlite::Error) -> Error {
    if let Some((violation, message)) = violation(&error) {
        return Error::new(ErrorKind::Conflict, message)
            .with_violation(violation)
            .with_source(error);
    }
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OperationInterrupted,
        ) => Error::new(ErrorKind::Unavailable, "the database is busy")
            .with_retry_after(1)
            .with_source(error),
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory,
        ) => Error::new(ErrorKind::Unavailable, "the database is not available").with_source(error),
        _ => Error::internal(error),
    }
}

fn violation(error: &rusqlite::Error) -> Option<(Violation, &'static str)> {
    let rusqlite::Error::SqliteFailure(code, message) = error else {
        return None;
    };
    let message = message.as_deref().unwrap_or_default();
    Some(match code.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => (
            Violation::Unique {
                columns: columns(message),
            },
            "the value is already taken",
        ),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => (
            Violation::ForeignKey,
            "a referenced row does not exist, or this one is still referred to",
        ),
        ffi::SQLITE_CONSTRAINT_NOTNULL => (
            Violation::NotNull {
                column: columns(message).pop(),
            },
            "a required value is missing",
        ),
        // STRICT tables and integer keys refuse values of another type; a
        // trigger that raises is a check of its own.
        _ if matches!(
            code.code,
            ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch
        ) =>
        {
            (Violation::Check, "a value does not satisfy a constraint")
        }
        _ => return None,
    })
}

/// The columns in `UNIQUE constraint failed: t.a, t.b`. An index on an
/// expression is reported by name instead; then there are none.
fn columns(message: &str) -> Vec<String> {
    let Some((_, list)) = message.split_once("constraint failed: ") else {
        return Vec::new();
    };
    list.split(", ")
        .filter_map(|column| column.rsplit_once('.'))
        .map(|(_, column)| column.to_owned())
        .collect()
}
