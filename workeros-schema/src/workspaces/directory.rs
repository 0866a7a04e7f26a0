//! What everybody may know of workspaces.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;
use workeros_core::{Cost, Result, Row, Statement, TenantId, Workspace, Workspaces};

use crate::DataPlane;

const BY_SLUG: &str = "SELECT id, slug FROM workeros_tenants WHERE slug = $1";
const BY_ID: &str = "SELECT id, slug FROM workeros_tenants WHERE id = $1";

/// The slugs seen so far. A slug is a workspace's for life, and an id is never
/// used again, so what is here stays true.
#[derive(Debug, Default)]
pub(crate) struct Slugs(RwLock<HashMap<TenantId, Workspace>>);

impl Slugs {
    fn get(&self, id: TenantId) -> Option<Workspace> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).cloned()
    }

    fn put(&self, workspace: &Workspace) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(workspace.id, workspace.clone());
    }
}

#[async_trait]
impl Workspaces for DataPlane {
    async fn by_slug(&self, slug: &str) -> Result<Option<Workspace>> {
        self.find_workspace(Statement::new(BY_SLUG, vec![slug.into()]))
            .await
    }

    async fn by_id(&self, id: TenantId) -> Result<Option<Workspace>> {
        match self.0.slugs.get(id) {
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
