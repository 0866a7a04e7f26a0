use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use workeros_core::{
    Action, CollectionId, Grant, PermissionId, RoleId, Rule, Subject, TenantId, Timestamp,
};

mod access;
mod delta;
mod doubts;
mod load;

pub use access::Permission;
pub(crate) use delta::Touched;
pub(crate) use doubts::Doubts;

use access::Access;

use crate::collection::Collection;
use crate::field::Field;

/// Everything the data plane knows of one workspace at one version: its
/// collections, roles and permissions.
///
/// A snapshot never changes. A change of definition or access makes a new one,
/// so whoever holds a snapshot sees one consistent state, and nothing cached
/// under its version can outlive it. What a change does not touch is shared by
/// both.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) tenant: TenantId,
    pub(crate) version: i64,
    pub(crate) collections: Arc<HashMap<String, Arc<Collection>>>,
    pub(crate) roles: Arc<[Role]>,
    by_id: Arc<HashMap<CollectionId, Arc<Collection>>>,
    access: Arc<Access>,
    /// The collections with relations, by the slug they point to; made when it
    /// is first asked for.
    referring: OnceLock<HashMap<String, Vec<Arc<Collection>>>>,
}

/// A role of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// Its name; fixed for life.
    pub name: String,
    /// A note for people.
    pub description: Option<String>,
    /// Whether it may do everything in the workspace.
    pub admin: bool,
    /// Whether it is one of those every workspace has.
    pub system: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Snapshot {
    /// The role of that name.
    pub(crate) fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name)
    }

    /// The collection with that id.
    pub(crate) fn collection_by_id(&self, id: CollectionId) -> Option<&Arc<Collection>> {
        self.by_id.get(&id)
    }

    /// The collections with a relation that points to that slug, by slug.
    pub(crate) fn referring(&self, slug: &str) -> &[Arc<Collection>] {
        let referring = self.referring.get_or_init(|| referring(&self.collections));
        referring.get(slug).map_or(&[], Vec::as_slice)
    }

    /// The permission rows, oldest first.
    pub(crate) fn permissions(&self) -> Vec<&Permission> {
        self.access.permissions()
    }

    /// The permission row with that id.
    pub(crate) fn permission(&self, id: PermissionId) -> Option<&Permission> {
        self.access.permission(id)
    }

    /// Whether the subject may do everything in the workspace, as far as it is
    /// not [narrowed](Subject::scope) to reading.
    pub(crate) fn is_admin(&self, subject: &Subject) -> bool {
        subject.scope().collections.is_none() && self.has_admin_role(subject)
    }

    fn has_admin_role(&self, subject: &Subject) -> bool {
        let is_admin = |name: &String| self.role(name).is_some_and(|role| role.admin);
        subject.tenant() == self.tenant
            && !subject.is_end_user()
            && (subject.is_system() || subject.roles().iter().any(is_admin))
    }

    /// What the subject may do: the union of the permission rows of all its
    /// roles, or `None`; nothing outside its scope. A row whose condition cannot
    /// be read grants nothing.
    pub(crate) fn grant(
        &self,
        subject: &Subject,
        collection: &Collection,
        action: Action,
    ) -> Option<Grant> {
        if !subject.scope().covers(collection.slug.as_str(), action) {
            return None;
        }
        if self.has_admin_role(subject) {
            return Some(Grant::all());
        }
        let rules = self
            .applying(subject, collection, action)
            .filter_map(|(_, rule)| rule.cloned())
            .collect();
        Grant::union(rules)
    }

    /// Whether the subject may be told of a field that an action of his is
    /// about: he may write it, or read it on some row.
    pub(crate) fn may_name(
        &self,
        subject: &Subject,
        collection: &Collection,
        action: Action,
        field: &Field,
    ) -> bool {
        let names = |action| {
            let grant = self.grant(subject, collection, action);
            grant.is_some_and(|grant| grant.names(&field.name))
        };
        field.system.is_some() || names(action) || (!field.private && names(Action::Read))
    }

    /// The permission rows that apply, each with its rule: role by role, those
    /// for all collections first.
    pub(crate) fn applying<'a>(
        &'a self,
        subject: &'a Subject,
        collection: &'a Collection,
        action: Action,
    ) -> impl Iterator<Item = (&'a Permission, Option<&'a Rule>)> {
        let roles = subject.roles().iter();
        roles.flat_map(move |role| self.access.applying(role, collection.id, action))
    }
}

fn referring(
    collections: &HashMap<String, Arc<Collection>>,
) -> HashMap<String, Vec<Arc<Collection>>> {
    let mut referring: HashMap<String, Vec<Arc<Collection>>> = HashMap::new();
    for collection in collections.values() {
        let mut targets: Vec<&String> = collection
            .fields
            .iter()
            .filter_map(|field| field.to.as_ref())
            .collect();
        targets.sort_unstable();
        targets.dedup();
        for target in targets {
            let pointing = referring.entry(target.clone()).or_default();
            pointing.push(Arc::clone(collection));
        }
    }
    for pointing in referring.values_mut() {
        pointing.sort_by(|a, b| a.slug.cmp(&b.slug));
    }
    referring
}
