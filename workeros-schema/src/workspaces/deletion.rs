//! Taking a workspace away.
//!
//! It is marked in one batch, with whatever else makes it dead, and is not there
//! for anybody from then on. What belonged to it goes afterwards, in small
//! batches that can be cut off anywhere and begun anew. The row of the workspace
//! stays: other instances learn by it, and its id is never used again.

use std::sync::Arc;

use serde_json::Value as Json;
use workeros_core::input::Object;
use workeros_core::{
    Batch, Cost, Error, ErrorKind, Expect, Result, Statement, Step, TenantId, Timestamp, Value,
};

use super::WorkspaceList;
use crate::DataPlane;
use crate::collection::Collection;
use crate::ddl::Ddl;
use crate::snapshot::Snapshot;

/// An id is no slug, so what the workspace was called is free again.
const MARK: &str = "UPDATE workeros_tenants \
     SET slug = $1, name = '', deleted_at = $2, version = version + 1 \
     WHERE id = $3 AND slug = $4 AND deleted_at IS NULL";
const LATELY: &str = "SELECT id FROM workeros_tenants WHERE deleted_at > $1";
const REMAINING: &str = "SELECT id FROM workeros_tenants \
     WHERE deleted_at IS NOT NULL AND removed_at IS NULL ORDER BY deleted_at, id LIMIT 1000";
const REMOVED: &str = "UPDATE workeros_tenants SET removed_at = $1 \
     WHERE id = $2 AND deleted_at <= $3";
const DELETE_COLLECTION: &str = "DELETE FROM workeros_collections WHERE id = $1";
const DELETE_ACCESS: [&str; 2] = [
    "DELETE FROM workeros_permissions WHERE tenant_id = $1",
    "DELETE FROM workeros_roles WHERE tenant_id = $1",
];
const DELETE_ANSWERS: &str = "DELETE FROM workeros_idempotency WHERE tenant_id = $1 \
     AND (actor, key) IN (SELECT actor, key FROM workeros_idempotency WHERE tenant_id = $1 \
     LIMIT 1000) RETURNING key";
const LOG_BOUNDS: &str = "SELECT min(seq), max(seq) FROM workeros_changes";
const DELETE_LOG: &str =
    "DELETE FROM workeros_changes WHERE seq >= $1 AND seq < $2 AND tenant_id = $3";

/// How many entries of the log are gone through at once.
const LOG_PART: i64 = 10_000;
/// How long a request that began before a workspace was deleted may still write
/// something of it, in microseconds.
const STRAGGLERS: i64 = 60_000_000;
/// How long other instances can learn of a deletion, in microseconds.
const TOLD: i64 = 24 * 3_600 * 1_000_000;

impl WorkspaceList {
    /// Deletes a workspace; the body names its `slug` once more. From then on it
    /// is not there for anybody, in other instances half a second later.
    /// `extra` is put into the same batch: the steps of whoever keeps who is in
    /// it. What belonged to it is removed by
    /// [`DataPlane::remove_deleted_workspaces`]; rows of adopted tables stay.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound);
    /// [`Validation`](ErrorKind::Validation) at `/slug`;
    /// [`Conflict`](ErrorKind::Conflict) for the default workspace; a refusal for
    /// who is neither the operator nor an admin of it, acting in it.
    pub async fn delete(&self, id: TenantId, body: &Json, extra: Vec<Step>) -> Result<()> {
        self.admit_to_change(id).await?;
        let slug = self.find(id).await?.workspace.slug;
        if id == self.plane.default_tenant() {
            let why = "the default workspace cannot be deleted";
            return Err(Error::new(ErrorKind::Conflict, why));
        }
        confirm(body, &slug)?;
        let now = self.plane.runtime().now();
        let params = vec![id.to_string().into(), now.into(), id.into(), slug.into()];
        let mark = Step::new(Statement::new(MARK, params));
        let mut batch =
            Batch::new().step(mark.expect(Expect::One, ErrorKind::NotFound, "not found"));
        batch.extend(extra);
        self.plane.runtime().database.apply(batch).await?;
        self.plane.forget(id).await;
        self.plane.0.deleted.notify_one();
        Ok(())
    }
}

/// Whoever deletes a workspace names it.
fn confirm(body: &Json, slug: &str) -> Result<()> {
    let mut object = Object::read(body, "")?;
    let named = object.required_string("slug");
    if named != slug {
        object.complain("slug", "invalid_value", "must be the slug of the workspace");
    }
    object.finish()
}

