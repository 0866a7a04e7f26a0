mod patch;

use std::sync::Arc;

use serde_json::Value as Json;
use workeros_core::input::Object;
use workeros_core::{
    Action, Batch, CollectionId, Error, ErrorKind, Expect, Result, Statement, Step, Subject, Value,
    Violation,
};
use workeros_dsl::{Key, Type};

use crate::collection::{
    Collection, Definition, Kind, Made, Settings, managed_system_fields, read_fields,
};
use crate::data_plane::DataPlane;
use crate::ddl::{Ddl, Target, distinct_table_name, table_name};
use crate::field::{Field, Origin, System, settle_values};
use crate::items::log;
use crate::name::Slug;
use crate::snapshot::{Snapshot, Touched};
use patch::{merge_fields, with_what_is_there};

const INSERT: &str = "INSERT INTO workeros_collections \
     (id, tenant_id, slug, physical_table, exclusive_table, definition, version, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)";
const UPDATE: &str = "UPDATE workeros_collections \
     SET slug = $1, definition = $2, version = version + 1, updated_at = $3 \
     WHERE id = $4 AND version = $5";
const DELETE: &str = "DELETE FROM workeros_collections WHERE id = $1 AND version = $2";

/// The collections of a workspace, for one subject.
///
/// Reading shows the collections the subject may read; everything else takes
/// an admin.
#[derive(Debug, Clone)]
pub struct Collections {
    plane: DataPlane,
    subject: Subject,
}

impl Collections {
    pub(crate) fn new(plane: DataPlane, subject: Subject) -> Self {
        Self { plane, subject }
    }

