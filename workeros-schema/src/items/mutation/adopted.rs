//! The statements that write a row of an adopted table. The table may have
//! defaults and triggers, so what became of the row comes back.

use sea_query::{
    Alias, DeleteStatement, Expr, ExprTrait, InsertStatement, ReturningClause, UpdateStatement,
};
use workeros_core::{Dialect, Error, Result, Timestamp, Value};
use workeros_dsl::sql::{Slots, Template};

use crate::field::{Encoding, Field, System};
use crate::items::columns::{and, no_sql, read};
use crate::items::draft::Given;
use crate::items::plan::{TENANT, tenant};
use crate::items::read::{by_code_point, tenant_value, whole_row};
use crate::items::row::ItemRow;

/// The arguments of a write: the workspace, the values of the row in order,
/// then those of the row as it was read.
pub(in crate::items) fn arguments(row: &ItemRow, before: Option<&ItemRow>) -> Vec<Value> {
    let mut arguments = vec![tenant_value(&row.collection)];
    arguments.extend(row.values.iter().cloned());
    if let Some(before) = before {
        arguments.extend(before.values.iter().cloned());
    }
    arguments
}

/// `INSERT` of the columns that are known.
pub(in crate::items) fn insert(
    row: &ItemRow,
    dialect: Dialect,
    given: &Given<'_>,
) -> Result<Template> {
    let collection = &row.collection;
    let mut slots = Slots::new(dialect);
    let mut columns = Vec::new();
    let mut values: Vec<Expr> = Vec::new();
    for (index, (field, value)) in row.iter().enumerate() {
        let is_given = given.iter().any(|(other, _)| other.name == field.name);
        if is_given || !(field.generated || value.is_null()) {
            columns.push(Alias::new(&field.column));
            values.push(field.write_sql(slots.argument(index + 1, field.ty)));
        }
    }
    if let Some(tenant) = collection.tenant_column() {
        columns.push(Alias::new(&tenant.column));
        values.push(slots.argument(TENANT, tenant.ty));
    }
    let mut insert = InsertStatement::new();
    insert
        .into_table(Alias::new(&collection.table))
        .returning(ReturningClause::Exprs(whole_row(collection)));
    if columns.is_empty() {
        insert.or_default_values();
    } else {
        insert
            .columns(columns)
            .values(values)
            .map_err(Error::internal)?;
    }
    slots.finish(&insert).map_err(no_sql)
}

/// `UPDATE` of the given columns, if the row is still the one that was read.
pub(in crate::items) fn update(
    before: &ItemRow,
    after: &ItemRow,
    given: &Given<'_>,
    dialect: Dialect,
) -> Result<Template> {
    let collection = &before.collection;
    let mut slots = Slots::new(dialect);
    let mut update = UpdateStatement::new();
    update
        .table(Alias::new(&collection.table))
        .returning(ReturningClause::Exprs(whole_row(collection)));
    for (index, (field, _)) in after.iter().enumerate() {
        let is_given = given.iter().any(|(other, _)| other.name == field.name);
        if is_given || field.system == Some(System::UpdatedAt) {
            let value = field.write_sql(slots.argument(index + 1, field.ty));
            update.value(Alias::new(&field.column), value);
        }
    }
    if let Some(condition) = unchanged(before, &mut slots) {
        update.and_where(condition);
    }
    slots.finish(&update).map_err(no_sql)
}

/// `DELETE`, if the row is still the one that was read.
pub(in crate::items) fn delete(row: &ItemRow, dialect: Dialect) -> Result<Template> {
    let mut slots = Slots::new(dialect);
    let mut delete = DeleteStatement::new();
    delete.from_table(Alias::new(&row.collection.table));
    if let Some(condition) = unchanged(row, &mut slots) {
        delete.and_where(condition);
    }
    slots.finish(&delete).map_err(no_sql)
}

/// The row has the values with which it was read.
fn unchanged(row: &ItemRow, slots: &mut Slots) -> Option<Expr> {
    let collection = &row.collection;
    let first = collection.fields.len() + 1;
    let mut condition = tenant(collection, slots);
    for (index, (field, value)) in row.iter().enumerate() {
        let argument = slots.argument(first + index, field.ty);
        let same = same(field, value, argument, slots.dialect());
        condition = and(condition, Some(same));
    }
    condition
}

/// The column holds what was read from it.
fn same(field: &Field, value: &Value, argument: Expr, dialect: Dialect) -> Expr {
    let column = by_code_point(field, dialect);
    match value {
        Value::Null => column.is_null(),
        // What lies beyond all instants was read as the last or the first.
        Value::Timestamp(Timestamp::MAX) => column.gte(argument),
        Value::Timestamp(Timestamp::MIN) => column.lte(argument),
        // The index on the key has the column's own collation.
        _ if field.system == Some(System::Id) && field.encoding != Encoding::Native => {
            read(field).eq(argument.clone()).and(column.eq(argument))
        }
        _ => column.eq(argument),
    }
}
