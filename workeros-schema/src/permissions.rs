use std::sync::Arc;

use serde_json::{Value as Json, json};
use workeros_core::input::Object;
use workeros_core::{
    Action, Batch, Error, ErrorKind, Expect, PermissionId, Result, RoleId, Statement, Step,
    Subject, Value, Violation,
};
use workeros_dsl::Condition;

use crate::collection::Collection;
use crate::data_plane::DataPlane;
use crate::items::log;
use crate::snapshot::{Permission, Snapshot, Touched};

mod simulation;

pub use simulation::{AppliedRule, Simulation};

/// What stands for all collections, and for all fields.
const ALL: &str = "*";

const INSERT: &str = "INSERT INTO workeros_permissions \
     (id, tenant_id, role_id, collection_id, action, condition, fields, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const UPDATE: &str = "UPDATE workeros_permissions SET action = $1, condition = $2, fields = $3 \
     WHERE id = $4";
const DELETE: &str = "DELETE FROM workeros_permissions WHERE id = $1";

/// The permission rows of a workspace, for one subject, who must be an admin.
#[derive(Debug, Clone)]
pub struct Permissions {
    plane: DataPlane,
    subject: Subject,
}

/// Which permission rows to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PermissionFilter {
    /// Those of the role with this name.
    pub role: Option<String>,
    /// Those for the collection with this slug; `*` for those for all
    /// collections.
    pub collection: Option<String>,
}

impl PermissionFilter {
    /// Those of the role with this name.
    #[must_use]
    pub fn with_role(mut self, role: impl Into<String>) -> Self {
        self.role = Some(role.into());
        self
    }

    /// Those for the collection with this slug; `*` for those for all
    /// collections.
    #[must_use]
    pub fn with_collection(mut self, slug: impl Into<String>) -> Self {
        self.collection = Some(slug.into());
        self
    }
}

/// A permission row with the slug of its collection.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PermissionView {
    /// The row.
    pub permission: Permission,
    /// The slug of the collection; `None` for all of them.
    pub collection: Option<String>,
}

impl PermissionView {
    fn of(permission: &Permission, snapshot: &Snapshot) -> Self {
        let collection = permission
            .collection
            .and_then(|id| snapshot.collection_by_id(id));
        Self {
            permission: permission.clone(),
            collection: collection.map(|collection| collection.slug.clone()),
        }
    }

    /// The row as a client is shown it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let permission = &self.permission;
        json!({
            "id": permission.id.to_string(),
            "role": permission.role,
            "collection": self.collection.as_deref().unwrap_or(ALL),
            "action": permission.action.as_str(),
            "condition": permission.condition,
            "fields": permission.fields.as_ref().map_or_else(|| json!(ALL), |fields| json!(fields)),
            "created_at": permission.created_at.to_string(),
        })
    }
}

impl Permissions {
    pub(crate) fn new(plane: DataPlane, subject: Subject) -> Self {
        Self { plane, subject }
    }

    /// The rows that the filter admits, oldest first.
    ///
    /// # Errors
    ///
    /// A refusal for who is no admin.
    pub async fn list(&self, filter: &PermissionFilter) -> Result<Vec<PermissionView>> {
        let snapshot = self.plane.admin_snapshot(&self.subject).await?;
        let views = snapshot
            .permissions()
            .into_iter()
            .map(|row| PermissionView::of(row, &snapshot));
        let listed = views.filter(|view| {
            let slug = view.collection.as_deref().unwrap_or(ALL);
            filter
                .role
                .as_ref()
                .is_none_or(|role| *role == view.permission.role)
                && filter
                    .collection
                    .as_ref()
                    .is_none_or(|wanted| wanted == slug)
        });
        Ok(listed.collect())
    }

    /// One row.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound).
    pub async fn get(&self, id: PermissionId) -> Result<PermissionView> {
        let snapshot = self.plane.admin_snapshot(&self.subject).await?;
        find(&snapshot, id).map(|permission| PermissionView::of(permission, &snapshot))
    }

    /// Allows a `role` an `action` (`read`, `create`, `update`, `delete`) on a
    /// `collection`: its slug, or `*` for all. `condition` says on which rows,
    /// `fields` which columns; without them, all.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) with a pointer into the body.
    pub async fn create(&self, body: &Json) -> Result<PermissionView> {
        let snapshot = self.plane.changing_snapshot(&self.subject).await?;
        let (role, permission) = self.read(&snapshot, body)?;
        let (condition, fields) = stored(&permission);
        let values = vec![
            permission.id.into(),
            self.subject.tenant().into(),
            role.into(),
            permission.collection.map_or(Value::Null, Value::from),
            permission.action.as_str().into(),
            condition,
            fields,
            permission.created_at.into(),
        ];
        let view = PermissionView::of(&permission, &snapshot);
        let batch = Batch::new()
            .step(Step::new(Statement::new(INSERT, values)))
            .step(self.log(permission.id, None, Some(&view)));
        let applied = self.apply(&view, batch).await;
        applied.map_err(lost_target)?;
        Ok(view)
    }

