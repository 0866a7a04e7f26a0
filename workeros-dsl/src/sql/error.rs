use std::error::Error;
use std::fmt;

/// Why a condition or a statement cannot be written as SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqlError {
    /// The condition names a field behind a relation, which has no SQL.
    RelationPath(String),
    /// The [`Columns`](super::Columns) have no expression for a field.
    UnknownColumn(String),
    /// The statement holds a value that did not come from the
    /// [`Slots`](super::Slots) it is finished with.
    ForeignValue,
    /// The statement binds more values than the dialect allows.
    TooManyValues,
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RelationPath(path) => {
                write!(
                    f,
                    "`{path}` lies behind a relation and cannot be compared in the database"
                )
            }
            Self::UnknownColumn(field) => write!(f, "`{field}` has no column"),
            Self::ForeignValue => f.write_str("the statement holds a value without a slot"),
            Self::TooManyValues => f.write_str("the statement binds too many values"),
        }
    }
}

impl Error for SqlError {}
