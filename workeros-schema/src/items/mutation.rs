//! The statements that write one row.

use sea_query::{
    Alias, DeleteStatement, Expr, ExprTrait, InsertStatement, Keyword, UpdateStatement,
};
use workeros_core::{Dialect, Error, Result, Timestamp, Value};
use workeros_dsl::sql::{Slots, Template};

use super::columns::{and, no_sql, read};
use super::draft::Given;
use super::plan::{TENANT, tenant};
use super::read::{by_code_point, tenant_value, whole_row};
use super::row::ItemRow;
use crate::ddl::VERSION_COLUMN;
use crate::field::{Encoding, Field, System};

/// The arguments of a write: the workspace, the values of the row in order,
/// then those of the row as it was read, and its version.
pub(super) fn arguments(row: &ItemRow, before: Option<&ItemRow>) -> Vec<Value> {
    let mut arguments = vec![tenant_value(&row.collection)];
    arguments.extend(row.values.iter().cloned());
    if let Some(before) = before {
        arguments.extend(before.values.iter().cloned());
        arguments.push(before.version.into());
    }
    arguments
}

/// `INSERT`: in a managed table every column, in an adopted one those that are
/// known, and back comes what the table made of it.
pub(super) fn insert(row: &ItemRow, dialect: Dialect, given: &Given<'_>) -> Result<Template> {
    let collection = &row.collection;
    let mut slots = Slots::new(dialect);
    let mut columns = Vec::new();
    let mut values: Vec<Expr> = Vec::new();
    for (index, (field, value)) in row.iter().enumerate() {
        let is_given = given.iter().any(|(other, _)| other.name == field.name);
        if collection.is_managed() || is_given || !(field.generated || value.is_null()) {
            columns.push(Alias::new(&field.column));
            values.push(field.write_sql(slots.argument(index + 1, field.ty)));
        }
    }
    if let Some(tenant) = collection.tenant_column() {
        columns.push(Alias::new(&tenant.column));
        values.push(slots.argument(TENANT, tenant.ty));
    }
    let mut insert = InsertStatement::new();
    insert.into_table(Alias::new(&collection.table));
    if collection.is_managed() {
        columns.push(Alias::new(VERSION_COLUMN));
        values.push(Expr::cust("1"));
    } else {
        insert.returning(sea_query::ReturningClause::Exprs(whole_row(collection)));
    }
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
pub(super) fn update(
    before: &ItemRow,
    after: &ItemRow,
    given: &Given<'_>,
    dialect: Dialect,
) -> Result<Template> {
    let collection = &before.collection;
    let mut slots = Slots::new(dialect);
    let mut update = UpdateStatement::new();
    update.table(Alias::new(&collection.table));
    for (index, (field, _)) in after.iter().enumerate() {
        let is_given = given.iter().any(|(other, _)| other.name == field.name);
        if is_given || field.system == Some(System::UpdatedAt) {
            let value = field.write_sql(slots.argument(index + 1, field.ty));
            update.value(Alias::new(&field.column), value);
        }
    }
    if collection.is_managed() {
        let next = Expr::col(Alias::new(VERSION_COLUMN)).add(Expr::cust("1"));
        update.value(Alias::new(VERSION_COLUMN), next);
    } else {
        update.returning(sea_query::ReturningClause::Exprs(whole_row(collection)));
    }
    if let Some(condition) = unchanged(before, &mut slots) {
        update.and_where(condition);
    }
    slots.finish(&update).map_err(no_sql)
}

/// `UPDATE` of one relation to null, if the row is still the one that was read.
/// The row version stays.
pub(super) fn unlink(row: &ItemRow, field: &Field, dialect: Dialect) -> Result<Template> {
    let mut slots = Slots::new(dialect);
    let mut update = UpdateStatement::new();
    update
        .table(Alias::new(&row.collection.table))
        .value(Alias::new(&field.column), Keyword::Null);
    if let Some(condition) = unchanged(row, &mut slots) {
        update.and_where(condition);
    }
    slots.finish(&update).map_err(no_sql)
}

/// `DELETE`, if the row is still the one that was read.
pub(super) fn delete(row: &ItemRow, dialect: Dialect) -> Result<Template> {
    let mut slots = Slots::new(dialect);
    let mut delete = DeleteStatement::new();
    delete.from_table(Alias::new(&row.collection.table));
    if let Some(condition) = unchanged(row, &mut slots) {
        delete.and_where(condition);
    }
    slots.finish(&delete).map_err(no_sql)
}

/// The row is the one that was read: the same version, or, where a table has
/// none, the same values.
fn unchanged(row: &ItemRow, slots: &mut Slots) -> Option<Expr> {
    let collection = &row.collection;
    let first = collection.fields.len() + 1;
    let mut condition = tenant(collection, slots);
    for (index, (field, value)) in row.iter().enumerate() {
        let is_id = field.system == Some(System::Id);
        if !is_id && collection.is_managed() {
            continue;
        }
        let argument = slots.argument(first + index, field.ty);
        condition = and(
            condition,
            Some(same(field, value, argument, slots.dialect())),
        );
    }
    if collection.is_managed() {
        let version = slots.argument(first + collection.fields.len(), workeros_dsl::Type::Integer);
        condition = and(
            condition,
            Some(Expr::col(Alias::new(VERSION_COLUMN)).eq(version)),
        );
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