    /// Changes the `action`, the `condition` or the `fields`; null takes away
    /// the limit. A row stays with its role and its collection.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound);
    /// [`Validation`](ErrorKind::Validation) with a pointer into the body.
    pub async fn update(&self, id: PermissionId, body: &Json) -> Result<PermissionView> {
        let snapshot = self.plane.changing_snapshot(&self.subject).await?;
        let current = PermissionView::of(find(&snapshot, id)?, &snapshot);
        let before = current.clone();
        let changed = change(&snapshot, current, body)?;
        let permission = &changed.permission;
        let (condition, fields) = stored(permission);
        let values = vec![
            permission.action.as_str().into(),
            condition,
            fields,
            id.into(),
        ];
        let step = Step::new(Statement::new(UPDATE, values));
        let batch = Batch::new()
            .step(step.expect(Expect::One, ErrorKind::NotFound, "not found"))
            .step(self.log(id, Some(&before), Some(&changed)));
        self.apply(&changed, batch).await?;
        Ok(changed)
    }

    /// Removes a row.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound).
    pub async fn delete(&self, id: PermissionId) -> Result<()> {
        let snapshot = self.plane.changing_snapshot(&self.subject).await?;
        let current = PermissionView::of(find(&snapshot, id)?, &snapshot);
        let step = Step::new(Statement::new(DELETE, vec![id.into()]));
        let batch = Batch::new()
            .step(step.expect(Expect::One, ErrorKind::NotFound, "not found"))
            .step(self.log(id, Some(&current), None));
        self.apply(&current, batch).await
    }

    /// Runs a batch that changes this row.
    async fn apply(&self, view: &PermissionView, batch: Batch) -> Result<()> {
        let touched = Touched::Permission(view.permission.id, view.permission.collection);
        self.plane
            .apply_change(self.subject.tenant(), batch, &touched)
            .await
    }

    fn log(
        &self,
        id: PermissionId,
        before: Option<&PermissionView>,
        after: Option<&PermissionView>,
    ) -> Step {
        let image = |view: Option<&PermissionView>| view.map(PermissionView::to_json);
        let (before, after) = (image(before), image(after));
        let item = id.to_string();
        log::admin_step(
            self.plane.runtime(),
            &self.subject,
            log::PERMISSIONS,
            item,
            before,
            after,
        )
    }

    fn read(&self, snapshot: &Snapshot, body: &Json) -> Result<(RoleId, Permission)> {
        let mut object = Object::read(body, "")?;
        let role = read_role(&mut object, snapshot);
        let collection = read_collection(&mut object, snapshot);
        object.require("action");
        let action = read_action(&mut object);
        let limits = match &collection {
            Some(collection) => read_limits(&mut object, collection.as_deref()),
            None => take_limits(&mut object),
        };
        object.finish()?;
        let (Some((role, name)), Some(collection), Some(action)) = (role, collection, action)
        else {
            return Err(Error::validation(
                "",
                "invalid_value",
                "is not a permission",
            ));
        };
        let runtime = self.plane.runtime();
        let permission = Permission {
            id: PermissionId::new(runtime.ids.next_id()),
            role: name,
            collection: collection.map(|collection| collection.id),
            action,
            condition: limits.condition,
            fields: limits.fields,
            created_at: runtime.now(),
        };
        Ok((role, permission))
    }
}

/// On which rows a permission holds, and for which columns.
#[derive(Debug, Default)]
struct Limits {
    condition: Option<Json>,
    fields: Option<Vec<String>>,
}

fn find(snapshot: &Snapshot, id: PermissionId) -> Result<&Permission> {
    snapshot.permission(id).ok_or_else(Error::not_found)
}

fn read_role(object: &mut Object, snapshot: &Snapshot) -> Option<(RoleId, String)> {
    object.require("role");
    let name = object.string("role")?;
    let role = snapshot.role(&name);
    if role.is_none() {
        object.complain("role", "unknown_role", format!("there is no role `{name}`"));
    }
    role.map(|role| (role.id, name))
}

/// The collection, or `None` inside for all of them.
fn read_collection(object: &mut Object, snapshot: &Snapshot) -> Option<Option<Arc<Collection>>> {
    object.require("collection");
    let slug = object.string("collection")?;
    if slug == ALL {
        return Some(None);
    }
    let collection = snapshot.collections.get(&slug);
    if collection.is_none() {
        let why = format!("there is no collection `{slug}`");
        object.complain("collection", "unknown_collection", why);
    }
    collection.cloned().map(Some)
}

