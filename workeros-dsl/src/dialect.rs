/// The SQL dialects conditions are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite 3.38 or later.
    Sqlite,
    /// PostgreSQL 13 or later, and what speaks its dialect.
    Postgres,
}

impl Dialect {
    /// How many values one statement can bind by default.
    pub(crate) fn max_values(self) -> usize {
        match self {
            Self::Sqlite => 32_766,
            Self::Postgres => 65_535,
        }
    }
}
