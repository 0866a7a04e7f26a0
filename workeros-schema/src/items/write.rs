use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use workeros_core::{
    Action, CollectionId, Error, ErrorKind, Grant, Result, Rows, Step, Timestamp, Value,
};
use workeros_dsl::Variables;
use workeros_dsl::sql::Template;

use super::attempts::Attempts;
use super::draft::{self, Given, IdSource, check_granted};
use super::log::{self, Entry};
use super::mutation::{RowVerb, arguments, delete, insert, row_arguments, unlink, update};
use super::row::{ItemRow, id_text, parse_id};
use super::steps::{CHANGED, RowWrite, Steps, bound, unmoved};
use super::{Item, Items, Precondition, violation};
use crate::collection::Collection;
use crate::field::{Field, System};
use crate::hooks::{Draft, HookContext};
use crate::snapshot::Snapshot;

impl Items {
    /// Creates an item.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) with pointers into the body;
    /// [`Forbidden`](ErrorKind::Forbidden) when the grant does not admit the
    /// item or a field; [`Conflict`](ErrorKind::Conflict) for a value that must
    /// be unique and is not.
    pub async fn create(&self, body: &Json) -> Result<Item> {
        let mut attempts = Attempts::of(self);
        loop {
            let mut set = attempts.next().await?;
            let written = set.create(body).await?;
            match set.commit().await {
                Ok(rows) => return set.item(&written, &rows),
                Err(error) => attempts.again(&set, error).await?,
            }
        }
    }

    /// Changes an item: the members of the body, nothing else.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) when there is none that the caller may
    /// update; [`PreconditionFailed`](ErrorKind::PreconditionFailed); else as
    /// [`create`](Self::create).
    pub async fn update(&self, id: &str, body: &Json, precondition: &Precondition) -> Result<Item> {
        let mut attempts = Attempts::of(self);
        loop {
            let mut set = attempts.next().await?;
            let written = set.update(id, body, precondition).await?;
            match set.commit().await {
                Ok(rows) => return set.item(&written, &rows),
                Err(error) => attempts.again(&set, error).await?,
            }
        }
    }

    /// Deletes an item, and what its relations say is to go with it.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) when there is none that the caller may
    /// delete; [`PreconditionFailed`](ErrorKind::PreconditionFailed);
    /// [`Conflict`](ErrorKind::Conflict) while another item points to it.
    pub async fn delete(&self, id: &str, precondition: &Precondition) -> Result<()> {
        let mut attempts = Attempts::of(self);
        loop {
            let mut set = attempts.next().await?;
            set.delete(id, precondition).await?;
            match set.commit().await {
                Ok(_) => return Ok(()),
                Err(error) => attempts.again(&set, error).await?,
            }
        }
    }
}

/// Writes that are committed together, each with its entry in the log.
///
/// A write sees what earlier ones of the set will have done.
pub(crate) struct WriteSet<'a> {
    pub(crate) items: &'a Items,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) variables: Variables,
    now: Timestamp,
    steps: Steps,
    pending: HashMap<(CollectionId, String), Option<ItemRow>>,
    /// Of the pending rows, those that the writes themselves are about.
    written: Vec<(CollectionId, String)>,
    deletes: bool,
}

/// What a write of a set made.
pub(crate) enum Written {
    /// A row known beforehand.
    Known(ItemRow),
    /// A row that a step of the batch returns.
    Returned {
        step: usize,
        collection: Arc<Collection>,
    },
}

impl<'a> WriteSet<'a> {
    pub(crate) fn new(items: &'a Items, snapshot: Arc<Snapshot>) -> Self {
        let now = items.plane.runtime().now();
        Self {
            items,
            snapshot,
            variables: items.subject.variables(now),
            now,
            steps: Steps::default(),
            pending: HashMap::new(),
            written: Vec::new(),
            deletes: false,
        }
    }

    /// Whether rows are deleted.
    pub(crate) fn deletes(&self) -> bool {
        self.deletes
    }

