use rusqlite::Connection;
use rusqlite::types::ValueRef;
use workeros_core::{Error, Page, PageWriter, Row, Rows, Shape, Statement, Type, Value, json};

use super::bind;
use super::error::Failure;

/// Runs a statement of any sort.
pub(super) fn run(connection: &Connection, statement: &Statement) -> Result<Rows, Failure> {
    let mut prepared = bind::prepare(connection, statement)?;
    let reads = prepared.readonly();
    let before = connection.total_changes();
    let rows = if prepared.column_count() == 0 {
        prepared.raw_execute()?;
        Vec::new()
    } else {
        collect(prepared.raw_query())?
    };
    let affected = if reads {
        rows.len() as u64
    } else if connection.total_changes() == before {
        // `changes` keeps the count of an earlier statement over DDL.
        0
    } else {
        connection.changes()
    };
    Ok(Rows::new(rows, affected))
}

/// Runs a statement that only reads.
pub(super) fn rows(connection: &Connection, statement: &Statement) -> Result<Rows, Failure> {
    let mut prepared = bind::prepare(connection, statement)?;
    refuse_writes(&prepared)?;
    let rows = collect(prepared.raw_query())?;
    let count = rows.len() as u64;
    Ok(Rows::new(rows, count))
}

/// Runs a statement that only reads, and writes what it gives as JSON.
pub(super) fn page(
    connection: &Connection,
    statement: &Statement,
    shape: &Shape,
) -> Result<Page, Failure> {
    let mut prepared = bind::prepare(connection, statement)?;
    refuse_writes(&prepared)?;
    let mut rows = prepared.raw_query();
    let mut writer = PageWriter::new(shape);
    while let Some(row) = rows.next()? {
        if !writer.start_row() {
            break;
        }
        for column in &shape.columns {
            if let Some(guard) = column.guard
                && !truth(row.get_ref(guard)?)?
            {
                continue;
            }
            write(writer.member(column), row.get_ref(column.index)?, column.ty);
        }
        writer.end_row(|index, ty| carried(row, index, ty))?;
    }
    Ok(writer.finish())
}

fn refuse_writes(prepared: &rusqlite::Statement<'_>) -> Result<(), Failure> {
    if prepared.readonly() {
        Ok(())
    } else {
        Err(Failure::misuse(
            "a statement that writes was given to a read",
        ))
    }
}

fn collect(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Row>, Failure> {
    let mut collected = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = row.as_ref().column_count();
        let mut values = Vec::with_capacity(columns);
        for index in 0..columns {
            values.push(value(row.get_ref(index)?));
        }
        collected.push(Row::new(values));
    }
    Ok(collected)
}

fn value(stored: ValueRef<'_>) -> Value {
    match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(number) => Value::Number(number),
        // SQLite keeps whatever bytes it was given as text.
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

fn carried(row: &rusqlite::Row<'_>, index: usize, ty: Type) -> workeros_core::Result<Value> {
    let stored = row.get_ref(index).map_err(Failure::from)?;
    Row::new(vec![value(stored)]).read(0, ty)
}

fn truth(stored: ValueRef<'_>) -> Result<bool, Error> {
    match stored {
        ValueRef::Null => Ok(false),
        other => Row::new(vec![value(other)]).boolean(0),
    }
}

/// Writes a stored value as [`json::write_value`] would, without making a
/// [`Value`] of it.
fn write(out: &mut Vec<u8>, stored: ValueRef<'_>, ty: Type) {
    match stored {
        ValueRef::Null => out.extend_from_slice(b"null"),
        ValueRef::Integer(integer) if ty == Type::Boolean => json::write_bool(out, integer != 0),
        ValueRef::Integer(integer) => json::write_integer(out, integer),
        ValueRef::Real(number) => json::write_number(out, number),
        ValueRef::Blob(bytes) => json::write_hex(out, bytes),
        ValueRef::Text(bytes) if ty == Type::Json => {
            json::write_raw_json(out, &String::from_utf8_lossy(bytes));
        }
        ValueRef::Text(bytes) => json::write_text(out, bytes),
    }
}
