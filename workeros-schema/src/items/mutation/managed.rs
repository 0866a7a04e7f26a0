//! The statements that write a row of a managed table. They depend on the
//! collection alone, so that each is written once and kept.

use sea_query::{
    Alias, DeleteStatement, Expr, ExprTrait, InsertStatement, Keyword, ReturningClause,
    SelectStatement, SubQueryStatement, UpdateStatement,
};
use workeros_core::{Action, Dialect, Error, Result, Type, Value};
use workeros_dsl::sql::{Slots, Template};

use crate::collection::Collection;
use crate::ddl::VERSION_COLUMN;
use crate::field::{Field, System};
use crate::items::columns::no_sql;
use crate::items::draft::Given;
use crate::items::log;
use crate::items::row::ItemRow;

/// What is done to a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum RowVerb {
    Insert,
    /// Of the fields at these positions.
    Update(Box<[usize]>),
    Delete,
}

/// The arguments of a write: the values of the row in order, then its version
/// as it was read. Those of the [entry](log::Entry) may follow.
pub(in crate::items) fn arguments(row: &ItemRow, before: Option<&ItemRow>) -> Vec<Value> {
    let mut arguments = Vec::with_capacity(entry(&row.collection) + log::ARGUMENTS);
    arguments.extend_from_slice(&row.values);
    arguments.push(before.map_or(Value::Null, |before| before.version.into()));
    arguments
}

/// Where the version stands among the arguments.
fn version(collection: &Collection) -> usize {
    collection.fields.len()
}

/// Where the entry starts among the arguments.
fn entry(collection: &Collection) -> usize {
    version(collection) + 1
}

impl RowVerb {
    /// The update of these fields, and of the time of the update.
    pub(in crate::items) fn update(collection: &Collection, given: &Given<'_>) -> Self {
        let given = given.iter().map(|(field, _)| field.name.as_str());
        let written = given.chain([System::UpdatedAt.name()]);
        let mut positions: Vec<usize> = written
            .filter_map(|name| collection.position(name))
            .collect();
        positions.sort_unstable();
        positions.dedup();
        Self::Update(positions.into())
    }

    /// What the log calls it.
    pub(in crate::items) fn action(&self) -> Action {
        match self {
            Self::Insert => Action::Create,
            Self::Update(_) => Action::Update,
            Self::Delete => Action::Delete,
        }
    }

    /// The statement that writes the row, if it is still the one that was
    /// read.
    pub(in crate::items) fn template(
        &self,
        collection: &Collection,
        dialect: Dialect,
    ) -> Result<Template> {
        let mut slots = Slots::new(dialect);
        let template = match self {
            Self::Insert => {
                let insert = insert(collection, None, &mut slots)?;
                slots.finish(&insert)
            }
            Self::Update(fields) => {
                let update = update(collection, fields, None, &mut slots)?;
                slots.finish(&update)
            }
            Self::Delete => {
                let delete = delete(collection, None, &mut slots)?;
                slots.finish(&delete)
            }
        };
        template.map_err(no_sql)
    }

    /// The statement that writes the row and appends the entry: both, if the
    /// row is still the one that was read and the workspace at the version the
    /// entry names; else neither. It counts the entry. For Postgres: SQLite
    /// has no such statement.
    pub(in crate::items) fn logged_template(&self, collection: &Collection) -> Result<Template> {
        let mut slots = Slots::new(Dialect::Postgres);
        let entry = entry(collection);
        let gate = Some(log::is_at_version(entry, &mut slots));
        let one = || ReturningClause::Exprs(vec![Expr::cust("1")]);
        let write: SubQueryStatement = match self {
            Self::Insert => insert(collection, gate, &mut slots)?
                .returning(one())
                .take()
                .into(),
            Self::Update(fields) => update(collection, fields, gate, &mut slots)?
                .returning(one())
                .take()
                .into(),
            Self::Delete => delete(collection, gate, &mut slots)?
                .returning(one())
                .take()
                .into(),
        };
        let logged = log::append_with(write, entry, &mut slots)?;
        slots.finish(&logged).map_err(no_sql)
    }
}

/// `UPDATE` of one relation to null, if the row is still the one that was
/// read. The row version stays.
pub(in crate::items) fn unlink(
    collection: &Collection,
    field: &Field,
    dialect: Dialect,
) -> Result<Template> {
    let mut slots = Slots::new(dialect);
    let mut update = UpdateStatement::new();
    update
        .table(Alias::new(&collection.table))
        .value(Alias::new(&field.column), Keyword::Null)
        .and_where(unchanged(collection, &mut slots)?);
    slots.finish(&update).map_err(no_sql)
}

fn insert(
    collection: &Collection,
    gate: Option<Expr>,
    slots: &mut Slots,
) -> Result<InsertStatement> {
    let fields = collection.fields.iter();
    let columns = fields.clone().map(|field| field.column.as_str());
    let values = fields.enumerate();
    let values = values.map(|(index, field)| field.write_sql(slots.argument(index, field.ty)));
    let mut insert = InsertStatement::new();
    insert
        .into_table(Alias::new(&collection.table))
        .columns(columns.chain([VERSION_COLUMN]).map(Alias::new));
    let values: Vec<Expr> = values.chain([Expr::cust("1")]).collect();
    match gate {
        None => insert.values(values),
        Some(gate) => {
            insert.select_from(SelectStatement::new().exprs(values).and_where(gate).take())
        }
    }
    .map_err(Error::internal)?;
    Ok(insert)
}

fn update(
    collection: &Collection,
    fields: &[usize],
    gate: Option<Expr>,
    slots: &mut Slots,
) -> Result<UpdateStatement> {
    let mut update = UpdateStatement::new();
    update.table(Alias::new(&collection.table));
    for index in fields {
        if let Some(field) = collection.fields.get(*index) {
            let value = field.write_sql(slots.argument(*index, field.ty));
            update.value(Alias::new(&field.column), value);
        }
    }
    let next = Expr::col(Alias::new(VERSION_COLUMN)).add(Expr::cust("1"));
    update
        .value(Alias::new(VERSION_COLUMN), next)
        .and_where(unchanged(collection, slots)?)
        .and_where_option(gate);
    Ok(update)
}

fn delete(
    collection: &Collection,
    gate: Option<Expr>,
    slots: &mut Slots,
) -> Result<DeleteStatement> {
    let mut delete = DeleteStatement::new();
    delete
        .from_table(Alias::new(&collection.table))
        .and_where(unchanged(collection, slots)?)
        .and_where_option(gate);
    Ok(delete)
}

/// The row is the one that was read, and in the version in which it was read.
fn unchanged(collection: &Collection, slots: &mut Slots) -> Result<Expr> {
    let mut fields = collection.fields.iter().enumerate();
    let (index, id) = fields
        .find(|(_, field)| field.system == Some(System::Id))
        .ok_or_else(|| Error::internal("a managed table has no id"))?;
    let id = Expr::col(Alias::new(&id.column)).eq(slots.argument(index, id.ty));
    let version = slots.argument(version(collection), Type::Integer);
    Ok(id.and(Expr::col(Alias::new(VERSION_COLUMN)).eq(version)))
}
