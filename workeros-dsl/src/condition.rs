use sea_query::Expr;
use serde_json::Value as Json;

use crate::sql::{Columns, Slots, SqlError};
use crate::{Fields, FilterError, Path, Row, Truth, Variables};

/// A checked filter or permission. Cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition;

impl Condition {
    /// TRUE for every row.
    #[must_use]
    pub fn all() -> Self {
        todo!()
    }
    /// Reads and checks a filter.
    pub fn parse(_: &Json, _: &dyn Fields) -> Result<Self, FilterError> {
        todo!()
    }
    /// Reads and checks the text of a filter.
    pub fn parse_str(_: &str, _: &dyn Fields) -> Result<Self, FilterError> {
        todo!()
    }
    /// Both.
    #[must_use]
    pub fn and(self, _: Self) -> Self {
        todo!()
    }
    /// Either.
    #[must_use]
    pub fn or(self, _: Self) -> Self {
        todo!()
    }
    /// Whether it is TRUE for every row.
    #[must_use]
    pub fn is_all(&self) -> bool {
        todo!()
    }
    /// What it says about a row.
    #[must_use]
    pub fn evaluate(&self, _: &dyn Row, _: &Variables) -> Truth {
        todo!()
    }
    /// Whether it is TRUE for the row.
    #[must_use]
    pub fn matches(&self, row: &dyn Row, variables: &Variables) -> bool {
        self.evaluate(row, variables).is_true()
    }
    /// The canonical form.
    #[must_use]
    pub fn to_json(&self) -> Json {
        todo!()
    }
    /// The paths it names.
    pub fn fields(&self) -> impl Iterator<Item = &Path> {
        std::iter::empty()
    }
    /// As SQL.
    pub fn to_sql(&self, _: &dyn Columns, _: &mut Slots) -> Result<Expr, SqlError> {
        todo!()
    }
}