impl DataPlane {
    /// Removes what is left of deleted workspaces: their tables, definitions,
    /// roles and entries of the log; `others` removes what else there is of one.
    /// To be called at the start and once a minute, and when one
    /// [was deleted](Self::workspace_deleted). It may be cut off anywhere, and
    /// several instances may do it at once.
    ///
    /// # Errors
    ///
    /// The first of what the database and `others` answer; the other workspaces
    /// are gone on with.
    pub async fn remove_deleted_workspaces<F>(&self, others: impl Fn(TenantId) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        let began_at = self.runtime().now();
        let remaining = self.tenants(Statement::new(REMAINING, vec![])).await?;
        let mut failed = None;
        for tenant in remaining {
            let removed = async {
                self.remove(tenant).await?;
                others(tenant).await?;
                self.note_removed(tenant, began_at).await
            };
            if let Err(error) = removed.await {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Waits until a workspace was deleted through this instance.
    pub async fn workspace_deleted(&self) {
        self.0.deleted.notified().await;
    }

    /// Forgets the workspaces that other instances have deleted.
    pub(crate) async fn forget_deleted(&self) -> Result<()> {
        let since = self.runtime().now().saturating_add_micros(-TOLD);
        let lately = Statement::new(LATELY, vec![since.into()]).with_cost(Cost::Short);
        for tenant in self.tenants(lately).await? {
            if !self.0.slugs.is_gone(tenant) {
                self.forget(tenant).await;
            }
        }
        Ok(())
    }

    async fn tenants(&self, statement: Statement) -> Result<Vec<TenantId>> {
        let rows = self.runtime().database.fetch(statement).await?;
        rows.iter()
            .map(|row| row.uuid(0).map(TenantId::new))
            .collect()
    }

    async fn remove(&self, tenant: TenantId) -> Result<()> {
        self.remove_collections(tenant).await?;
        self.remove_answers(tenant).await?;
        self.remove_log(tenant).await?;
        let steps = DELETE_ACCESS.map(|sql| Step::new(Statement::new(sql, vec![tenant.into()])));
        let mut batch = Batch::new();
        batch.extend(steps);
        self.runtime().database.apply(batch).await.map(drop)
    }

    /// Removes first what nothing points to; what is left then points to each
    /// other, and goes at once.
    async fn remove_collections(&self, tenant: TenantId) -> Result<()> {
        let snapshot = Snapshot::of_deleted(&*self.runtime().database, tenant).await?;
        let mut rest: Vec<Arc<Collection>> = snapshot.collections.values().cloned().collect();
        while !rest.is_empty() {
            let (free, held): (Vec<_>, Vec<_>) = rest
                .iter()
                .cloned()
                .partition(|collection| !is_pointed_to(collection, &rest));
            if free.is_empty() {
                return self.remove_together(&held).await;
            }
            for collection in free {
                self.remove_together(&[collection]).await?;
            }
            rest = held;
        }
        Ok(())
    }

    async fn remove_together(&self, collections: &[Arc<Collection>]) -> Result<()> {
        let database = &self.runtime().database;
        let ddl = Ddl(database.dialect());
        let mut batch = Batch::new();
        batch.extend(ddl.prologue());
        for collection in collections {
            let delete = Statement::new(DELETE_COLLECTION, vec![collection.id.into()]);
            let why = "another instance removes it";
            batch.push(Step::new(delete).expect(Expect::One, ErrorKind::Conflict, why));
        }
        let managed = collections.iter().filter(|one| one.is_managed());
        batch.extend(ddl.drop_tables(managed));
        match database.apply(batch).await {
            Err(error) if is_done_elsewhere(&error) => Ok(()),
            applied => applied.map(drop),
        }
    }

    async fn remove_answers(&self, tenant: TenantId) -> Result<()> {
        loop {
            let delete = Statement::new(DELETE_ANSWERS, vec![tenant.into()]);
            let batch = Batch::new().step(Step::new(delete));
            let deleted = self.runtime().database.apply(batch).await?;
            if deleted.iter().all(|rows| rows.first().is_none()) {
                return Ok(());
            }
        }
    }

    /// Goes through the log from its begin: it is not sorted by workspace.
    async fn remove_log(&self, tenant: TenantId) -> Result<()> {
        let database = &self.runtime().database;
        let bounds = database.fetch(Statement::new(LOG_BOUNDS, vec![])).await?;
        let Some(row) = bounds.first().filter(|row| !row.is_null(0)) else {
            return Ok(());
        };
        let (mut from, last) = (row.integer(0)?, row.integer(1)?);
        while from <= last {
            let to = from + LOG_PART;
            let params: Vec<Value> = vec![from.into(), to.into(), tenant.into()];
            let delete = Step::new(Statement::new(DELETE_LOG, params));
            database.apply(Batch::new().step(delete)).await?;
            from = to;
        }
        Ok(())
    }

    /// Unless something may have been written after it was removed.
    async fn note_removed(&self, tenant: TenantId, began_at: Timestamp) -> Result<()> {
        let before = began_at.saturating_add_micros(-STRAGGLERS);
        let params = vec![began_at.into(), tenant.into(), before.into()];
        let batch = Batch::new().step(Step::new(Statement::new(REMOVED, params)));
        self.runtime().database.apply(batch).await.map(drop)
    }
}

/// A constraint of the database would be a conflict as well.
fn is_done_elsewhere(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict && error.violation().is_none()
}

/// Whether one of the others points to the collection.
fn is_pointed_to(collection: &Collection, all: &[Arc<Collection>]) -> bool {
    let others = all.iter().filter(|other| other.id != collection.id);
    let mut fields = others.flat_map(|other| other.fields.iter());
    fields.any(|field| field.to.as_deref() == Some(&collection.slug))
}