    /// All collections the subject may read something of, by slug.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn list(&self) -> Result<Vec<Arc<Collection>>> {
        let snapshot = self.plane.snapshot(self.subject.tenant()).await?;
        let mut visible: Vec<Arc<Collection>> = snapshot
            .collections
            .values()
            .filter_map(|collection| self.visible(&snapshot, collection))
            .collect();
        visible.sort_by(|a, b| a.slug.cmp(&b.slug));
        if visible.is_empty() && self.subject.is_anonymous() {
            return Err(crate::data_plane::refusal(&self.subject));
        }
        Ok(visible)
    }

    /// One collection.
    ///
    /// # Errors
    ///
    /// As for reading its rows: [`NotFound`](ErrorKind::NotFound) for an
    /// admin, a refusal that does not tell for another.
    pub async fn get(&self, slug: &str) -> Result<Arc<Collection>> {
        let snapshot = self.plane.snapshot(self.subject.tenant()).await?;
        let (collection, _) = snapshot.granted(&self.subject, slug, Action::Read)?;
        self.visible(&snapshot, &collection)
            .ok_or_else(Error::not_found)
    }

    /// The collection as the subject sees it: without the fields it may not
    /// read. An admin sees private fields too: he defines them.
    fn visible(
        &self,
        snapshot: &Snapshot,
        collection: &Arc<Collection>,
    ) -> Option<Arc<Collection>> {
        if snapshot.is_admin(&self.subject) {
            return Some(Arc::clone(collection));
        }
        let grant = snapshot.grant(&self.subject, collection, Action::Read)?;
        let shown = |field: &&Field| {
            !field.private && (field.system == Some(System::Id) || grant.names(&field.name))
        };
        Some(Arc::new(Collection::clone(collection).showing(shown)))
    }

    /// Defines a collection and creates its table.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) with a pointer into the body;
    /// [`Conflict`](ErrorKind::Conflict) when the slug is taken.
    pub async fn create(&self, body: &Json) -> Result<Arc<Collection>> {
        let _alone = self.plane.0.defining.lock().await;
        let snapshot = self.plane.changing_snapshot(&self.subject).await?;
        let definition = Definition::read(body)?;
        self.plane.check_room(&snapshot)?;
        let collection = self.collection(&snapshot, definition)?;
        self.plane.take_ddl(collection.tenant)?;
        let runtime = self.plane.runtime();
        let ddl = Ddl(runtime.database.dialect());
        let mut batch = Batch::new();
        batch.extend(ddl.prologue());
        batch.push(insert(&collection, Some(&collection.table)));
        batch.extend(ddl.create(&collection, |field| target(&snapshot, &collection, field)));
        batch.push(log::definition_step(
            runtime,
            &self.subject,
            None,
            Some(&collection),
        ));
        let touched = Touched::Collections(vec![collection.id]);
        let applied = self.plane.apply_change(collection.tenant, batch, &touched);
        applied
            .await
            .map_err(|error| taken(error, &collection.slug))?;
        Ok(Arc::new(collection))
    }

    /// Changes what a collection is called, adds fields, or gives it another
    /// slug. Fields that are there already may be sent along unchanged, or with
    /// another label, note, default, choices or validation; their type and
    /// column stay.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) with a pointer into the body;
    /// [`Conflict`](ErrorKind::Conflict) when the new slug is taken or somebody
    /// else changed the collection meanwhile.
    pub async fn update(&self, slug: &str, body: &Json) -> Result<Arc<Collection>> {
        let _alone = self.plane.0.defining.lock().await;
        let snapshot = self.plane.changing_snapshot(&self.subject).await?;
        let current = snapshot
            .collections
            .get(slug)
            .ok_or_else(Error::not_found)?;
        let (changed, added) = self.change(&snapshot, current, body)?;
        let ddl = Ddl(self.plane.runtime().database.dialect());
        let mut batch = Batch::new();
        if current.is_managed() && !added.is_empty() {
            self.plane.take_ddl(current.tenant)?;
            batch.extend(ddl.prologue());
            for field in &added {
                let target = target(&snapshot, &changed, field);
                batch.extend(ddl.add_column(&changed, field, target.as_ref()));
            }
        }
        self.store(current, changed, batch).await
    }

    /// Removes a field. On a managed collection its column and everything in
    /// it is gone; an adopted table keeps its column.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound);
    /// [`Validation`](ErrorKind::Validation) for a part every item has.
    pub async fn drop_field(&self, slug: &str, name: &str) -> Result<Arc<Collection>> {
        let _alone = self.plane.0.defining.lock().await;
        let snapshot = self.plane.changing_snapshot(&self.subject).await?;
        let current = snapshot
            .collections
            .get(slug)
            .ok_or_else(Error::not_found)?;
        let field = current.field(name).ok_or_else(Error::not_found)?;
        if field.system.is_some() {
            let why = "is a part of every item and cannot be dropped";
            return Err(Error::validation("name", "system_field", why));
        }
        if current
            .settings
            .default_sort
            .iter()
            .any(|key| key.field == name)
        {
            let why = "is in the default sort; change that first";
            return Err(Error::validation("name", "in_use", why));
        }
        let mut batch = Batch::new();
        if current.is_managed() {
            self.plane.take_ddl(current.tenant)?;
            let ddl = Ddl(self.plane.runtime().database.dialect());
            batch.extend(ddl.prologue());
            batch.extend(ddl.drop_column(current, field));
        }
        let fields = current
            .fields
            .iter()
            .filter(|field| field.name != name)
            .cloned()
            .collect();
        let changed = Collection::clone(current).with_fields(fields);
        self.store(current, changed, batch).await
    }

    /// Removes a collection with its permission rows. The table of a managed
    /// one is dropped with everything in it; an adopted table stays as it is.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound); [`Conflict`](ErrorKind::Conflict)
    /// while a relation of another collection points to it.
    pub async fn delete(&self, slug: &str) -> Result<()> {
        let _alone = self.plane.0.defining.lock().await;
        let snapshot = self.plane.changing_snapshot(&self.subject).await?;
        let collection = snapshot
            .collections
            .get(slug)
            .ok_or_else(Error::not_found)?;
        check_unreferenced(&snapshot, slug)?;
        let runtime = self.plane.runtime();
        let ddl = Ddl(runtime.database.dialect());
        let values = vec![collection.id.into(), collection.version.into()];
        let mut batch = Batch::new();
        batch.extend(ddl.prologue());
        batch.push(unchanged(Step::new(Statement::new(DELETE, values))));
        if collection.is_managed() {
            self.plane.take_ddl(collection.tenant)?;
            batch.push(ddl.drop_table(collection));
        }
        batch.push(log::definition_step(
            runtime,
            &self.subject,
            Some(collection),
            None,
        ));
        let touched = Touched::Collections(vec![collection.id]);
        self.plane
            .apply_change(collection.tenant, batch, &touched)
            .await
    }

    /// The collection a definition makes.
    fn collection(&self, snapshot: &Snapshot, definition: Definition) -> Result<Collection> {
        let Definition {
            slug,
            settings,
            fields,
        } = definition;
        let sent: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        let runtime = self.plane.runtime();
        let mut all = managed_system_fields(settings.owner_scoped);
        all.extend(fields);
        let tenant = self.subject.tenant();
        let made = Made {
            id: CollectionId::new(runtime.ids.next_id()),
            tenant,
            at: runtime.now(),
        };
        let slug = slug.as_str().to_owned();
        let table = free_table(snapshot, &made, &slug);
        let mut collection = Collection::new(made, slug, table, Kind::Managed, all, settings);
        resolve_relations(snapshot, &mut collection, &sent)?;
        check_sort(&collection)?;
        Ok(collection)
    }

    /// The collection after a PATCH, and the fields it adds.
    fn change(
        &self,
        snapshot: &Snapshot,
        current: &Collection,
        body: &Json,
    ) -> Result<(Collection, Vec<Field>)> {
        let mut object = Object::read(body, "")?;
        let mut changed = current.clone();
        if let Some(slug) = object.string("slug") {
            let slug = Slug::parse(&slug, "/slug");
            if let Some(slug) = object.keep(slug) {
                changed.slug = slug.as_str().to_owned();
            }
        }
        for field in &mut changed.fields {
            if field.to.as_deref() == Some(&current.slug) {
                field.to = Some(changed.slug.clone());
            }
        }
        changed.settings = Settings::read(&mut object, current.settings.clone());
        if changed.settings.owner_scoped != current.settings.owner_scoped {
            object.complain("owner_scoped", "immutable", "cannot be changed");
        }
        let fields = object.array("fields").unwrap_or_default();
        let origin = if current.is_managed() {
            Origin::Managed
        } else {
            Origin::Adopted
        };
        let fields: Vec<Json> = fields
            .into_iter()
            .map(|sent| with_what_is_there(current, sent))
            .collect();
        let fields = object
            .keep(read_fields(&fields, origin))
            .unwrap_or_default();
        object.finish()?;
        let sent: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        let added = merge_fields(&mut changed, fields)?;
        resolve_relations(snapshot, &mut changed, &sent)?;
        check_sort(&changed)?;
        let added = changed
            .fields
            .iter()
            .filter(|field| added.contains(&field.name));
        let added = added.cloned().collect();
        Ok((changed, added))
    }

    /// Stores a changed definition, unless somebody else was faster.
    async fn store(
        &self,
        current: &Collection,
        mut changed: Collection,
        mut batch: Batch,
    ) -> Result<Arc<Collection>> {
        let runtime = self.plane.runtime();
        changed.updated_at = runtime.now();
        changed.version = current.version + 1;
        let values = vec![
            changed.slug.clone().into(),
            Value::Json(changed.to_json().to_string()),
            changed.updated_at.into(),
            current.id.into(),
            current.version.into(),
        ];
        batch.push(unchanged(Step::new(Statement::new(UPDATE, values))));
        let mut touched = vec![current.id];
        if changed.slug != current.slug {
            let followers = rename_target(&self.plane, current, &changed.slug, &mut batch).await?;
            touched.extend(followers);
        }
        batch.push(log::definition_step(
            runtime,
            &self.subject,
            Some(current),
            Some(&changed),
        ));
        let touched = Touched::Collections(touched);
        let applied = self.plane.apply_change(current.tenant, batch, &touched);
        applied.await.map_err(|error| taken(error, &changed.slug))?;
        Ok(Arc::new(changed))
    }
}

