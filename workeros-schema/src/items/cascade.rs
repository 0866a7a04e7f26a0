//! What goes with an item that is deleted.
//!
//! The database would do it by itself, but silently. Here each row that goes
//! or changes has its entry in the log, in the same batch; the foreign key of
//! the database only refuses what was added meanwhile, and the write starts
//! over.

use std::sync::Arc;

use workeros_core::{Cost, Error, ErrorKind, Result, Statement, Value};
use workeros_dsl::Variables;

use super::read::{select_by, tenant_value};
use super::row::ItemRow;
use super::write::WriteSet;
use crate::collection::Collection;
use crate::field::{Field, OnDelete};

/// The most items that go with one.
const MAX_ROWS: usize = 10_000;

impl WriteSet<'_> {
    /// Deletes the row, after everything that is to go with it.
    pub(crate) async fn delete_row(&mut self, row: ItemRow) -> Result<()> {
        let mut order = vec![row];
        let mut next = 0;
        // Breadth first; deleted from the end, so that no row goes before one
        // that points to it.
        while let Some(row) = order.get(next).cloned() {
            next += 1;
            for (collection, field) in self.referring(&row.collection) {
                let children = self.children(&collection, &field, &row).await?;
                self.part(&field, &row, children, &mut order)?;
            }
        }
        order.iter().rev().try_for_each(|row| self.push_delete(row))
    }

    /// Does what the relation says with the rows that point here.
    fn part(
        &mut self,
        field: &Field,
        row: &ItemRow,
        children: Vec<ItemRow>,
        order: &mut Vec<ItemRow>,
    ) -> Result<()> {
        let is_going = |child: &ItemRow, order: &[ItemRow]| {
            order
                .iter()
                .any(|row| row.collection.id == child.collection.id && row.id() == child.id())
        };
        for child in children {
            if is_going(&child, order) {
                continue;
            }
            match field.on_delete {
                OnDelete::Restrict => return Err(referred(&child.collection, row)),
                OnDelete::SetNull => self.push_update(&child, &vec![(field, Value::Null)])?,
                OnDelete::Cascade => order.push(child),
            }
            if order.len() > MAX_ROWS {
                let why = "more than 10000 items would go with it; delete those first";
                return Err(Error::new(ErrorKind::Conflict, why));
            }
        }
        Ok(())
    }

    /// The relations of managed collections that point to a collection.
    fn referring(&self, target: &Collection) -> Vec<(Arc<Collection>, Field)> {
        let managed = self
            .snapshot
            .collections
            .values()
            .filter(|other| other.is_managed());
        managed
            .flat_map(|other| {
                let fields = other.fields.iter();
                let pointing = fields.filter(|field| field.to.as_deref() == Some(&target.slug));
                pointing.map(move |field| (Arc::clone(other), field.clone()))
            })
            .collect()
    }

    /// The rows that point to this one, as they stand after the writes of the
    /// set so far.
    async fn children(
        &self,
        collection: &Arc<Collection>,
        field: &Field,
        row: &ItemRow,
    ) -> Result<Vec<ItemRow>> {
        let template = select_by(collection, &field.name, self.items.dialect())?;
        let arguments = [tenant_value(collection), row.id().clone()];
        let params = template.bind(&Variables::default(), &arguments);
        let statement = Statement::new(template.sql().clone(), params).with_cost(Cost::Short);
        let rows = self.items.plane.runtime().database.fetch(statement).await?;
        let rows: Result<Vec<ItemRow>> = rows
            .iter()
            .map(|row| ItemRow::read(collection, row))
            .collect();
        let pending = rows?.into_iter().filter_map(|child| self.pending(child));
        Ok(pending
            .filter(|child| child.get(&field.name) == row.id())
            .collect())
    }
}

fn referred(by: &Collection, row: &ItemRow) -> Error {
    let why = format!(
        "an item of `{}` points to `{}`; delete that first",
        by.slug,
        row.id_text()
    );
    Error::new(ErrorKind::Conflict, why)
}
