//! The state after a change, from the state before it and what the change
//! touched: its cost goes by the change and not by the workspace.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use workeros_core::{CollectionId, Error, PermissionId, Result, Rows, Statement, Step, TenantId};

use super::Snapshot;
use super::load::{
    SELECT_COLLECTION, SELECT_PERMISSION, SELECT_ROLES, read_collection, read_permission,
    read_roles,
};
use crate::collection::Collection;

/// What a change of a workspace touches.
#[derive(Debug)]
pub(crate) enum Touched {
    /// The definitions with these ids; with one that goes, its permission rows
    /// go.
    Collections(Vec<CollectionId>),
    /// Roles; with one that goes, its permission rows go.
    Roles,
    /// A permission row of a collection, or of all of them.
    Permission(PermissionId, Option<CollectionId>),
}

impl Touched {
    /// Reads what was touched. Run behind the change in its batch, this sees
    /// the state that the change leaves and no later one.
    pub(crate) fn read(&self, tenant: TenantId) -> Vec<Step> {
        let select = |sql: &'static str, id| Step::new(Statement::new(sql, vec![id]));
        match self {
            Self::Collections(ids) => {
                let ids = ids.iter();
                ids.map(|id| select(SELECT_COLLECTION, (*id).into()))
                    .collect()
            }
            Self::Roles => vec![select(SELECT_ROLES, tenant.into())],
            Self::Permission(id, _) => vec![select(SELECT_PERMISSION, (*id).into())],
        }
    }
}

impl Snapshot {
    /// The state at the next version, from what the steps of
    /// [`Touched::read`] gave.
    pub(crate) fn next(&self, touched: &Touched, read: &[Rows]) -> Result<Self> {
        let mut next = Self {
            tenant: self.tenant,
            version: self.version + 1,
            collections: Arc::clone(&self.collections),
            roles: Arc::clone(&self.roles),
            by_id: Arc::clone(&self.by_id),
            access: Arc::clone(&self.access),
            referring: OnceLock::new(),
        };
        match touched {
            Touched::Collections(ids) => {
                let found: Result<Vec<_>> = ids
                    .iter()
                    .zip(read)
                    .map(|(id, rows)| Ok((*id, found(self.tenant, rows)?)))
                    .collect();
                next.define(found?);
            }
            Touched::Roles => {
                let rows = read.first().ok_or_else(unread)?;
                next.roles = read_roles(&rows.rows)?;
                Arc::make_mut(&mut next.access).retain(&next.roles);
            }
            Touched::Permission(id, group) => {
                let rows = read.first().ok_or_else(unread)?;
                let permission = rows.first().map(read_permission).transpose()?;
                let collection = group.and_then(|id| self.by_id.get(&id));
                let collection = collection.map(|collection| &**collection);
                Arc::make_mut(&mut next.access).replace(*id, *group, permission, collection);
            }
        }
        Ok(next)
    }

    /// Puts definitions in the place of what they were; `None` is one that is
    /// gone.
    fn define(&mut self, definitions: Vec<(CollectionId, Option<Arc<Collection>>)>) {
        let mut by_id = HashMap::clone(&self.by_id);
        let mut collections = HashMap::clone(&self.collections);
        // First out with all, since one may have the slug another had.
        for (id, _) in &definitions {
            if let Some(before) = by_id.remove(id) {
                collections.remove(&before.slug);
            }
        }
        for (id, definition) in definitions {
            match definition {
                Some(collection) => {
                    if self.access.names(id) {
                        Arc::make_mut(&mut self.access).redefine(&collection);
                    }
                    collections.insert(collection.slug.clone(), Arc::clone(&collection));
                    by_id.insert(id, collection);
                }
                None if self.access.names(id) => Arc::make_mut(&mut self.access).remove(id),
                None => {}
            }
        }
        self.by_id = Arc::new(by_id);
        self.collections = Arc::new(collections);
    }
}

fn found(tenant: TenantId, rows: &Rows) -> Result<Option<Arc<Collection>>> {
    rows.first()
        .map(|row| read_collection(tenant, row))
        .transpose()
}

fn unread() -> Error {
    Error::internal("a step that reads gave nothing")
}