fn read_action(object: &mut Object) -> Option<Action> {
    let word = object.string("action")?;
    let action = Action::parse(&word);
    if action.is_none() {
        let why = "must be `read`, `create`, `update` or `delete`";
        object.complain("action", "invalid_value", why);
    }
    action
}

/// Takes the limits out unread: against what they hold is not known.
fn take_limits(object: &mut Object) -> Limits {
    object.json("condition");
    object.json("fields");
    Limits::default()
}

fn read_limits(object: &mut Object, collection: Option<&Collection>) -> Limits {
    Limits {
        condition: read_condition(object, collection),
        fields: read_fields(object, collection),
    }
}

fn read_condition(object: &mut Object, collection: Option<&Collection>) -> Option<Json> {
    let json = object.json("condition")?;
    let Some(collection) = collection else {
        let why = "name a collection: what all have in common has no fields to speak of";
        object.complain("condition", "not_allowed", why);
        return None;
    };
    let parsed = Condition::parse(&json, collection).map_err(|error| {
        let path = format!("{}{}", object.pointer("condition"), error.pointer);
        Error::validation(path, error.code.as_str(), error.message)
    });
    let condition = object.keep(parsed)?;
    (!condition.is_all()).then(|| condition.to_json())
}

fn read_fields(object: &mut Object, collection: Option<&Collection>) -> Option<Vec<String>> {
    let json = object.json("fields")?;
    if json == ALL {
        return None;
    }
    let Json::Array(names) = json else {
        object.complain(
            "fields",
            "type_mismatch",
            "must be an array of names, or `*` for all",
        );
        return None;
    };
    if names.iter().any(|name| name == ALL) {
        return None;
    }
    let Some(collection) = collection else {
        object.complain(
            "fields",
            "not_allowed",
            "name a collection to name fields of it",
        );
        return None;
    };
    let pointer = object.pointer("fields");
    let mut fields: Vec<String> = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let name = field_name(name, collection, &format!("{pointer}/{index}"));
        if let Some(name) = object.keep(name).filter(|name| !fields.contains(name)) {
            fields.push(name);
        }
    }
    Some(fields)
}

/// A private field is nobody's to see, so nobody is granted it.
fn field_name(name: &Json, collection: &Collection, path: &str) -> Result<String> {
    let name = name
        .as_str()
        .ok_or_else(|| Error::validation(path, "type_mismatch", "must be the name of a field"))?;
    match collection.field(name) {
        Some(field) if !field.private => Ok(name.to_owned()),
        Some(_) => Err(Error::validation(
            path,
            "private_field",
            "a private field is never shown",
        )),
        None => {
            let why = format!("`{}` has no field `{name}`", collection.slug);
            Err(Error::validation(path, "unknown_field", why))
        }
    }
}

/// The permission after a PATCH.
fn change(snapshot: &Snapshot, mut view: PermissionView, body: &Json) -> Result<PermissionView> {
    let collection = view
        .permission
        .collection
        .and_then(|id| snapshot.collection_by_id(id));
    let collection = collection.map(|collection| &**collection);
    let mut object = Object::read(body, "")?;
    let slug = view.collection.as_deref().unwrap_or(ALL);
    for (key, current) in [
        ("role", view.permission.role.as_str()),
        ("collection", slug),
    ] {
        if object.string(key).is_some_and(|sent| sent != current) {
            object.complain(
                key,
                "immutable",
                "cannot be changed; make another permission",
            );
        }
    }
    view.permission.action = read_action(&mut object).unwrap_or(view.permission.action);
    if object.contains("condition") {
        view.permission.condition = read_condition(&mut object, collection);
    }
    if object.contains("fields") {
        view.permission.fields = read_fields(&mut object, collection);
    }
    object.finish()?;
    Ok(view)
}

/// The condition and the fields as they are stored.
fn stored(permission: &Permission) -> (Value, Value) {
    let json = |json: Option<Json>| json.map_or(Value::Null, |json| Value::Json(json.to_string()));
    (
        json(permission.condition.clone()),
        json(permission.fields.as_ref().map(|fields| json!(fields))),
    )
}

/// The role or the collection went away between the check and the write.
fn lost_target(error: Error) -> Error {
    match error.violation() {
        Some(Violation::ForeignKey) => {
            let why = "the role or the collection was deleted meanwhile";
            Error::new(ErrorKind::Conflict, why).with_source(error)
        }
        _ => error,
    }
}
