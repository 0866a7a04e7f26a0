use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Mutex, Notify};
use workeros_core::{
    Action, Batch, Error, ErrorKind, Expect, Grant, MacKeys, Migration, Result, Rows, Runtime,
    Secret, Statement, Step, Subject, TenantId, migrate,
};

use crate::collection::Collection;
use crate::hooks::Hooks;
use crate::items::{Items, PlanCache, Statements};
use crate::limits::{DdlRate, Limits};
use crate::migrations::MIGRATIONS;
use crate::snapshot::{Doubts, Snapshot, Touched};
use crate::workspaces::{Slugs, ensure_default};
use crate::{Adoption, Collections, Permissions, Roles};

/// The data plane of one instance: collections, access and rows. Cheap to
/// clone; clones are the same instance.
///
/// Every method that acts for somebody takes a [`Subject`] and checks what he
/// may do; nobody who calls it has to.
#[derive(Debug, Clone)]
pub struct DataPlane(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) runtime: Runtime,
    pub(crate) hooks: Hooks,
    limits: Limits,
    ddl_rate: DdlRate,
    pub(crate) plans: PlanCache,
    pub(crate) statements: Statements,
    pub(crate) cursor_keys: MacKeys,
    pub(crate) etag_keys: MacKeys,
    pub(crate) committed: Notify,
    pub(crate) deleted: Notify,
    default_tenant: TenantId,
    pub(crate) slugs: Slugs,
    snapshots: std::sync::RwLock<HashMap<TenantId, Arc<Snapshot>>>,
    doubts: Doubts,
    /// Held while a snapshot is made, so that an older one never replaces a
    /// newer.
    loading: Mutex<()>,
    /// Held while a definition is changed: what it is checked against, such as
    /// that nothing points to a collection, must still hold when it is stored.
    pub(crate) defining: Mutex<()>,
}

const BUMP_VERSION: &str = "UPDATE workeros_tenants SET version = version + 1 WHERE id = $1 AND deleted_at IS NULL \
     RETURNING version";

impl DataPlane {
    /// The migrations of the data plane's system tables.
    pub const MIGRATIONS: &'static [Migration] = MIGRATIONS;

    /// Opens the data plane on a database: migrates the system tables and
    /// makes the default workspace if there is none.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](ErrorKind::Unsupported) when the adapter cannot roll
    /// back DDL; else what the database answers.
    pub async fn open(runtime: Runtime, secret: &Secret, hooks: Hooks) -> Result<Self> {
        Self::open_with(runtime, secret, hooks, Limits::default()).await
    }

