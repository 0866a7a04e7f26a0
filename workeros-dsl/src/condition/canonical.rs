//! The form conditions are stored and sent back in.

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use super::{Condition, Node};

/// Writes the canonical form. Conditions that are AND-ed share an object
/// where their keys allow it, so that the form nests no deeper than needed.
pub(super) fn to_json(condition: &Condition) -> Json {
    if condition.is_all() {
        return Json::Object(Map::new());
    }
    Json::Object(to_object(condition))
}

/// How deep `$and`, `$or` and `$not` nest in the canonical form.
pub(super) fn nesting(condition: &Condition) -> usize {
    let deepest = |conditions: &[Condition]| conditions.iter().map(nesting).max().unwrap_or(0);
    match &*condition.0 {
        Node::And(conditions) => deepest(conditions) + usize::from(!fit_one_object(conditions)),
        Node::Or(conditions) => deepest(conditions) + 1,
        Node::Not(condition) => nesting(condition) + 1,
        Node::Leaf(_) => 0,
    }
}

fn to_object(condition: &Condition) -> Map<String, Json> {
    match &*condition.0 {
        Node::And(conditions) if fit_one_object(conditions) => merged(conditions),
        Node::And(conditions) => list("$and", conditions),
        Node::Or(conditions) => list("$or", conditions),
        Node::Not(condition) => member("$not", Json::Object(to_object(condition))),
        Node::Leaf(leaf) => {
            let operator = member(leaf.op.name(), leaf.test.operand());
            member(leaf.path.as_str(), Json::Object(operator))
        }
    }
}

fn list(key: &str, conditions: &[Condition]) -> Map<String, Json> {
    let conditions = conditions
        .iter()
        .map(|condition| Json::Object(to_object(condition)));
    member(key, conditions.collect())
}

/// Whether no key would come twice.
fn fit_one_object(conditions: &[Condition]) -> bool {
    let mut keys = HashSet::new();
    !conditions.is_empty()
        && conditions
            .iter()
            .all(|condition| keys.insert(key(condition)))
}

/// What must be unique in an object: the key, and below a field the operator.
fn key(condition: &Condition) -> (&str, &str) {
    match &*condition.0 {
        Node::And(_) => ("$and", ""),
        Node::Or(_) => ("$or", ""),
        Node::Not(_) => ("$not", ""),
        Node::Leaf(leaf) => (leaf.path.as_str(), leaf.op.name()),
    }
}

fn merged(conditions: &[Condition]) -> Map<String, Json> {
    let mut object = Map::new();
    for (key, value) in conditions.iter().flat_map(to_object) {
        match (object.get_mut(&key), value) {
            (Some(Json::Object(operators)), Json::Object(more)) => operators.extend(more),
            (_, value) => {
                object.insert(key, value);
            }
        }
    }
    object
}

fn member(key: &str, value: Json) -> Map<String, Json> {
    Map::from_iter([(key.to_owned(), value)])
}