/// The table of a new collection. A collection that was renamed keeps the
/// table that its old slug would have.
fn free_table(snapshot: &Snapshot, made: &Made, slug: &str) -> String {
    let table = table_name(made.tenant, slug);
    let mut others = snapshot.collections.values();
    if others.any(|other| other.table == table) {
        distinct_table_name(made.tenant, slug, made.id)
    } else {
        table
    }
}

/// The record of a new collection. `exclusive` is the table nobody else may
/// use.
pub(crate) fn insert(collection: &Collection, exclusive: Option<&str>) -> Step {
    let values = vec![
        collection.id.into(),
        collection.tenant.into(),
        collection.slug.clone().into(),
        collection.table.clone().into(),
        exclusive.map(str::to_owned).into(),
        Value::Json(collection.to_json().to_string()),
        collection.version.into(),
        collection.created_at.into(),
    ];
    Step::new(Statement::new(INSERT, values))
}

/// Gives every relation the key of its target, which must be there. `sent`
/// names the fields in the order of the body, for pointers into it.
pub(crate) fn resolve_relations(
    snapshot: &Snapshot,
    collection: &mut Collection,
    sent: &[String],
) -> Result<()> {
    let own_key = collection.system(System::Id).map_or(Type::Uuid, |id| id.ty);
    let slug = collection.slug.clone();
    for field in &mut collection.fields {
        let Some(to) = &field.to else { continue };
        let index = sent.iter().position(|name| *name == field.name);
        let pointer = format!("/fields/{}", index.unwrap_or_default());
        let key = if *to == slug {
            Some(own_key)
        } else {
            let target = snapshot.collections.get(to);
            target
                .and_then(|target| target.system(System::Id))
                .map(|id| id.ty)
        };
        let Some(key) = key else {
            let message = format!("there is no collection `{to}`");
            let path = format!("{pointer}/to");
            return Err(Error::validation(path, "unknown_collection", message));
        };
        field.ty = Type::Relation(match key {
            Type::Integer => Key::Integer,
            Type::Text | Type::Longtext => Key::Text,
            _ => Key::Uuid,
        });
        settle_values(field, &pointer)?;
    }
    Ok(())
}