    /// Adds the creation of an item.
    pub(crate) async fn create(&mut self, body: &Json) -> Result<Written> {
        let (collection, grant) = self.granted(Action::Create)?;
        let sent = draft::members(body)?;
        let id_source = IdSource::of(&collection);
        let by_client = id_source == IdSource::Client;
        // What the client sent is checked before any hook sees it.
        let names: Vec<String> = sent.keys().cloned().collect();
        draft::check_named(&collection, &grant, &sent)?;
        let known = |field: &Field| draft::is_known(&grant, field);
        draft::read(&collection, &sent, known, by_client)?;
        let members = self.before(Action::Create, None, sent).await?;
        let given = draft::read(&collection, &members, |_| true, by_client)?;
        let id = match id_source {
            IdSource::Generator => self.items.plane.runtime().ids.next_id().into(),
            IdSource::Database | IdSource::Client => Value::Null,
        };
        let empty = ItemRow::empty(&collection);
        let row = draft::proposed(empty, &given, id, self.now, &self.items.subject)?;
        if collection.is_managed() {
            let names = names.iter().map(String::as_str);
            check_granted(&grant, &row, &self.variables, names)?;
            self.push_row(RowVerb::Insert, None, Some(&row));
            self.written.push((row.collection.id, row.id_text()));
            return Ok(Written::Known(row));
        }
        let template = insert(&row, self.items.dialect(), &given)?;
        Ok(self.returning(&template, &row, None, (grant, names)))
    }

    /// Adds the update of an item.
    pub(crate) async fn update(
        &mut self,
        id: &str,
        body: &Json,
        precondition: &Precondition,
    ) -> Result<Written> {
        let (collection, grant) = self.granted(Action::Update)?;
        let before = self.load(&collection, id).await?;
        if grant.fields_on(&before, &self.variables).is_none() {
            return Err(Error::not_found());
        }
        self.check_precondition(&before, precondition)?;
        let sent = draft::members(body)?;
        let names: Vec<String> = sent.keys().cloned().collect();
        draft::check_named(&collection, &grant, &sent)?;
        let known = |field: &Field| draft::is_known(&grant, field);
        draft::read(&collection, &sent, known, false)?;
        check_granted(
            &grant,
            &before,
            &self.variables,
            names.iter().map(String::as_str),
        )?;
        let members = self.before(Action::Update, Some(&before), sent).await?;
        let given = draft::read(&collection, &members, |_| true, false)?;
        if given.is_empty() {
            return Ok(Written::Known(before));
        }
        let after = self.changed(&before, &given);
        if collection.is_managed() {
            check_granted(
                &grant,
                &after,
                &self.variables,
                names.iter().map(String::as_str),
            )?;
            let verb = RowVerb::update(&collection, &given);
            self.push_row(verb, Some(&before), Some(&after));
            self.written.push((after.collection.id, after.id_text()));
            return Ok(Written::Known(after));
        }
        let template = update(&before, &after, &given, self.items.dialect())?;
        self.remember(&before, Some(after.clone()));
        Ok(self.returning(&template, &after, Some(&before), (grant, names)))
    }

    /// Adds the deletion of an item and of what goes with it.
    pub(crate) async fn delete(&mut self, id: &str, precondition: &Precondition) -> Result<()> {
        let (collection, grant) = self.granted(Action::Delete)?;
        let row = self.load(&collection, id).await?;
        if grant.fields_on(&row, &self.variables).is_none() {
            return Err(Error::not_found());
        }
        self.check_precondition(&row, precondition)?;
        self.deletes = true;
        self.before(Action::Delete, Some(&row), Map::new()).await?;
        self.delete_row(row).await
    }

