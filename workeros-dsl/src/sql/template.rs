use super::{Sql, slots::Slot};
use crate::{Value, Variables};

/// A finished statement: text that depends on no subject, and where each of
/// its values comes from. Build once, bind often.
#[derive(Debug, Clone)]
pub struct Template {
    sql: Sql,
    slots: Vec<Slot>,
}

impl Template {
    pub(super) fn new(sql: Sql, slots: Vec<Slot>) -> Self {
        Self { sql, slots }
    }

    /// The text, with `$1`… on Postgres and `?` on SQLite.
    #[must_use]
    pub fn sql(&self) -> &Sql {
        &self.sql
    }

    /// The values of the placeholders, in order. An argument that is not
    /// given is NULL.
    #[must_use]
    pub fn bind(&self, variables: &Variables, arguments: &[Value]) -> Vec<Value> {
        self.slots
            .iter()
            .map(|slot| slot.bind(variables, arguments))
            .collect()
    }
}