/// Asserts that the default sort names fields that can be sorted by.
pub(crate) fn check_sort(collection: &Collection) -> Result<()> {
    for key in &collection.settings.default_sort {
        let sortable = collection
            .field(&key.field)
            .is_some_and(|field| field.ty != Type::Json);
        if !sortable {
            let message = format!("there is no field `{}` to sort by", key.field);
            return Err(Error::validation("/default_sort", "unknown_field", message));
        }
    }
    Ok(())
}

/// Where a relation's foreign key points to. A relation to an adopted table
/// has none: adopted tables are left alone.
fn target(snapshot: &Snapshot, collection: &Collection, field: &Field) -> Option<Target> {
    let to = field.to.as_deref()?;
    let target = if to == collection.slug {
        collection
    } else {
        snapshot
            .collections
            .get(to)
            .filter(|target| target.is_managed())?
    };
    let column = target.system(System::Id)?.column.clone();
    Some(Target {
        table: target.table.clone(),
        column,
    })
}

fn check_unreferenced(snapshot: &Snapshot, slug: &str) -> Result<()> {
    let others = snapshot.referring(slug).iter();
    let referring: Vec<&str> = others
        .map(|other| other.slug.as_str())
        .filter(|other| *other != slug)
        .collect();
    if referring.is_empty() {
        return Ok(());
    }
    let why = format!(
        "relations point here from {}; drop them first",
        referring.join(", ")
    );
    Err(Error::new(ErrorKind::Conflict, why))
}

/// A renamed collection keeps its relations: whoever points to it follows.
/// Answers who that is.
async fn rename_target(
    plane: &DataPlane,
    current: &Collection,
    slug: &str,
    batch: &mut Batch,
) -> Result<Vec<CollectionId>> {
    let snapshot = plane.snapshot(current.tenant).await?;
    let mut followers = Vec::new();
    for other in snapshot.referring(&current.slug) {
        if other.id == current.id {
            continue;
        }
        let mut renamed = Collection::clone(other);
        for field in &mut renamed.fields {
            if field.to.as_deref() == Some(&current.slug) {
                field.to = Some(slug.to_owned());
            }
        }
        let values = vec![
            other.slug.clone().into(),
            Value::Json(renamed.to_json().to_string()),
            plane.runtime().now().into(),
            other.id.into(),
            other.version.into(),
        ];
        batch.push(unchanged(Step::new(Statement::new(UPDATE, values))));
        followers.push(other.id);
    }
    Ok(followers)
}

fn unchanged(step: Step) -> Step {
    step.expect(
        Expect::One,
        ErrorKind::Conflict,
        "somebody else changed the collection; try again",
    )
}

/// Says that a slug or table is taken, where that is what the database means.
pub(crate) fn taken(error: Error, slug: &str) -> Error {
    let Some(Violation::Unique { columns }) = error.violation() else {
        return error;
    };
    let is_about = |name: &str| columns.iter().any(|column| column == name);
    let why = if is_about("exclusive_table") {
        "the table belongs to another collection already".to_owned()
    } else if is_about("slug") {
        format!("there is a collection `{slug}` already")
    } else {
        return error;
    };
    Error::new(ErrorKind::Conflict, why).with_source(error)
}
