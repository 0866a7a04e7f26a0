//! What can go wrong, and which error of the contract it is.

use std::fmt;

use sqlx::postgres::PgDatabaseError;
use workeros_core::{Error, ErrorKind, Violation};

/// Why a statement or a batch did not run.
#[derive(Debug)]
pub(super) enum Failure {
    /// The driver or the server.
    Driver(sqlx::Error),
    /// No transaction could be begun, or the session was ended by the server
    /// before it came to an end: nothing has happened.
    NotBegun(sqlx::Error),
    /// The connection was lost when the work may already have been done.
    InDoubt(sqlx::Error),
    /// A step, its expectation, or a value that cannot be carried.
    Refused(Error),
}

impl Failure {
    /// What a failed commit means.
    pub(super) fn at_commit(error: sqlx::Error) -> Self {
        if is_lost(&error) {
            Self::InDoubt(error)
        } else {
            Self::Driver(error)
        }
    }

    /// What it means that a statement failed that was a transaction by itself.
    /// `done` says whether only its commit was left.
    pub(super) fn alone(error: sqlx::Error, done: bool) -> Self {
        // What an idle session is told when it is ended waits to be read until
        // the session is used again.
        let is_ended =
            server(&error).is_some_and(|error| matches!(error.code(), "57P01" | "57P05"));
        if is_ended && !done {
            Self::NotBegun(error)
        } else {
            Self::at_commit(error)
        }
    }

    /// Whether the connection is of no more use.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Driver(error) | Self::NotBegun(error) | Self::InDoubt(error) => is_lost(error),
            Self::Refused(_) => false,
        }
    }

    /// Whether the transaction was undone by the server for a reason that is
    /// likely to be gone the next time.
    pub(super) fn is_race(&self) -> bool {
        matches!(self.code(), Some("40001" | "40P01"))
    }

    /// Whether a prepared statement no longer fits the tables: its answer
    /// would have other types than when it was prepared.
    pub(super) fn is_stale(&self) -> bool {
        match self {
            Self::Driver(error) => server(error).is_some_and(|error| {
                error.code() == "0A000" && error.routine() == Some("RevalidateCachedQuery")
            }),
            Self::NotBegun(_) | Self::InDoubt(_) | Self::Refused(_) => false,
        }
    }

    fn code(&self) -> Option<&str> {
        match self {
            Self::Driver(error) => server(error).map(PgDatabaseError::code),
            Self::NotBegun(_) | Self::InDoubt(_) | Self::Refused(_) => None,
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Driver(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Driver(error) | Failure::NotBegun(error) => driver_error(error),
            Failure::InDoubt(error) => unavailable(
                "the connection to the database was lost: whether the change was made is not known",
            )
            .with_source(error),
            Failure::Refused(error) => error,
        }
    }
}

fn server(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

fn is_lost(error: &sqlx::Error) -> bool {
    match server(error) {
        Some(error) => is_lost_code(error.code()),
        None => matches!(error, sqlx::Error::Io(_) | sqlx::Error::BeginFailed),
    }
}

/// A connection exception (but no violation of the protocol), or an end of the
/// session by the server.
fn is_lost_code(code: &str) -> bool {
    (code.starts_with("08") && code != "08P01")
        || matches!(
            code,
            "25P03" | "25P04" | "57P01" | "57P02" | "57P03" | "57P05"
        )
}

fn driver_error(error: sqlx::Error) -> Error {
    if let Some(error) = server(&error) {
        return server_error(error);
    }
    match error {
        sqlx::Error::PoolTimedOut => {
            unavailable("no connection to the database was free in time").with_source(error)
        }
        sqlx::Error::Io(_) | sqlx::Error::BeginFailed | sqlx::Error::PoolClosed => {
            unavailable("the database cannot be reached").with_source(error)
        }
        other => Error::internal(other),
    }
}

fn server_error(error: &PgDatabaseError) -> Error {
    let answer = match error.code() {
        "23505" => conflict(
            "the value is already taken",
            Violation::Unique {
                columns: error.detail().map(key_columns).unwrap_or_default(),
            },
        ),
        "23P01" => conflict(
            "the value is already taken",
            Violation::Unique {
                columns: Vec::new(),
            },
        ),
        "23503" | "23001" => conflict("a reference does not hold", Violation::ForeignKey),
        "23502" => conflict(
            "a value is missing",
            Violation::NotNull {
                column: error.column().map(str::to_owned),
            },
        ),
        "23514" => conflict("a value is not allowed", Violation::Check),
        code if is_data_exception(code) => conflict("a value is not allowed", Violation::Check),
        "40001" | "40P01" => unavailable("too many changes at once"),
        "55P03" => unavailable("a lock was not free in time"),
        "57014" => unavailable("the database took too long"),
        code if is_busy_code(code) => unavailable("the database is not available"),
        _ => Error::new(ErrorKind::Internal, "internal error"),
    };
    answer.with_source(Report::of(error))
}

/// A value the column's type cannot hold. Bytes the server cannot read are a
/// fault of this adapter.
fn is_data_exception(code: &str) -> bool {
    code.starts_with("22") && code != "22P03"
}

/// Out of resources, connection gone, or a standby that takes no writes.
fn is_busy_code(code: &str) -> bool {
    code.starts_with("53") || code == "25006" || is_lost_code(code)
}

fn conflict(message: &'static str, violation: Violation) -> Error {
    Error::new(ErrorKind::Conflict, message).with_violation(violation)
}

fn unavailable(message: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, message).with_retry_after(1)
}

