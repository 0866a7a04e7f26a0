use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use workeros_core::input::Object;
use workeros_core::{
    Batch, Dialect, Error, ErrorKind, Expect, Result, Statement, Step, Subject, TenantId,
};

use crate::collection::{Collection, Kind};
use crate::collections::{insert, taken};
use crate::data_plane::DataPlane;
use crate::items::log;
use crate::snapshot::Touched;

mod catalogue;
mod mapping;
mod naming;
mod obstacle;
mod postgres;
mod proposal;
mod request;
mod sqlite;

use catalogue::Relation;
use obstacle::{Obstacle, is_ours};
use proposal::Proposal;
use request::Request;

const USES: &str = "SELECT physical_table, slug, tenant_id, exclusive_table IS NOT NULL \
     FROM workeros_collections";
const LOCK_POSTGRES: &str = "LOCK TABLE workeros_collections IN SHARE ROW EXCLUSIVE MODE";
const ANY_USE: &str = "SELECT slug FROM workeros_collections WHERE physical_table = $1";
const CONFLICTING_USE: &str = "SELECT slug FROM workeros_collections \
     WHERE physical_table = $1 AND (tenant_id = $2 OR exclusive_table IS NOT NULL)";

/// Tables that were there before, for one subject, who must be an admin.
///
/// An adopted table becomes a collection as it is: it never sees DDL. Only
/// tables of the current schema can be adopted, and none that belong to
/// workeros or to the database itself.
#[derive(Debug, Clone)]
pub struct Adoption {
    plane: DataPlane,
    subject: Subject,
}

impl Adoption {
    pub(crate) fn new(plane: DataPlane, subject: Subject) -> Self {
        Self { plane, subject }
    }

    /// The tables and views there are, by name, as a JSON array: `name`,
    /// whether one is `adoptable` and if not the `reason`, and the
    /// `collection` it is in this workspace.
    ///
    /// # Errors
    ///
    /// A refusal for who is no admin; what the database answers.
    pub async fn tables(&self) -> Result<Json> {
        self.plane.admin_snapshot(&self.subject).await?;
        let database = &*self.plane.runtime().database;
        let uses = self.uses().await?;
        let relations = catalogue::read(database, None).await?;
        let listed = relations.iter().filter(|relation| !is_ours(&relation.name));
        let tables = listed.map(|relation| {
            let used = uses.get(&relation.name);
            let obstacle = Obstacle::of(relation).map(|obstacle| obstacle.message());
            let reason = obstacle.or_else(|| used.map(Use::reason));
            json!({
                "name": relation.name,
                "adoptable": reason.is_none(),
                "reason": reason,
                "collection": used.and_then(|used| used.slug.as_deref()),
            })
        });
        Ok(tables.collect())
    }

    /// What is known of one `table`: its `columns`, `pk`, `fks`, `warnings`
    /// and, where it can be adopted, a `proposal` that [`adopt`](Self::adopt)
    /// takes as it is.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) at `/table` when there is none of
    /// that name or it is nobody's to adopt.
    pub async fn inspect(&self, body: &Json) -> Result<Json> {
        let snapshot = self.plane.admin_snapshot(&self.subject).await?;
        let mut object = Object::read(body, "")?;
        object.alias("table", "physical_table");
        object.alias("table", "physicalTable");
        let table = object.required_string("table");
        object.finish()?;
        let relation = self.relation(&table).await?;
        let uses = self.uses().await?;
        let obstacle = Obstacle::of(&relation);
        let used = uses.get(&relation.name);
        let reason = obstacle
            .as_ref()
            .map(Obstacle::message)
            .or_else(|| used.map(Use::reason));
        let proposal = Proposal::of(self.dialect(), &snapshot, &relation);
        let mut answer = proposal.to_json();
        if let Json::Object(members) = &mut answer {
            if obstacle.is_some() {
                members.remove("proposal");
            }
            members.insert("adoptable".to_owned(), json!(reason.is_none()));
            members.insert("reason".to_owned(), json!(reason));
            let slug = used.and_then(|used| used.slug.as_deref());
            members.insert("collection".to_owned(), json!(slug));
        }
        Ok(answer)
    }

