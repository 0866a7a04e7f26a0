use std::sync::Arc;

use workeros_core::json::{write_string, write_value};
use workeros_core::{FieldSet, MacKeys, Result, Row, Timestamp, Value};
use workeros_dsl::Row as DslRow;

use super::columns::is_shown;
use crate::collection::Collection;
use crate::field::{Field, System};

/// One item with everything in it, private fields included. It never leaves
/// the data plane as it is: what leaves is written by [`shown`](Self::shown)
/// or [`image`](Self::image).
#[derive(Debug, Clone)]
pub(crate) struct ItemRow {
    pub(crate) collection: Arc<Collection>,
    /// In the order of the collection's fields.
    pub(crate) values: Vec<Value>,
    /// The row version of a managed table; 0 in an adopted one.
    pub(crate) version: i64,
}

impl ItemRow {
    /// Nothing set.
    pub(crate) fn empty(collection: &Arc<Collection>) -> Self {
        let values = vec![Value::Null; collection.fields.len()];
        Self {
            collection: Arc::clone(collection),
            values,
            version: 0,
        }
    }

    /// Reads a row that holds all fields in order and, in a managed table, the
    /// version.
    pub(crate) fn read(collection: &Arc<Collection>, row: &Row) -> Result<Self> {
        let fields = collection.fields.iter().enumerate();
        let values: Result<Vec<Value>> = fields
            .map(|(index, field)| row.read(index, field.ty))
            .collect();
        let version = if collection.is_managed() {
            row.integer(collection.fields.len())?
        } else {
            0
        };
        Ok(Self {
            collection: Arc::clone(collection),
            values: values?,
            version,
        })
    }

    /// The value of a field; null for one that is not there.
    pub(crate) fn get(&self, name: &str) -> &Value {
        let position = self.collection.position(name);
        position
            .and_then(|position| self.values.get(position))
            .unwrap_or(&Value::Null)
    }

    /// Sets the value of a field that is there.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        let position = self.collection.position(name);
        if let Some(place) = position.and_then(|position| self.values.get_mut(position)) {
            *place = value;
        }
    }

    /// The id as the table's key holds it.
    pub(crate) fn id(&self) -> &Value {
        self.get(System::Id.name())
    }

    /// The id as text: what a URL and the log name.
    pub(crate) fn id_text(&self) -> String {
        id_text(self.id())
    }

    /// When it was last written, where that is known.
    pub(crate) fn updated_at(&self) -> Option<Timestamp> {
        match self.get(System::UpdatedAt.name()) {
            Value::Timestamp(at) => Some(*at),
            _ => None,
        }
    }

    /// Each field with its value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Field, &Value)> {
        self.collection.fields.iter().zip(&self.values)
    }

    /// What a caller to whom these fields are visible is shown, as a JSON
    /// object; of them, those he asked for.
    pub(crate) fn shown(&self, visible: &FieldSet, asked: Option<&[String]>) -> Vec<u8> {
        let asked_for = |field: &Field| asked.is_none_or(|names| names.contains(&field.name));
        self.write(|field| is_shown(field, visible) && asked_for(field))
    }

    /// What the log holds of it: everything but what is private.
    pub(crate) fn image(&self) -> String {
        let json = self.write(|field| !field.private);
        // INVARIANT: the writers write UTF-8.
        String::from_utf8(json).unwrap_or_default()
    }

    /// The strong validator: the row version, or a digest of the whole row
    /// where the table has none. It is keyed: else whoever knows all columns
    /// but one could try out the values of that one.
    pub(crate) fn etag(&self, keys: &MacKeys) -> String {
        if self.collection.is_managed() {
            return format!("\"{}\"", self.version);
        }
        let digest = keys.short_tag(&[&self.write(|_| true)]);
        format!("\"{}\"", hex::encode(digest))
    }

    /// Whether a validator is of this row as it is, by whichever key it was
    /// made.
    pub(crate) fn has_etag(&self, tag: &str, keys: &MacKeys) -> bool {
        if self.collection.is_managed() {
            return tag == self.etag(keys);
        }
        let text = tag
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'));
        let mut digest = [0; 16];
        let is_digest = text.is_some_and(|text| hex::decode_to_slice(text, &mut digest).is_ok());
        is_digest && keys.verify_short(&[&self.write(|_| true)], &digest)
    }

    fn write(&self, included: impl Fn(&Field) -> bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.push(b'{');
        for (field, value) in self.iter().filter(|(field, _)| included(field)) {
            if out.len() > 1 {
                out.push(b',');
            }
            write_string(&mut out, &field.name);
            out.push(b':');
            write_value(&mut out, value, field.ty);
        }
        out.push(b'}');
        out
    }
}

impl DslRow for ItemRow {
    fn value(&self, field: &str) -> Option<&Value> {
        Some(self.get(field))
    }
}

/// An id as text.
pub(crate) fn id_text(id: &Value) -> String {
    match id {
        Value::Text(text) => text.clone(),
        Value::Integer(integer) => integer.to_string(),
        Value::Uuid(uuid) => uuid.to_string(),
        _ => String::new(),
    }
}

/// The id a URL names, as the collection's key holds it; `None` when no item
/// can have it.
pub(crate) fn parse_id(collection: &Collection, text: &str) -> Option<Value> {
    let id = collection.system(System::Id)?;
    let json = match id.ty {
        workeros_dsl::Type::Integer => serde_json::from_str(text).ok()?,
        _ => serde_json::Value::from(text),
    };
    id.ty
        .value_from_json(&json)
        .ok()
        .filter(|value| !value.is_null() && id_text(value) == canonical(value, text))
}

/// A UUID may be written in any case; other ids only as they are.
fn canonical(value: &Value, text: &str) -> String {
    if matches!(value, Value::Uuid(_)) {
        text.to_ascii_lowercase()
    } else {
        text.to_owned()
    }
}