/// The columns of `Key (tenant_id, "Mixed Case")=(…) already exists.`, in
/// whatever language; an expression among them is left out.
fn key_columns(detail: &str) -> Vec<String> {
    let mut columns = Vec::new();
    let Some((_, mut rest)) = detail.split_once('(') else {
        return columns;
    };
    loop {
        let (column, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_name(quoted),
            None => plain_name(rest),
        };
        columns.extend(column);
        match after.strip_prefix(", ") {
            Some(next) => rest = next,
            None => return columns,
        }
    }
}

/// A name after its opening quote, and what follows the closing one.
fn quoted_name(text: &str) -> (Option<String>, &str) {
    let mut name = String::new();
    let mut rest = text;
    while let Some((part, after)) = rest.split_once('"') {
        name.push_str(part);
        let Some(next) = after.strip_prefix('"') else {
            return (Some(name), after);
        };
        name.push('"');
        rest = next;
    }
    (None, "")
}

/// A name without quotes, and what follows it. An expression has no name; it
/// is skipped to the end of its parentheses.
fn plain_name(text: &str) -> (Option<String>, &str) {
    let mut depth = 0_usize;
    let mut is_name = true;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth == 0 => return split_name(text, at, is_name),
            ')' => depth -= 1,
            ',' if depth == 0 => return split_name(text, at, is_name),
            _ => {}
        }
        is_name &= character.is_alphanumeric() || matches!(character, '_' | '$');
    }
    (None, "")
}

fn split_name(text: &str, at: usize, is_name: bool) -> (Option<String>, &str) {
    let (name, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    (is_name.then(|| name.to_owned()), rest)
}

/// What the server said, for the log, without the values it said it about.
#[derive(Debug)]
struct Report {
    code: String,
    message: Option<String>,
    place: Vec<String>,
}

impl Report {
    fn of(error: &PgDatabaseError) -> Self {
        let place = [
            error.table(),
            error.column(),
            error.constraint(),
            error.data_type(),
        ];
        Self {
            code: error.code().to_owned(),
            // Those of a data exception quote the value.
            message: (!is_data_exception(error.code())).then(|| error.message().to_owned()),
            place: place.into_iter().flatten().map(str::to_owned).collect(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres {}", self.code)?;
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        if !self.place.is_empty() {
            write!(f, " ({})", self.place.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}

#[cfg(test)]
mod tests {
    use super::key_columns;

    #[test]
    fn key_columns_are_read_from_the_detail() {
        let cases: [(&str, &[&str]); 8] = [
            ("Key (email)=(a@b.c) already exists.", &["email"]),
            (
                "Key (tenant_id, slug)=(1, (x, y)=(z)) already exists.",
                &["tenant_id", "slug"],
            ),
            (
                "Key (\"Mixed, \"\"(a)=(\", b)=(1, 2) already exists.",
                &["Mixed, \"(a)=(", "b"],
            ),
            (
                "Key (tenant_id, lower(email::text))=(1, a) already exists.",
                &["tenant_id"],
            ),
            ("Key ((a || ', '::text), b)=(1, 2) already exists.", &["b"]),
            ("Schlüssel »(größe)=(1)« existiert bereits.", &["größe"]),
            ("Key (\"open", &[]),
            ("", &[]),
        ];
        for (detail, columns) in cases {
            assert_eq!(key_columns(detail), columns, "{detail}");
        }
    }
}