    /// Makes a collection of a table without touching it.
    ///
    /// The body names the `slug` and the `table`, and may name `pk_column`,
    /// `created_column`, `updated_column`, `owner_column`, `tenant_column`,
    /// `fields` (each a `name` and, where it differs, the `column`, and
    /// whatever else a field may say) and the settings of a collection.
    /// Without `fields` every column is one that can be. A table without a
    /// tenant column belongs to this workspace alone.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) with a pointer into the body, at
    /// `/table` when this table cannot be adopted;
    /// [`Conflict`](ErrorKind::Conflict) when the slug or the table is taken.
    pub async fn adopt(&self, body: &Json) -> Result<Arc<Collection>> {
        let _alone = self.plane.0.defining.lock().await;
        let snapshot = self.plane.changing_snapshot(&self.subject).await?;
        let request = Request::read(body)?;
        self.plane.check_room(&snapshot)?;
        let relation = self.relation(&request.table).await?;
        if let Some(obstacle) = Obstacle::of(&relation) {
            return Err(obstacle.refusal());
        }
        let runtime = self.plane.runtime();
        let proposal = Proposal::of(self.dialect(), &snapshot, &relation);
        let collection = request.collection(&proposal, runtime, self.subject.tenant())?;
        let mut batch = Batch::new();
        batch.extend(self.guard(&collection));
        batch.push(insert(&collection, exclusive(&collection)));
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

    /// The table, view or whatever else has exactly that name.
    async fn relation(&self, name: &str) -> Result<Relation> {
        if is_ours(name) {
            return Err(Obstacle::System.refusal());
        }
        let database = &*self.plane.runtime().database;
        let relations = catalogue::read(database, Some(name)).await?;
        let relation = relations.into_iter().next().ok_or_else(|| {
            Error::validation(
                "/table",
                "unknown_table",
                format!("there is no table `{name}`"),
            )
        })?;
        if obstacle::is_guarded(&relation.name) {
            return Err(Obstacle::Guarded.refusal());
        }
        Ok(relation)
    }

    /// Which tables are collections already.
    async fn uses(&self) -> Result<HashMap<String, Use>> {
        let rows = self
            .plane
            .runtime()
            .database
            .fetch(Statement::new(USES, vec![]))
            .await?;
        let mut uses: HashMap<String, Use> = HashMap::new();
        for row in &rows {
            let is_ours = TenantId::new(row.uuid(2)?) == self.subject.tenant();
            if !is_ours && !row.boolean(3)? {
                continue;
            }
            let slug = is_ours
                .then(|| row.text(1).map(ToOwned::to_owned))
                .transpose()?;
            let used = uses.entry(row.text(0)?.to_owned()).or_default();
            used.slug = slug.or(used.slug.take());
        }
        Ok(uses)
    }

    /// A table is a collection once in a workspace; and what one workspace
    /// sees whole, no other sees any of.
    fn guard(&self, collection: &Collection) -> Vec<Step> {
        let table = || collection.table.clone().into();
        let statement = match exclusive(collection) {
            Some(_) => Statement::new(ANY_USE, vec![table()]),
            None => Statement::new(CONFLICTING_USE, vec![table(), collection.tenant.into()]),
        };
        let why = "the table belongs to another collection already";
        let free = Step::new(statement).expect(Expect::None, ErrorKind::Conflict, why);
        match self.dialect() {
            Dialect::Sqlite => vec![free],
            Dialect::Postgres => vec![Step::new(Statement::new(LOCK_POSTGRES, vec![])), free],
        }
    }

    fn dialect(&self) -> Dialect {
        self.plane.runtime().database.dialect()
    }
}

/// That a table is a collection already.
#[derive(Debug, Default)]
struct Use {
    /// Which, where it is one of this workspace.
    slug: Option<String>,
}

impl Use {
    fn reason(&self) -> String {
        match &self.slug {
            Some(slug) => format!("is the collection `{slug}` already"),
            None => "belongs to another workspace".to_owned(),
        }
    }
}

/// The table nobody else may use, where the collection sees all of it.
fn exclusive(collection: &Collection) -> Option<&str> {
    match &collection.kind {
        Kind::Adopted { tenant: Some(_) } => None,
        Kind::Adopted { tenant: None } | Kind::Managed => Some(&collection.table),
    }
}