    /// Commits everything, or nothing.
    pub(crate) async fn commit(&mut self) -> Result<Vec<Rows>> {
        let steps = std::mem::take(&mut self.steps);
        let statements = &self.items.plane.0.statements;
        let batch = steps.into_batch(self.items.dialect(), statements)?;
        if batch.steps().is_empty() {
            return Ok(Vec::new());
        }
        let database = &self.items.plane.runtime().database;
        if batch.has_derived() && !database.capability().derived_steps {
            let why = "the database adapter cannot write to adopted tables";
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
        let applied = database.apply(batch).await;
        let rows =
            applied.map_err(|error| violation::explain(error, |column| self.named(column)))?;
        self.items.plane.0.committed.notify_waiters();
        Ok(rows)
    }

    /// What the caller is shown of what he wrote.
    pub(crate) fn item(&self, written: &Written, rows: &[Rows]) -> Result<Item> {
        let row = match written {
            Written::Known(row) => row,
            Written::Returned { step, collection } => &returned(rows, *step, collection)?,
        };
        Ok(self.items.readable(&self.snapshot, row, &self.variables))
    }

    /// Adds a step.
    pub(crate) fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Adds the deletion of this very row, and its entry in the log.
    pub(crate) fn push_delete(&mut self, row: &ItemRow) -> Result<()> {
        if row.collection.is_managed() {
            self.push_row(RowVerb::Delete, Some(row), None);
            return Ok(());
        }
        let dialect = self.items.dialect();
        let template = delete(row, dialect)?;
        self.push(unmoved(bound(&template, &arguments(row, Some(row)))));
        let entry = self.entry(Action::Delete, &row.collection);
        let entry = entry.arguments(&self.snapshot, row.id_text(), Some(row.image()), None);
        self.push(log::at_version(Step::new(log::append(entry, dialect))));
        self.remember(row, None);
        Ok(())
    }

    /// Adds the change of a managed row, and its entry in the log.
    pub(crate) fn push_update(&mut self, before: &ItemRow, given: &Given<'_>) {
        let after = self.changed(before, given);
        let verb = RowVerb::update(&before.collection, given);
        self.push_row(verb, Some(before), Some(&after));
    }

    /// Makes a relation of a managed row null that is to be deleted in the same
    /// set. The entry of its deletion is all that the log is to say of it.
    pub(crate) fn push_unlink(&mut self, row: &ItemRow, field: &Field) -> Result<()> {
        let template = unlink(&row.collection, field, self.items.dialect())?;
        self.push(unmoved(bound(&template, &row_arguments(row, Some(row)))));
        Ok(())
    }

    /// The rows of a collection that the writes so far are about, as they will
    /// be.
    pub(crate) fn written(&self, collection: CollectionId) -> impl Iterator<Item = &ItemRow> {
        let keys = self.written.iter().filter(move |key| key.0 == collection);
        keys.filter_map(|key| self.pending.get(key)?.as_ref())
    }

    /// The row as it stands after the writes of the set so far.
    pub(crate) fn pending(&self, row: ItemRow) -> Option<ItemRow> {
        match self.pending.get(&(row.collection.id, row.id_text())) {
            Some(pending) => pending.clone(),
            None => Some(row),
        }
    }

    fn granted(&self, action: Action) -> Result<(Arc<Collection>, Grant)> {
        self.snapshot
            .granted(&self.items.subject, &self.items.slug, action)
    }

    /// The field that a column is, if the writer may be told of it.
    fn named(&self, column: &str) -> Option<String> {
        let collection = self.snapshot.collections.get(&self.items.slug)?;
        let mut fields = collection.fields.iter();
        let field = fields.find(|field| field.column == column)?;
        let subject = &self.items.subject;
        let known = [Action::Create, Action::Update]
            .into_iter()
            .any(|action| self.snapshot.may_name(subject, collection, action, field));
        known.then(|| field.name.clone())
    }

    fn check_precondition(&self, row: &ItemRow, precondition: &Precondition) -> Result<()> {
        let (holds, otherwise) = match precondition {
            Precondition::None => return Ok(()),
            Precondition::IfMatch(tags) => {
                let keys = &self.items.plane.0.etag_keys;
                let holds = tags.iter().any(|tag| tag == "*" || row.has_etag(tag, keys));
                (holds, ErrorKind::PreconditionFailed)
            }
            Precondition::UnmodifiedSince(at) => {
                let holds = row.updated_at().is_none_or(|updated| updated <= *at);
                (holds, ErrorKind::Conflict)
            }
        };
        if holds {
            return Ok(());
        }
        Err(Error::new(otherwise, CHANGED))
    }

    async fn load(&self, collection: &Arc<Collection>, id: &str) -> Result<ItemRow> {
        let id = parse_id(collection, id).ok_or_else(Error::not_found)?;
        let id = id_text(&id);
        let row = match self.pending.get(&(collection.id, id.clone())) {
            Some(pending) => pending.clone(),
            None => self.items.load(collection, &id).await?,
        };
        row.ok_or_else(Error::not_found)
    }

    async fn before(
        &self,
        action: Action,
        previous: Option<&ItemRow>,
        members: Map<String, Json>,
    ) -> Result<Map<String, Json>> {
        let Items {
            plane,
            subject,
            slug,
            ..
        } = self.items;
        if !plane.0.hooks.any(action, slug) {
            return Ok(members);
        }
        let previous = previous.map(|row| serde_json::from_str(&row.image()));
        let previous = previous.transpose().map_err(Error::internal)?;
        let (plane, subject, slug) = (plane.clone(), subject.clone(), slug.clone());
        let context = HookContext::new(plane, subject, slug, action, previous);
        let draft = self
            .items
            .plane
            .0
            .hooks
            .run(&context, Draft::new(members))
            .await?;
        Ok(draft.into_members())
    }

    /// The row with the values given, written now.
    fn changed(&self, before: &ItemRow, given: &Given<'_>) -> ItemRow {
        let mut after = before.clone();
        for (field, value) in given {
            after.set(&field.name, value.clone());
        }
        // Time never stands still between two versions of a row.
        let at = before
            .updated_at()
            .map_or(self.now, |last| self.now.max(last.saturating_add_micros(1)));
        after.set(System::UpdatedAt.name(), at.into());
        after.version += 1;
        after
    }

    /// Adds the write of a managed row, and its entry in the log.
    fn push_row(&mut self, verb: RowVerb, before: Option<&ItemRow>, after: Option<&ItemRow>) {
        let Some(row) = after.or(before) else { return };
        let entry = self.entry(verb.action(), &row.collection);
        let images = (before.map(ItemRow::image), after.map(ItemRow::image));
        self.steps.push_row(RowWrite {
            collection: Arc::clone(&row.collection),
            verb,
            row: row_arguments(row, before),
            entry: entry.arguments(&self.snapshot, row.id_text(), images.0, images.1),
        });
        self.remember(row, after.cloned());
    }

    /// Adds a write whose row only the database knows: it may have defaults
    /// and triggers. The row is checked and logged as it comes back, against
    /// the grant for the fields of these names.
    fn returning(
        &mut self,
        template: &Template,
        row: &ItemRow,
        before: Option<&ItemRow>,
        (grant, names): (Grant, Vec<String>),
    ) -> Written {
        let collection = Arc::clone(&row.collection);
        let step = self.steps.count();
        self.push(unmoved(bound(template, &arguments(row, before))));
        let action = if before.is_some() {
            Action::Update
        } else {
            Action::Create
        };
        let entry = self.entry(action, &collection);
        let (variables, dialect) = (self.variables.clone(), self.items.dialect());
        let snapshot = Arc::clone(&self.snapshot);
        let image = before.map(ItemRow::image);
        let made = Arc::clone(&collection);
        self.push(log::at_version(Step::derived(move |earlier| {
            let row = returned(earlier, step, &made)?;
            check_granted(&grant, &row, &variables, names.iter().map(String::as_str))?;
            let after = Some(row.image());
            let entry = entry.arguments(&snapshot, row.id_text(), image.clone(), after);
            Ok(log::append(entry, dialect))
        })));
        Written::Returned { step, collection }
    }

    fn entry(&self, action: Action, collection: &Collection) -> Entry {
        Entry {
            tenant: collection.tenant,
            collection: collection.slug.clone(),
            action,
            actor: self.items.subject.actor(),
            request_id: self.items.request_id.clone(),
            at: self.now,
        }
    }

    fn remember(&mut self, row: &ItemRow, after: Option<ItemRow>) {
        self.pending
            .insert((row.collection.id, row.id_text()), after);
    }
}

/// The row a step returned.
pub(crate) fn returned(
    rows: &[Rows],
    step: usize,
    collection: &Arc<Collection>,
) -> Result<ItemRow> {
    let row = rows.get(step).and_then(Rows::first);
    let row = row.ok_or_else(|| Error::internal("a write returned no row"))?;
    ItemRow::read(collection, row)
}
