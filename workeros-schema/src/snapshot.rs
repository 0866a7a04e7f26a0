use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value as Json;
use workeros_core::{
    Action, CollectionId, Database, Error, FieldSet, Grant, PermissionId, Result, RoleId, Row,
    Rule, Statement, Subject, TenantId, Timestamp,
};
use workeros_dsl::Condition;

mod doubts;

pub(crate) use doubts::Doubts;

use crate::collection::Collection;
use crate::field::Field;

/// Everything the data plane knows of one workspace at one version: its
/// collections, roles and permissions.
///
/// A snapshot never changes. A change of definition or access makes a new one,
/// so whoever holds a snapshot sees one consistent state, and nothing cached
/// under its version can outlive it.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) tenant: TenantId,
    pub(crate) version: i64,
    pub(crate) collections: HashMap<String, Arc<Collection>>,
    pub(crate) roles: Vec<Role>,
    pub(crate) permissions: Vec<Permission>,
    /// What each permission row says of its collection, read once; `None` for
    /// one that cannot be read, which grants nothing.
    rules: Vec<Option<Rule>>,
    /// Positions in `permissions` by role name.
    by_role: HashMap<String, Vec<usize>>,
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

const SELECT_VERSION: &str = "SELECT version FROM workeros_tenants WHERE id = $1";
const SELECT_COLLECTIONS: &str = "SELECT id, version, created_at, updated_at, definition, slug \
     FROM workeros_collections WHERE tenant_id = $1 ORDER BY slug";
const SELECT_ROLES: &str = "SELECT id, name, description, admin, system, created_at \
     FROM workeros_roles WHERE tenant_id = $1 ORDER BY name";
const SELECT_PERMISSIONS: &str = "SELECT p.id, r.name, p.collection_id, p.action, p.condition, \
     p.fields, p.created_at FROM workeros_permissions p \
     JOIN workeros_roles r ON r.id = p.role_id WHERE p.tenant_id = $1 ORDER BY p.id";

impl Snapshot {
    /// Reads the workspace. What is changed while it is read is read again:
    /// every change raises the version, so a state is whole if the version
    /// after it is the one before it.
    pub(crate) async fn load(
        database: &dyn Database,
        tenant: TenantId,
        known: Option<&Self>,
    ) -> Result<Self> {
        let mut version = Self::read_version(database, tenant).await?;
        loop {
            let snapshot = Self::read(database, tenant, version, known).await?;
            version = Self::read_version(database, tenant).await?;
            if version == snapshot.version {
                return Ok(snapshot);
            }
        }
    }

    /// The version the workspace is at.
    pub(crate) async fn read_version(database: &dyn Database, tenant: TenantId) -> Result<i64> {
        let select = Statement::new(SELECT_VERSION, vec![tenant.into()]);
        let rows = database.fetch(select).await?;
        rows.first().ok_or_else(Error::not_found)?.integer(0)
    }

    async fn read(
        database: &dyn Database,
        tenant: TenantId,
        version: i64,
        known: Option<&Self>,
    ) -> Result<Self> {
        let read = |sql: &'static str| database.fetch(Statement::new(sql, vec![tenant.into()]));
        let mut collections = HashMap::new();
        for row in &read(SELECT_COLLECTIONS).await? {
            let collection = read_collection(tenant, row, known)?;
            collections.insert(collection.slug.clone(), collection);
        }
        let roles: Result<Vec<Role>> = read(SELECT_ROLES).await?.iter().map(read_role).collect();
        let rows = read(SELECT_PERMISSIONS).await?;
        let permissions: Result<Vec<Permission>> = rows.iter().map(read_permission).collect();
        Ok(Self::new(
            tenant,
            version,
            collections,
            roles?,
            permissions?,
        ))
    }

