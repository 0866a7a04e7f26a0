//! Workspaces: what collections, roles and members belong to.

use serde_json::{Value as Json, json};
use workeros_core::input::Object;
use workeros_core::{
    Batch, Cost, Error, ErrorKind, Expect, Result, Row, Runtime, Statement, Step, Subject,
    TenantId, Timestamp, Violation, Workspace, role,
};

use crate::DataPlane;

mod deletion;
mod directory;

pub(crate) use directory::Slugs;

/// A workspace as its operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkspaceDetails {
    /// Its id and slug.
    pub workspace: Workspace,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The workspaces of an instance: all of them for its operator, who is an admin
/// of the default workspace and acts in it; for others the one they act in.
#[derive(Debug, Clone)]
pub struct WorkspaceList {
    plane: DataPlane,
    subject: Subject,
}

/// What the first workspace is called.
pub(crate) const DEFAULT_SLUG: &str = "default";

const SELECT_ID: &str = "SELECT id FROM workeros_tenants WHERE slug = $1";
const LIST: &str = "SELECT id, slug, name, created_at FROM workeros_tenants WHERE deleted_at IS NULL \
     ORDER BY slug LIMIT 1000";
const FIND: &str = "SELECT id, slug, name, created_at FROM workeros_tenants \
     WHERE id = $1 AND deleted_at IS NULL";
const RENAME: &str = "UPDATE workeros_tenants SET name = $1 WHERE id = $2 AND deleted_at IS NULL";
const INSERT: &str = "INSERT INTO workeros_tenants (id, slug, name, created_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (slug) DO NOTHING";
const INSERT_ROLE: &str = "INSERT INTO workeros_roles (id, tenant_id, name, description, admin, system, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";

const MAX_SLUG_BYTES: usize = 40;
const MAX_NAME_CHARS: usize = 100;
const TAKEN: &str = "a workspace with this slug is already there";

impl WorkspaceDetails {
    /// The workspace as JSON.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "id": self.workspace.id.to_string(),
            "slug": self.workspace.slug,
            "name": self.name,
            "created_at": self.created_at.to_string(),
        })
    }

    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            workspace: Workspace::new(TenantId::new(row.uuid(0)?), row.text(1)?),
            name: row.text(2)?.to_owned(),
            created_at: row.timestamp(3)?,
        })
    }
}

impl WorkspaceList {
    pub(crate) fn new(plane: DataPlane, subject: Subject) -> Self {
        Self { plane, subject }
    }

    /// All workspaces by slug, at most 1000.
    ///
    /// # Errors
    ///
    /// A refusal for who is not the operator.
    pub async fn list(&self) -> Result<Vec<WorkspaceDetails>> {
        self.admit().await?;
        let statement = Statement::new(LIST, vec![]);
        let rows = self.plane.runtime().database.fetch(statement).await?;
        rows.iter().map(WorkspaceDetails::read).collect()
    }

    /// A workspace by its id.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound); a refusal for who is neither the
    /// operator nor known and acting in it.
    pub async fn get(&self, id: TenantId) -> Result<WorkspaceDetails> {
        let acts_there = self.subject.tenant() == id && !self.subject.is_anonymous();
        if !acts_there {
            self.admit().await?;
        }
        self.find(id).await
    }

    /// Makes a workspace of `slug` and `name`, with the roles every one has.
    /// `extra` gives, for its id, steps for the same batch: those of whoever
    /// keeps who is in it.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) with a pointer into the body;
    /// [`Conflict`](ErrorKind::Conflict) when the slug is taken; a refusal for
    /// who is not the operator.
    pub async fn create(
        &self,
        body: &Json,
        extra: impl FnOnce(TenantId) -> Vec<Step>,
    ) -> Result<WorkspaceDetails> {
        self.plane.require_operator_to_change(&self.subject).await?;
        let runtime = self.plane.runtime();
        let (slug, name) = read_new(body)?;
        let id = TenantId::new(runtime.ids.next_id());
        let mut batch = new_workspace(runtime, id, &slug, &name);
        batch.extend(extra(id));
        runtime.database.apply(batch).await.map_err(taken)?;
        self.find(id).await
    }

    /// Changes the `name`. The slug stays: it stands in the addresses of its
    /// end users and in their tokens.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound);
    /// [`Validation`](ErrorKind::Validation) with a pointer into the body; a
    /// refusal for who is neither the operator nor an admin of it, acting in it.
    pub async fn rename(&self, id: TenantId, body: &Json) -> Result<WorkspaceDetails> {
        self.admit_to_change(id).await?;
        let mut object = Object::read(body, "")?;
        let name = read_name(&mut object);
        object.finish()?;
        let statement = Statement::new(RENAME, vec![name.into(), id.into()]);
        let step = Step::new(statement).expect(Expect::One, ErrorKind::NotFound, "not found");
        let database = &self.plane.runtime().database;
        database.apply(Batch::new().step(step)).await?;
        self.find(id).await
    }

    async fn admit(&self) -> Result<()> {
        self.plane.require_operator(&self.subject).await
    }

