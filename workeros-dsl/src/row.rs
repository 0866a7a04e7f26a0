use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use crate::Value;

/// A row a condition can be matched against.
///
/// Values are normalised, as [`Type::value_from_json`](crate::Type::value_from_json)
/// gives them.
pub trait Row {
    /// The value of a field. `None` is NULL, except under a relation path
    /// (`author.name`), where it means that the row does not know: the
    /// comparison is then unknown.
    fn value(&self, field: &str) -> Option<&Value>;
}

impl Row for BTreeMap<String, Value> {
    fn value(&self, field: &str) -> Option<&Value> {
        self.get(field)
    }
}

impl<S: BuildHasher> Row for HashMap<String, Value, S> {
    fn value(&self, field: &str) -> Option<&Value> {
        self.get(field)
    }
}