    /// As [`open`](Self::open), with other limits.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn open_with(
        runtime: Runtime,
        secret: &Secret,
        hooks: Hooks,
        limits: Limits,
    ) -> Result<Self> {
        if !runtime.database.capability().transactional_ddl {
            let why = "the database adapter cannot roll back DDL";
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
        migrate(&*runtime.database, &*runtime.clock, MIGRATIONS).await?;
        let default_tenant = ensure_default(&runtime).await?;
        Ok(Self(Arc::new(Inner {
            runtime,
            hooks,
            limits,
            ddl_rate: DdlRate::default(),
            plans: PlanCache::default(),
            statements: Statements::default(),
            cursor_keys: secret.mac("items cursor"),
            etag_keys: secret.mac("items etag"),
            committed: Notify::new(),
            deleted: Notify::new(),
            default_tenant,
            slugs: Slugs::default(),
            snapshots: std::sync::RwLock::default(),
            doubts: Doubts::default(),
            loading: Mutex::new(()),
            defining: Mutex::new(()),
        })))
    }

    /// The workspace that exists from the first start.
    #[must_use]
    pub fn default_tenant(&self) -> TenantId {
        self.0.default_tenant
    }

    /// What the instance shares.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    /// The collections of the subject's workspace.
    #[must_use]
    pub fn collections(&self, subject: Subject) -> Collections {
        Collections::new(self.clone(), subject)
    }

    /// The roles of the subject's workspace.
    #[must_use]
    pub fn roles(&self, subject: Subject) -> Roles {
        Roles::new(self.clone(), subject)
    }

    /// The permission rows of the subject's workspace.
    #[must_use]
    pub fn permissions(&self, subject: Subject) -> Permissions {
        Permissions::new(self.clone(), subject)
    }

    /// Tables that were there before.
    #[must_use]
    pub fn adoption(&self, subject: Subject) -> Adoption {
        Adoption::new(self.clone(), subject)
    }

    /// The rows of a collection: the one door.
    #[must_use]
    pub fn items(&self, subject: Subject, slug: impl Into<String>) -> Items {
        Items::new(self.clone(), subject, slug.into())
    }

    /// Asserts that the subject may do everything in its workspace.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](ErrorKind::Unauthorized) for an anonymous caller,
    /// [`Forbidden`](ErrorKind::Forbidden) for another.
    pub async fn require_admin(&self, subject: &Subject) -> Result<()> {
        self.admin_snapshot(subject).await.map(drop)
    }

    /// The same for what changes something: a credential that only reads does
    /// not do.
    ///
    /// # Errors
    ///
    /// As [`require_admin`](Self::require_admin).
    pub async fn require_admin_to_change(&self, subject: &Subject) -> Result<()> {
        self.changing_snapshot(subject).await.map(drop)
    }

    /// Reads what other instances changed. Call it now and then where several
    /// instances share a database; a stale state lives as long as the pause
    /// between two calls.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn refresh(&self) -> Result<()> {
        self.forget_deleted().await?;
        let known: Vec<Arc<Snapshot>> = self.known().values().cloned().collect();
        for snapshot in known {
            match self.compared(snapshot).await {
                // Deleted since it was asked for that.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                compared => drop(compared?),
            }
        }
        Ok(())
    }

    /// Waits until something was committed through this instance.
    pub async fn committed(&self) {
        self.0.committed.notified().await;
    }

    /// The current state of a workspace.
    pub(crate) async fn snapshot(&self, tenant: TenantId) -> Result<Arc<Snapshot>> {
        let known = self.known().get(&tenant).cloned();
        match known {
            Some(snapshot) if self.0.doubts.contains(tenant) => {
                let asked_at = self.runtime().now();
                let current = self.compared(snapshot).await?;
                self.0.doubts.compared(tenant, asked_at);
                Ok(current)
            }
            Some(snapshot) => Ok(snapshot),
            None => self.reload(tenant).await,
        }
    }

    /// The state of the workspace as the database holds it now: this one, or a
    /// later one.
    pub(crate) async fn compared(&self, snapshot: Arc<Snapshot>) -> Result<Arc<Snapshot>> {
        let tenant = snapshot.tenant;
        let current = Snapshot::read_version(&*self.0.runtime.database, tenant).await?;
        if current == snapshot.version {
            return Ok(snapshot);
        }
        let _loading = self.0.loading.lock().await;
        // A change made here may have brought it meanwhile.
        let known = self.known().get(&tenant).cloned();
        match known.filter(|known| known.version >= current) {
            Some(known) => Ok(known),
            None => self.load(tenant).await,
        }
    }

    /// The current state, for somebody who may do everything.
    pub(crate) async fn admin_snapshot(&self, subject: &Subject) -> Result<Arc<Snapshot>> {
        let snapshot = self.snapshot(subject.tenant()).await?;
        if snapshot.is_admin(subject) {
            Ok(snapshot)
        } else {
            Err(refusal(subject))
        }
    }

    /// The same for somebody who is about to change something.
    pub(crate) async fn changing_snapshot(&self, subject: &Subject) -> Result<Arc<Snapshot>> {
        if subject.scope().read_only {
            return Err(Error::new(
                ErrorKind::Forbidden,
                "this credential only reads",
            ));
        }
        self.admin_snapshot(subject).await
    }

    /// Runs a batch that changes what it says of a workspace's definitions or
    /// access, and makes the change visible to every request that starts after
    /// this one is answered.
    pub(crate) async fn apply_change(
        &self,
        tenant: TenantId,
        mut batch: Batch,
        touched: &Touched,
    ) -> Result<()> {
        let bump = batch.steps().len();
        batch.push(
            Step::new(Statement::new(BUMP_VERSION, vec![tenant.into()])).expect(
                Expect::One,
                ErrorKind::NotFound,
                "there is no such workspace",
            ),
        );
        batch.extend(touched.read(tenant));
        let doubt = self.0.doubts.raise(tenant, &*self.0.runtime.clock);
        let applied = self.0.runtime.database.apply(batch).await;
        let seen = match &applied {
            Ok(rows) => self.advance(tenant, touched, rows.get(bump..)).await,
            // The outcome of a commit may be unknown.
            Err(_) => self.reload(tenant).await.map(drop),
        };
        doubt.settle();
        seen?;
        applied.map(drop)
    }

    /// Asserts that a workspace may have one more collection.
    pub(crate) fn check_room(&self, snapshot: &Snapshot) -> Result<()> {
        self.0.limits.check_collections(snapshot.collections.len())
    }

    /// Takes one of the changes of tables a workspace may make.
    pub(crate) fn take_ddl(&self, tenant: TenantId) -> Result<()> {
        self.0
            .ddl_rate
            .take(tenant, self.runtime().now(), &self.0.limits)
    }

    /// Makes the state after a change: from the one before it, where that is
    /// what is known, or else by reading the workspace again. `rows` is what
    /// the change gave: the version it made, and what it touched.
    async fn advance(
        &self,
        tenant: TenantId,
        touched: &Touched,
        rows: Option<&[Rows]>,
    ) -> Result<()> {
        let _loading = self.0.loading.lock().await;
        let known = self.known().get(&tenant).cloned();
        if let (Some(known), Some([version, read @ ..])) = (known, rows) {
            let version = version.first().map(|row| row.integer(0)).transpose()?;
            if version.is_some_and(|version| version <= known.version) {
                return Ok(());
            }
            if version == Some(known.version + 1)
                && let Ok(next) = known.next(touched, read)
            {
                self.keep(tenant, Ok(next))?;
                return Ok(());
            }
        }
        self.load(tenant).await.map(drop)
    }

    /// Forgets a workspace that was deleted.
    pub(crate) async fn forget(&self, tenant: TenantId) {
        self.0.slugs.forget(tenant);
        let _loading = self.0.loading.lock().await;
        let snapshots = self.0.snapshots.write();
        let mut snapshots = snapshots.unwrap_or_else(std::sync::PoisonError::into_inner);
        snapshots.remove(&tenant);
    }

    async fn reload(&self, tenant: TenantId) -> Result<Arc<Snapshot>> {
        let _loading = self.0.loading.lock().await;
        self.load(tenant).await
    }

    /// Reads the workspace; for who holds `loading`.
    async fn load(&self, tenant: TenantId) -> Result<Arc<Snapshot>> {
        let known = self.known().get(&tenant).cloned();
        let loaded = Snapshot::load(&*self.0.runtime.database, tenant, known.as_deref()).await;
        self.keep(tenant, loaded)
    }

    fn keep(&self, tenant: TenantId, loaded: Result<Snapshot>) -> Result<Arc<Snapshot>> {
        let mut snapshots = self
            .0
            .snapshots
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match loaded {
            Ok(snapshot) => {
                let snapshot = Arc::new(snapshot);
                snapshots.insert(tenant, Arc::clone(&snapshot));
                Ok(snapshot)
            }
            // A state that could not be read again is not to be served again.
            Err(error) => {
                snapshots.remove(&tenant);
                Err(error)
            }
        }
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, HashMap<TenantId, Arc<Snapshot>>> {
        self.0
            .snapshots
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// What somebody hears who may not: who is not known may still sign in.
pub(crate) fn refusal(subject: &Subject) -> Error {
    if subject.is_anonymous() {
        Error::new(ErrorKind::Unauthorized, "sign in to do this")
    } else {
        Error::new(ErrorKind::Forbidden, "you are not allowed to do this")
    }
}

impl Snapshot {
    /// The collection of that slug and what the subject may do with it.
    ///
    /// Without a grant, a collection that is not there and one that may not be
    /// touched get the same answer.
    pub(crate) fn granted(
        &self,
        subject: &Subject,
        slug: &str,
        action: Action,
    ) -> Result<(Arc<Collection>, Grant)> {
        let Some(collection) = self.collections.get(slug) else {
            let admin = self.is_admin(subject);
            return Err(if admin {
                Error::not_found()
            } else {
                refusal(subject)
            });
        };
        match self.grant(subject, collection, action) {
            Some(grant) => Ok((Arc::clone(collection), grant)),
            None => Err(refusal(subject)),
        }
    }
}
