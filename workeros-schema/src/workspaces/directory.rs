//! What everybody may know of workspaces.

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;
use workeros_core::{Cost, Result, Row, Statement, TenantId, Workspace, Workspaces};

use crate::DataPlane;

const BY_SLUG: &str =
    "SELECT id, slug FROM workeros_tenants WHERE slug = $1 AND deleted_at IS NULL";
const BY_ID: &str = "SELECT id, slug FROM workeros_tenants WHERE id = $1 AND deleted_at IS NULL";

/// The workspaces seen so far. A slug is a workspace's for life, and an id is
/// never used again, so what is here stays true until one is deleted.
#[derive(Debug, Default)]
pub(crate) struct Slugs(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    slugs: HashMap<TenantId, String>,
    ids: HashMap<String, TenantId>,
    /// What was read of one before it was deleted is not put here after it.
    gone: HashSet<TenantId>,
}

impl Slugs {
    fn by_id(&self, id: TenantId) -> Option<Workspace> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.slugs.get(&id).map(|slug| Workspace::new(id, slug))
    }

    fn by_slug(&self, slug: &str) -> Option<Workspace> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.ids.get(slug).map(|id| Workspace::new(*id, slug))
    }

    /// Forgets a workspace that was deleted, for good.
    pub(crate) fn forget(&self, id: TenantId) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.gone.insert(id);
        if let Some(slug) = known.slugs.remove(&id)
            && known.ids.get(&slug) == Some(&id)
        {
            known.ids.remove(&slug);
        }
    }

    /// Whether it is known that the workspace was deleted.
    pub(crate) fn is_gone(&self, id: TenantId) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.gone.contains(&id)
    }

    fn put(&self, Workspace { id, slug, .. }: &Workspace) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.gone.contains(id) {
            return;
        }
        known.slugs.insert(*id, slug.clone());
        known.ids.insert(slug.clone(), *id);
    }
}

#[async_trait]
impl Workspaces for DataPlane {
    async fn by_slug(&self, slug: &str) -> Result<Option<Workspace>> {
        match self.0.slugs.by_slug(slug) {
            Some(workspace) => Ok(Some(workspace)),
            None => {
                self.find_workspace(Statement::new(BY_SLUG, vec![slug.into()]))
                    .await
            }
        }
    }

    async fn by_id(&self, id: TenantId) -> Result<Option<Workspace>> {
        match self.0.slugs.by_id(id) {
            Some(workspace) => Ok(Some(workspace)),
            None => {
                self.find_workspace(Statement::new(BY_ID, vec![id.into()]))
                    .await
            }
        }
    }
}

impl DataPlane {
    async fn find_workspace(&self, statement: Statement) -> Result<Option<Workspace>> {
        let database = &self.runtime().database;
        let rows = database.fetch(statement.with_cost(Cost::Short)).await?;
        let found = rows.first().map(read).transpose()?;
        if let Some(workspace) = &found {
            self.0.slugs.put(workspace);
        }
        Ok(found)
    }
}

fn read(row: &Row) -> Result<Workspace> {
    Ok(Workspace::new(TenantId::new(row.uuid(0)?), row.text(1)?))
}
