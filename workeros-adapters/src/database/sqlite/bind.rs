use rusqlite::types::{ToSql, ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{CachedStatement, Connection};
use workeros_core::{Statement, Type, Value, json};

use super::error::Failure;

/// The statement, prepared and with its values bound.
pub(super) fn prepare<'a>(
    connection: &'a Connection,
    statement: &Statement,
) -> Result<CachedStatement<'a>, Failure> {
    let mut prepared = connection.prepare_cached(statement.sql.as_str())?;
    let slots = prepared.parameter_count();
    if slots != statement.params.len() {
        return Err(Failure::misuse(
            "a statement has other placeholders than values",
        ));
    }
    for slot in 1..=slots {
        let place = place(&prepared, slot)?;
        let value = place
            .checked_sub(1)
            .and_then(|index| statement.params.get(index));
        let value = value.ok_or_else(|| Failure::misuse("a placeholder names no value"))?;
        prepared.raw_bind_parameter(slot, Bound(value))?;
    }
    Ok(prepared)
}

/// Which value belongs into a slot. To SQLite `$2` is a name like any other,
/// numbered by where it first stands; to us it is the second value.
fn place(prepared: &CachedStatement<'_>, slot: usize) -> Result<usize, Failure> {
    match prepared.parameter_name(slot) {
        None => Ok(slot),
        Some(name) => name
            .strip_prefix(['$', '?'])
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| Failure::misuse("a placeholder is not `$1`, `$2`…")),
    }
}

struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Boolean(boolean) => ToSqlOutput::Borrowed(ValueRef::Integer((*boolean).into())),
            Value::Integer(integer) => ToSqlOutput::Borrowed(ValueRef::Integer(*integer)),
            Value::Number(number) => ToSqlOutput::Borrowed(ValueRef::Real(*number)),
            Value::Text(text) | Value::Json(text) => {
                ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
            }
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::Timestamp(timestamp) => ToSqlOutput::Owned(Owned::Text(timestamp.to_string())),
            Value::Uuid(uuid) => ToSqlOutput::Owned(Owned::Text(uuid.as_hyphenated().to_string())),
            Value::TextList(_) => ToSqlOutput::Owned(Owned::Text(json_text(self.0))),
        })
    }
}

fn json_text(value: &Value) -> String {
    let mut out = Vec::new();
    json::write_value(&mut out, value, Type::Json);
    // INVARIANT: JSON writers write UTF-8.
    String::from_utf8(out).unwrap_or_default()
}
