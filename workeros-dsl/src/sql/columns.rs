use sea_query::Expr;

use super::{Slots, SqlError};

/// Where the fields of a condition live in SQL.
///
/// # Contract
///
/// The expression has the value of the field in its normalised form and the
/// SQL type of the field's type: a quoted column, or an expression that
/// normalises the column of an adopted table (`CAST` of a `citext` to `text`,
/// of a `numeric` to `double precision`, the fixed text form of a timestamp on
/// SQLite). On Postgres a text column with a nondeterministic collation must
/// carry `COLLATE "C"`.
pub trait Columns {
    /// The expression of a field, or `None` when there is none.
    fn column(&self, field: &str) -> Option<Expr>;

    /// A truth value that must be TRUE for a comparison on this field to
    /// count: on other rows each operator, also `_null`, is UNKNOWN. `None`
    /// when the field counts on every row.
    ///
    /// # Errors
    ///
    /// When the guard itself cannot be written.
    fn guard(&self, field: &str, slots: &mut Slots) -> Result<Option<Expr>, SqlError> {
        let _ = (field, slots);
        Ok(None)
    }
}
