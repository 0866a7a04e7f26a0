//! What a patch has changed.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::shape::below;

/// The pointers of the settings that are others now, and of those members of
/// theirs that are.
#[derive(Debug, Default)]
pub(super) struct Changed(BTreeSet<String>);

impl Changed {
    /// What differs between two documents, or has a new secret.
    pub(super) fn between(before: &Json, after: &Json, new_secrets: &[String]) -> Self {
        let mut changed = BTreeSet::new();
        for (pointer, before, after) in pairs("", before, after) {
            let members = pairs(&pointer, before, after);
            for (pointer, before, after) in members.into_iter().chain([(pointer, before, after)]) {
                let inside = format!("{pointer}/");
                let has_secret = |new: &String| *new == pointer || new.starts_with(&inside);
                if before != after || new_secrets.iter().any(has_secret) {
                    changed.insert(pointer);
                }
            }
        }
        Self(changed)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether what stands there is said just now.
    pub(super) fn contains(&self, pointer: &str) -> bool {
        self.0.contains(pointer)
    }
}

/// Each member that one of two objects has, with its pointer.
fn pairs<'a>(
    pointer: &str,
    before: &'a Json,
    after: &'a Json,
) -> Vec<(String, &'a Json, &'a Json)> {
    let names = [before, after].into_iter().filter_map(Json::as_object);
    let names: BTreeSet<&String> = names.flat_map(Map::keys).collect();
    let get = |json: &'a Json, name: &str| json.get(name).unwrap_or(&Json::Null);
    names
        .into_iter()
        .map(|name| (below(pointer, name), get(before, name), get(after, name)))
        .collect()
}
