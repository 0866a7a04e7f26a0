//! What goes with an item that is deleted.
//!
//! The database would do it by itself, but silently. Here each row that goes
//! or changes has its entry in the log, in the same batch; the foreign key of
//! the database only refuses what was added meanwhile, and the write starts
//! over.

use std::collections::HashMap;
use std::sync::Arc;

use workeros_core::{Action, CollectionId, Cost, Error, ErrorKind, Result, Statement, Value};
use workeros_dsl::Variables;
use workeros_dsl::sql::Template;

use super::read::{select_by, tenant_value};
use super::row::ItemRow;
use super::statements::Verb;
use super::write::WriteSet;
use crate::collection::Collection;
use crate::field::{Field, OnDelete};

mod going;

use going::{Going, Parting};

/// The most items that go, or change, with one.
const MAX_ROWS: usize = 10_000;

/// A relation that points to a collection, and the statement that finds the
/// rows by which it points to one item.
struct Referring {
    collection: Arc<Collection>,
    field: Arc<Field>,
    select: Arc<Template>,
}

impl WriteSet<'_> {
    /// Deletes the row, and everything that is to go with it.
    pub(crate) async fn delete_row(&mut self, row: ItemRow) -> Result<()> {
        let mut relations: HashMap<CollectionId, Arc<[Referring]>> = HashMap::new();
        let mut going = Going::new(row);
        let mut changed = 0;
        while let Some((index, row)) = going.next() {
            let referring = match relations.get(&row.collection.id) {
                Some(referring) => Arc::clone(referring),
                None => self.referring(&row.collection)?,
            };
            relations.insert(row.collection.id, Arc::clone(&referring));
            for referring in referring.iter() {
                for child in self.children(referring, &row).await? {
                    changed += self.part(referring, index, child, &mut going)?;
                }
                if going.len() + changed > MAX_ROWS {
                    let why = "more than 10000 items would go with it; delete those first";
                    return Err(Error::new(ErrorKind::Conflict, why));
                }
            }
        }
        if let Some((child, parent)) = going.held_up() {
            return Err(self.referred(&child.collection, parent));
        }
        for parting in going.into_order() {
            match parting {
                Parting::Unlink(row, field) => self.push_unlink(&row, &field)?,
                Parting::Delete(row) => self.push_delete(&row)?,
            }
        }
        Ok(())
    }

    /// Does what the relation says with a row that points to one that goes.
    /// Answers how many rows it changed.
    fn part(
        &mut self,
        referring: &Referring,
        parent: usize,
        child: ItemRow,
        going: &mut Going,
    ) -> Result<usize> {
        let field = &referring.field;
        match field.on_delete {
            OnDelete::SetNull if !going.contains(&child) => {
                self.push_update(&child, &vec![(&**field, Value::Null)]);
                return Ok(1);
            }
            OnDelete::Cascade => going.add(child, parent, field),
            OnDelete::SetNull | OnDelete::Restrict => going.point(child, parent, field),
        }
        Ok(0)
    }

    /// The relations of managed collections that point to a collection, always
    /// in the same order.
    fn referring(&self, target: &Collection) -> Result<Arc<[Referring]>> {
        let collections = self.snapshot.referring(&target.slug).iter();
        let managed = collections.filter(|other| other.is_managed());
        let pointing = managed.flat_map(|other| {
            let fields = other.fields.iter().enumerate();
            let pointing = fields.filter(|(_, field)| field.to.as_deref() == Some(&target.slug));
            pointing.map(move |(position, field)| (other, position, field))
        });
        let limit = MAX_ROWS as u64 + 1;
        let referring = pointing.map(|(collection, position, field)| {
            let write = || select_by(collection, &field.name, limit, self.items.dialect());
            let statements = &self.items.plane.0.statements;
            let verb = Verb::SelectReferring(position);
            Ok(Referring {
                collection: Arc::clone(collection),
                field: Arc::new(field.clone()),
                select: statements.get_or_write(collection, verb, write)?,
            })
        });
        referring.collect()
    }

    /// The rows that point to this one, as they stand after the writes of the
    /// set so far.
    async fn children(&self, referring: &Referring, row: &ItemRow) -> Result<Vec<ItemRow>> {
        let Referring {
            collection,
            field,
            select,
        } = referring;
        let arguments = [tenant_value(collection), row.id().clone()];
        let params = select.bind(&Variables::default(), &arguments);
        let statement = Statement::new(select.sql().clone(), params).with_cost(Cost::Short);
        let rows = self.items.plane.runtime().database.fetch(statement).await?;
        let mut children: Vec<ItemRow> = Vec::with_capacity(rows.rows.len());
        for stored in &rows {
            children.extend(self.pending(ItemRow::read(collection, stored)?));
        }
        for written in self.written(collection.id) {
            if !children.iter().any(|child| child.id() == written.id()) {
                children.push(written.clone());
            }
        }
        children.retain(|child| child.get(&field.name) == row.id());
        Ok(children)
    }

    /// Names the collection to whom may know of it.
    fn referred(&self, by: &Collection, row: &ItemRow) -> Error {
        let known = self
            .snapshot
            .grant(&self.items.subject, by, Action::Read)
            .is_some();
        let whose = if known {
            format!(" of `{}`", by.slug)
        } else {
            String::new()
        };
        let why = format!(
            "an item{whose} points to `{}`; delete that first",
            row.id_text()
        );
        Error::new(ErrorKind::Conflict, why)
    }
}
