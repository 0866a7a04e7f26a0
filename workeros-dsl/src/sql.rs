//! The only place where SQL text is made.
//!
//! Text enters through three doors: a `&'static str`, a sea-query builder, a
//! bound value. There is no constructor that takes a run-time string.

pub(crate) mod collation;
mod columns;
mod error;
mod slots;
mod template;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use sea_query::{Expr, PostgresQueryBuilder, SchemaStatementBuilder, SqliteQueryBuilder};

use crate::{Dialect, Type};

pub use columns::Columns;
pub use error::SqlError;
pub use slots::Slots;
pub use template::Template;

/// A column as its order is compared: text by code point, whatever collation
/// the column has.
#[must_use]
pub fn ordered(column: Expr, ty: Type, dialect: Dialect) -> Expr {
    collation::ordered(column, ty.kind(), dialect)
}

/// SQL text that no user string was pasted into. Cheap to clone.
#[derive(Clone)]
pub struct Sql(Text);

#[derive(Clone)]
enum Text {
    Static(&'static str),
    Built(Arc<str>),
}

impl Sql {
    /// SQL written in the source. Placeholders are `$1`, `$2`…, which both
    /// dialects read; each must appear first in order.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self(Text::Static(text))
    }

    /// A DDL statement from a sea-query builder.
    #[must_use]
    pub fn schema(statement: &impl SchemaStatementBuilder, dialect: Dialect) -> Self {
        Self::built(match dialect {
            Dialect::Sqlite => statement.to_string(SqliteQueryBuilder),
            Dialect::Postgres => statement.to_string(PostgresQueryBuilder),
        })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Static(text) => text,
            Text::Built(text) => text,
        }
    }

    fn built(text: String) -> Self {
        Self(Text::Built(text.into()))
    }
}

impl PartialEq for Sql {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Sql {}

impl Hash for Sql {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self::new(text)
    }
}

/// TRUE or FALSE, written as such.
pub(crate) fn constant(holds: bool) -> Expr {
    Expr::Constant(holds.into())
}