    fn new(
        tenant: TenantId,
        version: i64,
        collections: HashMap<String, Arc<Collection>>,
        roles: Vec<Role>,
        permissions: Vec<Permission>,
    ) -> Self {
        let by_id: HashMap<CollectionId, &Arc<Collection>> = collections
            .values()
            .map(|collection| (collection.id, collection))
            .collect();
        let rules = permissions
            .iter()
            .map(|permission| {
                let collection = permission.collection.and_then(|id| by_id.get(&id).copied());
                rule(permission, collection.map(|collection| &**collection))
            })
            .collect();
        let mut by_role: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, permission) in permissions.iter().enumerate() {
            by_role
                .entry(permission.role.clone())
                .or_default()
                .push(index);
        }
        Self {
            tenant,
            version,
            collections,
            roles,
            permissions,
            rules,
            by_role,
        }
    }

    /// The role of that name.
    pub(crate) fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name)
    }

    /// The collection with that id.
    pub(crate) fn collection_by_id(&self, id: CollectionId) -> Option<&Arc<Collection>> {
        self.collections
            .values()
            .find(|collection| collection.id == id)
    }

    /// Whether the subject may do everything in the workspace.
    pub(crate) fn is_admin(&self, subject: &Subject) -> bool {
        let is_admin = |name: &String| self.role(name).is_some_and(|role| role.admin);
        subject.tenant() == self.tenant
            && (subject.is_system() || subject.roles().iter().any(is_admin))
    }

    /// What the subject may do: the union of the permission rows of all its
    /// roles, or `None`. A row whose condition cannot be read grants nothing.
    pub(crate) fn grant(
        &self,
        subject: &Subject,
        collection: &Collection,
        action: Action,
    ) -> Option<Grant> {
        if self.is_admin(subject) {
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

    /// The permission rows that apply, each with its rule, in order.
    pub(crate) fn applying<'a>(
        &'a self,
        subject: &'a Subject,
        collection: &'a Collection,
        action: Action,
    ) -> impl Iterator<Item = (&'a Permission, Option<&'a Rule>)> {
        subject
            .roles()
            .iter()
            .filter_map(|role| self.by_role.get(role))
            .flatten()
            .filter_map(|index| {
                Some((
                    self.permissions.get(*index)?,
                    self.rules.get(*index)?.as_ref(),
                ))
            })
            .filter(move |(permission, _)| {
                permission.action == action
                    && permission.collection.is_none_or(|id| id == collection.id)
            })
    }
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

fn read_collection(
    tenant: TenantId,
    row: &Row,
    known: Option<&Snapshot>,
) -> Result<Arc<Collection>> {
    let id = CollectionId::new(row.uuid(0)?);
    let version = row.integer(1)?;
    let unchanged = known
        .and_then(|known| known.collections.get(row.text(5).ok()?))
        .filter(|collection| collection.id == id && collection.version == version);
    if let Some(collection) = unchanged {
        return Ok(Arc::clone(collection));
    }
    let json: Json = serde_json::from_str(row.text(4)?).map_err(Error::internal)?;
    let (created, updated) = (row.timestamp(2)?, row.timestamp(3)?);
    Collection::from_stored(id, tenant, version, created, updated, &json)
        .map(Arc::new)
        .map_err(Error::internal)
}

fn read_role(row: &Row) -> Result<Role> {
    Ok(Role {
        id: RoleId::new(row.uuid(0)?),
        name: row.text(1)?.to_owned(),
        description: row.optional_text(2)?.map(ToOwned::to_owned),
        admin: row.boolean(3)?,
        system: row.boolean(4)?,
        created_at: row.timestamp(5)?,
    })
}

fn read_permission(row: &Row) -> Result<Permission> {
    let json = |index| -> Result<Option<Json>> {
        let text = row.optional_text(index)?;
        text.map(serde_json::from_str)
            .transpose()
            .map_err(Error::internal)
    };
    let collection = if row.is_null(2) {
        None
    } else {
        Some(CollectionId::new(row.uuid(2)?))
    };
    let action = Action::parse(row.text(3)?)
        .ok_or_else(|| Error::internal("a permission row has an unknown action"))?;
    let fields = json(5)?
        .map(serde_json::from_value)
        .transpose()
        .map_err(Error::internal)?;
    Ok(Permission {
        id: PermissionId::new(row.uuid(0)?),
        role: row.text(1)?.to_owned(),
        collection,
        action,
        condition: json(4)?,
        fields,
        created_at: row.timestamp(6)?,
    })
}