    /// Lets pass who may change the workspace: its admins, acting in it, and the
    /// operator.
    async fn admit_to_change(&self, id: TenantId) -> Result<()> {
        if self.subject.tenant() == id {
            self.plane.require_admin_to_change(&self.subject).await
        } else {
            self.plane.require_operator_to_change(&self.subject).await
        }
    }

    async fn find(&self, id: TenantId) -> Result<WorkspaceDetails> {
        let statement = Statement::new(FIND, vec![id.into()]).with_cost(Cost::Short);
        let rows = self.plane.runtime().database.fetch(statement).await?;
        WorkspaceDetails::read(rows.first().ok_or_else(Error::not_found)?)
    }
}

impl DataPlane {
    /// The workspaces of the instance, as far as they are the subject's.
    #[must_use]
    pub fn workspaces(&self, subject: Subject) -> WorkspaceList {
        WorkspaceList::new(self.clone(), subject)
    }

    /// Lets pass who runs the instance: an admin of the default workspace who
    /// acts in it, or the host itself.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](ErrorKind::Unauthorized) for nobody known,
    /// [`Forbidden`](ErrorKind::Forbidden) for everybody else.
    pub async fn require_operator(&self, subject: &Subject) -> Result<()> {
        self.check_operator(subject)?;
        self.require_admin(subject).await
    }

    /// The same for what changes something: a credential that only reads does
    /// not do.
    ///
    /// # Errors
    ///
    /// As [`require_operator`](Self::require_operator).
    pub async fn require_operator_to_change(&self, subject: &Subject) -> Result<()> {
        self.check_operator(subject)?;
        self.require_admin_to_change(subject).await
    }

    /// End users run nothing, whatever their roles are.
    fn check_operator(&self, subject: &Subject) -> Result<()> {
        if subject.is_anonymous() {
            return Err(Error::new(ErrorKind::Unauthorized, "sign in to do this"));
        }
        if subject.tenant() == self.default_tenant() && !subject.is_end_user() {
            return Ok(());
        }
        let why = "only an admin of the default workspace runs the instance";
        Err(Error::new(ErrorKind::Forbidden, why))
    }
}

/// The workspace that exists from the first start.
pub(crate) async fn ensure_default(runtime: &Runtime) -> Result<TenantId> {
    let select = || Statement::new(SELECT_ID, vec![DEFAULT_SLUG.into()]);
    if let Some(row) = runtime.database.fetch(select()).await?.first() {
        return row.uuid(0).map(TenantId::new);
    }
    let tenant = TenantId::new(runtime.ids.next_id());
    let batch = new_workspace(runtime, tenant, DEFAULT_SLUG, "Default");
    match runtime.database.apply(batch).await {
        Ok(_) => Ok(tenant),
        // Another instance was faster.
        Err(error) if error.kind() == ErrorKind::Conflict => {
            let rows = runtime.database.fetch(select()).await?;
            rows.first().ok_or(error)?.uuid(0).map(TenantId::new)
        }
        Err(error) => Err(error),
    }
}

/// A workspace with the roles every one has.
fn new_workspace(runtime: &Runtime, tenant: TenantId, slug: &str, name: &str) -> Batch {
    let now = runtime.now();
    let insert = vec![tenant.into(), slug.into(), name.into(), now.into()];
    let insert = Step::new(Statement::new(INSERT, insert));
    let mut batch = Batch::new().step(insert.expect(Expect::One, ErrorKind::Conflict, TAKEN));
    let roles = [
        (role::ADMIN, "May do everything", true),
        (role::AUTHENTICATED, "Whoever is signed in", false),
        (role::PUBLIC, "Everybody, signed in or not", false),
    ];
    for (name, description, admin) in roles {
        let values = vec![
            runtime.ids.next_id().into(),
            tenant.into(),
            name.into(),
            description.into(),
            admin.into(),
            true.into(),
            now.into(),
        ];
        batch.push(Step::new(Statement::new(INSERT_ROLE, values)));
    }
    batch
}

fn read_new(body: &Json) -> Result<(String, String)> {
    let mut object = Object::read(body, "")?;
    let slug = object.required_string("slug");
    if !is_slug(&slug) {
        let message = "must be 2 to 40 lower-case letters, digits or dashes, with a letter first";
        object.complain("slug", "invalid_value", message);
    }
    let name = read_name(&mut object);
    object.finish()?;
    Ok((slug, name))
}

fn read_name(object: &mut Object) -> String {
    let name = object.required_string("name").trim().to_owned();
    let chars = name.chars().count();
    if !(1..=MAX_NAME_CHARS).contains(&chars) || name.chars().any(char::is_control) {
        object.complain(
            "name",
            "invalid_value",
            "must be one line of 1 to 100 characters",
        );
    }
    name
}

fn is_slug(slug: &str) -> bool {
    let fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (2..=MAX_SLUG_BYTES).contains(&slug.len())
        && slug.starts_with(|first: char| first.is_ascii_lowercase())
        && !slug.ends_with('-')
        && slug.bytes().all(fit)
        // Where a request names a workspace, an id is one.
        && slug.parse::<TenantId>().is_err()
}

fn taken(error: Error) -> Error {
    match error.violation() {
        Some(Violation::Unique { .. }) => Error::new(ErrorKind::Conflict, TAKEN),
        _ => error,
    }
}
