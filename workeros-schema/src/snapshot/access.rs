use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value as Json;
use workeros_core::{Action, CollectionId, FieldSet, PermissionId, Rule, Timestamp};
use workeros_dsl::Condition;

use super::Role;
use crate::collection::Collection;

/// A permission row: what one role may do with one collection.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Permission {
    /// Its id.
    pub id: PermissionId,
    /// The role's name.
    pub role: String,
    /// The collection, or `None` for all of them.
    pub collection: Option<CollectionId>,
    /// What for.
    pub action: Action,
    /// Which rows; `None` for all. Kept as it was written, since it is read
    /// against the fields the collection has today.
    pub condition: Option<Json>,
    /// Which columns; `None` for all.
    pub fields: Option<Vec<String>>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The permission rows of a workspace by the collection they are for, `None`
/// for all of them; each group by id. A request looks at two groups, however
/// many there are, and a change replaces one.
#[derive(Debug, Clone, Default)]
pub(super) struct Access(HashMap<Option<CollectionId>, Arc<[Entry]>>);

/// A permission row and what it says of its collection, read once; `None` for
/// one that cannot be read, which grants nothing.
#[derive(Debug, Clone)]
struct Entry {
    permission: Permission,
    rule: Option<Rule>,
}

type Collections = HashMap<CollectionId, Arc<Collection>>;

impl Access {
    /// The rows, read against these collections. A group that is as it was is
    /// taken from what is known.
    pub(super) fn new(
        permissions: Vec<Permission>,
        collections: &Collections,
        known: Option<(&Self, &Collections)>,
    ) -> Self {
        let mut groups: HashMap<Option<CollectionId>, Vec<Permission>> = HashMap::new();
        for permission in permissions {
            let group = groups.entry(permission.collection).or_default();
            group.push(permission);
        }
        let groups = groups.into_iter().map(|(id, group)| {
            let collection = id.and_then(|id| collections.get(&id));
            let known = known.and_then(|(access, before)| {
                let before = id.and_then(|id| before.get(&id));
                let same = before.map(Arc::as_ptr) == collection.map(Arc::as_ptr);
                access
                    .0
                    .get(&id)
                    .filter(|known| same && known.iter().map(|entry| &entry.permission).eq(&group))
            });
            let read = || {
                read(
                    group.iter().cloned(),
                    collection.map(|collection| &**collection),
                )
            };
            (id, known.map_or_else(read, Arc::clone))
        });
        Self(groups.collect())
    }

    /// The rows of that role for that collection and action, each with its
    /// rule.
    pub(super) fn applying<'a>(
        &'a self,
        role: &'a str,
        collection: CollectionId,
        action: Action,
    ) -> impl Iterator<Item = (&'a Permission, Option<&'a Rule>)> {
        [None, Some(collection)]
            .into_iter()
            .filter_map(|id| self.0.get(&id))
            .flat_map(|group| group.iter())
            .filter(move |entry| entry.permission.action == action && entry.permission.role == role)
            .map(|entry| (&entry.permission, entry.rule.as_ref()))
    }

    /// All rows, oldest first.
    pub(super) fn permissions(&self) -> Vec<&Permission> {
        let mut permissions: Vec<&Permission> = self.all().collect();
        permissions.sort_unstable_by_key(|permission| permission.id);
        permissions
    }

    /// The row with that id.
    pub(super) fn permission(&self, id: PermissionId) -> Option<&Permission> {
        self.all().find(|permission| permission.id == id)
    }

    /// Puts the row with that id into its group, in place of what it was; takes
    /// it out when there is none any more.
    pub(super) fn replace(
        &mut self,
        id: PermissionId,
        group: Option<CollectionId>,
        permission: Option<Permission>,
        collection: Option<&Collection>,
    ) {
        let entries = self.0.get(&group).map_or(&[][..], |entries| entries);
        let others = entries.iter().filter(|entry| entry.permission.id != id);
        let mut entries: Vec<Entry> = others.cloned().collect();
        entries.extend(permission.map(|permission| Entry::read(permission, collection)));
        entries.sort_unstable_by_key(|entry| entry.permission.id);
        self.set(group, entries.into());
    }

    /// Reads the rows of a collection against its new definition.
    pub(super) fn redefine(&mut self, collection: &Collection) {
        let group = Some(collection.id);
        if let Some(entries) = self.0.get(&group) {
            let permissions = entries.iter().map(|entry| entry.permission.clone());
            let entries = read(permissions, Some(collection));
            self.set(group, entries);
        }
    }

    /// Forgets the rows of a collection.
    pub(super) fn remove(&mut self, collection: CollectionId) {
        self.0.remove(&Some(collection));
    }

    /// Forgets the rows of every role but these.
    pub(super) fn retain(&mut self, roles: &[Role]) {
        let is_there = |entry: &Entry| roles.iter().any(|role| role.name == entry.permission.role);
        for entries in self.0.values_mut() {
            if !entries.iter().all(is_there) {
                *entries = entries
                    .iter()
                    .filter(|entry| is_there(entry))
                    .cloned()
                    .collect();
            }
        }
        self.0.retain(|_, entries| !entries.is_empty());
    }

    /// Whether there are rows for that collection.
    pub(super) fn names(&self, collection: CollectionId) -> bool {
        self.0.contains_key(&Some(collection))
    }

    fn all(&self) -> impl Iterator<Item = &Permission> {
        let entries = self.0.values().flat_map(|entries| entries.iter());
        entries.map(|entry| &entry.permission)
    }

    fn set(&mut self, group: Option<CollectionId>, entries: Arc<[Entry]>) {
        if entries.is_empty() {
            self.0.remove(&group);
        } else {
            self.0.insert(group, entries);
        }
    }
}

impl Entry {
    fn read(permission: Permission, collection: Option<&Collection>) -> Self {
        let rule = rule(&permission, collection);
        Self { permission, rule }
    }
}

fn read(
    permissions: impl Iterator<Item = Permission>,
    collection: Option<&Collection>,
) -> Arc<[Entry]> {
    permissions
        .map(|permission| Entry::read(permission, collection))
        .collect()
}

/// The rule a permission row makes, or `None` if it cannot be read. A row for
/// all collections has no condition: they share no fields.
fn rule(permission: &Permission, collection: Option<&Collection>) -> Option<Rule> {
    let condition = match (&permission.condition, collection) {
        (None, _) => Condition::all(),
        (Some(_), None) => return None,
        (Some(json), Some(collection)) => Condition::parse(json, collection)
            .inspect_err(|error| {
                tracing::warn!(
                    permission = %permission.id,
                    collection = %collection.slug,
                    %error,
                    "a permission cannot be read and grants nothing"
                );
            })
            .ok()?,
    };
    let fields = match &permission.fields {
        None => FieldSet::All,
        Some(fields) => FieldSet::Only(fields.iter().cloned().collect()),
    };
    Some(Rule { condition, fields })
}
