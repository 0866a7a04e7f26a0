use serde_json::{Value as Json, json};
use workeros_core::input::Object;
use workeros_core::{
    Batch, Error, ErrorKind, Expect, Result, RoleId, Statement, Step, Subject, Violation,
};

use crate::data_plane::DataPlane;
use crate::items::log;
use crate::snapshot::{Role, Touched};

/// The longest name of a role, in bytes.
const MAX_NAME_BYTES: usize = 63;

const INSERT: &str = "INSERT INTO workeros_roles (id, tenant_id, name, description, admin, system, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
const UPDATE: &str = "UPDATE workeros_roles SET description = $1, admin = $2 WHERE id = $3";
const DELETE: &str = "DELETE FROM workeros_roles WHERE id = $1 AND NOT system";

/// The roles of a workspace, for one subject, who must be an admin.
///
/// A role is a name that permission rows are written for. Who has which roles
/// is the business of whoever knows the users.
#[derive(Debug, Clone)]
pub struct Roles {
    plane: DataPlane,
    subject: Subject,
}

impl Roles {
    pub(crate) fn new(plane: DataPlane, subject: Subject) -> Self {
        Self { plane, subject }
    }

    /// All roles, by name.
    ///
    /// # Errors
    ///
    /// A refusal for who is no admin.
    pub async fn list(&self) -> Result<Vec<Role>> {
        Ok(self
            .plane
            .admin_snapshot(&self.subject)
            .await?
            .roles
            .to_vec())
    }

    /// Makes a role of `name`, `description` and `admin`.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) with a pointer into the body;
    /// [`Conflict`](ErrorKind::Conflict) when the name is taken.
    pub async fn create(&self, body: &Json) -> Result<Role> {
        self.plane.changing_snapshot(&self.subject).await?;
        let role = self.read(body)?;
        let values = vec![
            role.id.into(),
            self.subject.tenant().into(),
            role.name.clone().into(),
            role.description.clone().into(),
            role.admin.into(),
            role.system.into(),
            role.created_at.into(),
        ];
        let mut batch = Batch::new().step(Step::new(Statement::new(INSERT, values)));
        batch.push(self.log(None, Some(&role)));
        let applied = self
            .plane
            .apply_change(self.subject.tenant(), batch, &Touched::Roles)
            .await;
        applied.map_err(|error| taken(error, &role.name))?;
        Ok(role)
    }

    /// Changes the `description` and whether the role is an `admin`. What a
    /// role of the system may do is fixed; so is every role's name.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound);
    /// [`Validation`](ErrorKind::Validation) with a pointer into the body.
    pub async fn update(&self, name: &str, body: &Json) -> Result<Role> {
        let snapshot = self.plane.changing_snapshot(&self.subject).await?;
        let current = snapshot.role(name).ok_or_else(Error::not_found)?;
        let role = change(current, body)?;
        let values = vec![
            role.description.clone().into(),
            role.admin.into(),
            role.id.into(),
        ];
        let step = Step::new(Statement::new(UPDATE, values));
        let mut batch =
            Batch::new().step(step.expect(Expect::One, ErrorKind::NotFound, "not found"));
        batch.push(self.log(Some(current), Some(&role)));
        self.plane
            .apply_change(self.subject.tenant(), batch, &Touched::Roles)
            .await?;
        Ok(role)
    }

    /// Removes a role with its permission rows. `extra` runs in the same
    /// batch: the steps of whoever keeps who has the role.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound); [`Conflict`](ErrorKind::Conflict)
    /// for a role of the system.
    pub async fn delete(&self, name: &str, extra: Vec<Step>) -> Result<()> {
        let snapshot = self.plane.changing_snapshot(&self.subject).await?;
        let role = snapshot.role(name).ok_or_else(Error::not_found)?;
        if role.system {
            let why = format!("every workspace has the role `{name}`; it cannot be deleted");
            return Err(Error::new(ErrorKind::Conflict, why));
        }
        let step = Step::new(Statement::new(DELETE, vec![role.id.into()]));
        let mut batch =
            Batch::new().step(step.expect(Expect::One, ErrorKind::NotFound, "not found"));
        batch.extend(extra);
        batch.push(self.log(Some(role), None));
        self.plane
            .apply_change(self.subject.tenant(), batch, &Touched::Roles)
            .await
    }

    fn log(&self, before: Option<&Role>, after: Option<&Role>) -> Step {
        let item = before
            .or(after)
            .map(|role| role.id.to_string())
            .unwrap_or_default();
        let (before, after) = (before.map(Role::to_json), after.map(Role::to_json));
        log::admin_step(
            self.plane.runtime(),
            &self.subject,
            log::ROLES,
            item,
            before,
            after,
        )
    }

    fn read(&self, body: &Json) -> Result<Role> {
        let mut object = Object::read(body, "")?;
        object.require("name");
        let name = object.string("name");
        if let Some(name) = &name {
            check_name(&mut object, name);
        }
        let description = object.string("description");
        let admin = object.boolean("admin").unwrap_or_default();
        object.finish()?;
        let runtime = self.plane.runtime();
        Ok(Role {
            id: RoleId::new(runtime.ids.next_id()),
            name: name.unwrap_or_default(),
            description,
            admin,
            system: false,
            created_at: runtime.now(),
        })
    }
}

impl Role {
    /// The role as a client is shown it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "description": self.description,
            "admin": self.admin,
            "system": self.system,
            "created_at": self.created_at.to_string(),
        })
    }
}

/// The role after a PATCH.
fn change(current: &Role, body: &Json) -> Result<Role> {
    let mut object = Object::read(body, "")?;
    let mut role = current.clone();
    if object
        .string("name")
        .is_some_and(|name| name != current.name)
    {
        object.complain("name", "immutable", "cannot be changed; make another role");
    }
    if object.contains("description") {
        role.description = object.string("description");
    }
    role.admin = object.boolean("admin").unwrap_or(current.admin);
    if current.system && role.admin != current.admin {
        object.complain(
            "admin",
            "immutable",
            "what a role of the system may do is fixed",
        );
    }
    object.finish()?;
    Ok(role)
}

fn check_name(object: &mut Object, name: &str) {
    let mut bytes = name.bytes();
    let well_formed = bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte)
        })
        && name.len() <= MAX_NAME_BYTES;
    if !well_formed {
        let rule = "must be lower-case letters, digits, `_` and `-`, start with a letter, and be at most 63 long";
        object.complain("name", "invalid_name", rule);
    }
}

fn taken(error: Error, name: &str) -> Error {
    match error.violation() {
        Some(Violation::Unique { .. }) => {
            let why = format!("there is a role `{name}` already");
            Error::new(ErrorKind::Conflict, why).with_source(error)
        }
        _ => error,
    }
}
