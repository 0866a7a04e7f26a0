//! Reading a workspace as a whole.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value as Json;
use workeros_core::{
    Action, CollectionId, Cost, Database, Error, PermissionId, Result, RoleId, Row, Statement,
    TenantId,
};

use super::access::Access;
use super::{Permission, Role, Snapshot};
use crate::collection::Collection;

const SELECT_VERSION: &str =
    "SELECT version FROM workeros_tenants WHERE id = $1 AND deleted_at IS NULL";
const SELECT_VERSIONS: &str = "SELECT id, version FROM workeros_collections WHERE tenant_id = $1";
const SELECT_COLLECTIONS: &str = "SELECT id, version, created_at, updated_at, definition \
     FROM workeros_collections WHERE tenant_id = $1";
pub(super) const SELECT_COLLECTION: &str = "SELECT id, version, created_at, updated_at, definition \
     FROM workeros_collections WHERE id = $1";
pub(super) const SELECT_ROLES: &str = "SELECT id, name, description, admin, system, created_at \
     FROM workeros_roles WHERE tenant_id = $1 ORDER BY name";
const SELECT_PERMISSIONS: &str = "SELECT p.id, r.name, p.collection_id, p.action, p.condition, \
     p.fields, p.created_at FROM workeros_permissions p \
     JOIN workeros_roles r ON r.id = p.role_id WHERE p.tenant_id = $1 ORDER BY p.id";
pub(super) const SELECT_PERMISSION: &str = "SELECT p.id, r.name, p.collection_id, p.action, \
     p.condition, p.fields, p.created_at FROM workeros_permissions p \
     JOIN workeros_roles r ON r.id = p.role_id WHERE p.id = $1";

/// How many definitions are read one by one at most, rather than all of them.
const FEW: usize = 16;

pub(super) type Definitions = HashMap<CollectionId, Arc<Collection>>;

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

    /// What is left of a workspace that was deleted: nobody changes it any more.
    pub(crate) async fn of_deleted(database: &dyn Database, tenant: TenantId) -> Result<Self> {
        Self::read(database, tenant, 0, None).await
    }

    /// The version the workspace is at.
    pub(crate) async fn read_version(database: &dyn Database, tenant: TenantId) -> Result<i64> {
        let select = Statement::new(SELECT_VERSION, vec![tenant.into()]).with_cost(Cost::Short);
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
        let by_id = match known {
            Some(known) => changed(database, tenant, known).await?,
            None => all(database, tenant).await?,
        };
        let roles = read_roles(&read(SELECT_ROLES).await?.rows)?;
        let rows = read(SELECT_PERMISSIONS).await?;
        let permissions: Result<Vec<Permission>> = rows.iter().map(read_permission).collect();
        let before = known.map(|known| (&*known.access, &*known.by_id));
        let access = Access::new(permissions?, &by_id, before);
        Ok(Self {
            tenant,
            version,
            collections: Arc::new(by_slug(&by_id)),
            roles,
            by_id: Arc::new(by_id),
            access: Arc::new(access),
            referring: OnceLock::new(),
        })
    }
}

pub(super) fn read_collection(tenant: TenantId, row: &Row) -> Result<Arc<Collection>> {
    let id = CollectionId::new(row.uuid(0)?);
    let version = row.integer(1)?;
    let json: Json = serde_json::from_str(row.text(4)?).map_err(Error::internal)?;
    let (created, updated) = (row.timestamp(2)?, row.timestamp(3)?);
    Collection::from_stored(id, tenant, version, created, updated, &json)
        .map(Arc::new)
        .map_err(Error::internal)
}

pub(super) fn read_roles(rows: &[Row]) -> Result<Arc<[Role]>> {
    rows.iter().map(read_role).collect()
}

pub(super) fn read_permission(row: &Row) -> Result<Permission> {
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

/// All collections.
async fn all(database: &dyn Database, tenant: TenantId) -> Result<Definitions> {
    let select = Statement::new(SELECT_COLLECTIONS, vec![tenant.into()]);
    let rows = database.fetch(select).await?;
    rows.iter()
        .map(|row| read_collection(tenant, row).map(|collection| (collection.id, collection)))
        .collect()
}

/// All collections, those that are as they were from what is known.
async fn changed(
    database: &dyn Database,
    tenant: TenantId,
    known: &Snapshot,
) -> Result<Definitions> {
    let versions = Statement::new(SELECT_VERSIONS, vec![tenant.into()]);
    let mut definitions = Definitions::new();
    let mut missing = Vec::new();
    for row in &database.fetch(versions).await? {
        let (id, version) = (CollectionId::new(row.uuid(0)?), row.integer(1)?);
        match known
            .by_id
            .get(&id)
            .filter(|known| known.version == version)
        {
            Some(collection) => drop(definitions.insert(id, Arc::clone(collection))),
            None => missing.push(id),
        }
    }
    if missing.len() > FEW {
        let mut all = all(database, tenant).await?;
        for collection in all.values_mut() {
            if let Some(same) = definitions
                .remove(&collection.id)
                .filter(|known| known.version == collection.version)
            {
                *collection = same;
            }
        }
        return Ok(all);
    }
    for id in missing {
        let select = Statement::new(SELECT_COLLECTION, vec![id.into()]);
        if let Some(row) = database.fetch(select).await?.first() {
            definitions.insert(id, read_collection(tenant, row)?);
        }
    }
    Ok(definitions)
}

fn by_slug(definitions: &Definitions) -> HashMap<String, Arc<Collection>> {
    let collections = definitions.values();
    collections
        .map(|collection| (collection.slug.clone(), Arc::clone(collection)))
        .collect()
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
