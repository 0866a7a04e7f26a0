use uuid::Uuid;
use workeros_dsl::{Key, Timestamp, Type, Value};

use crate::{Error, Result};

/// What a statement gave back.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Rows {
    /// The rows it returned, in order.
    pub rows: Vec<Row>,
    /// How many rows it wrote; the number returned, for a read.
    pub affected: u64,
}

impl Rows {
    /// Rows as read.
    #[must_use]
    pub fn new(rows: Vec<Row>, affected: u64) -> Self {
        Self { rows, affected }
    }

    /// The rows in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Row> {
        self.rows.iter()
    }

    /// The first row.
    #[must_use]
    pub fn first(&self) -> Option<&Row> {
        self.rows.first()
    }
}

impl<'a> IntoIterator for &'a Rows {
    type Item = &'a Row;
    type IntoIter = std::slice::Iter<'a, Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One row: values by position.
///
/// The accessors read a value as a type both engines can carry: SQLite stores
/// booleans as integers and UUIDs, timestamps and JSON as text. A value that
/// cannot be read so is an [`Internal`](crate::ErrorKind::Internal) error: the
/// schema is ours, so it is a fault of ours.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row(Vec<Value>);

impl Row {
    /// A row of these values.
    #[must_use]
    pub fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// The values.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.0
    }

    /// The values, owned.
    #[must_use]
    pub fn into_values(self) -> Vec<Value> {
        self.0
    }

    /// The value at a position.
    ///
    /// # Errors
    ///
    /// When the row is shorter.
    pub fn value(&self, index: usize) -> Result<&Value> {
        self.0
            .get(index)
            .ok_or_else(|| unexpected(index, "a column", &Value::Null))
    }

    /// Whether the value is null (or missing).
    #[must_use]
    pub fn is_null(&self, index: usize) -> bool {
        self.0.get(index).is_none_or(Value::is_null)
    }

    /// The text at a position (JSON counts as text).
    ///
    /// # Errors
    ///
    /// When it is not text.
    pub fn text(&self, index: usize) -> Result<&str> {
        match self.value(index)? {
            Value::Text(text) | Value::Json(text) => Ok(text),
            other => Err(unexpected(index, "text", other)),
        }
    }

    /// The text at a position, or `None` for null.
    ///
    /// # Errors
    ///
    /// When it is neither.
    pub fn optional_text(&self, index: usize) -> Result<Option<&str>> {
        if self.is_null(index) {
            Ok(None)
        } else {
            self.text(index).map(Some)
        }
    }

    /// The integer at a position.
    ///
    /// # Errors
    ///
    /// When it is not an integer.
    pub fn integer(&self, index: usize) -> Result<i64> {
        match self.value(index)? {
            Value::Integer(integer) => Ok(*integer),
            other => Err(unexpected(index, "an integer", other)),
        }
    }

    /// The truth value at a position.
    ///
    /// # Errors
    ///
    /// When it is not one.
    pub fn boolean(&self, index: usize) -> Result<bool> {
        match self.value(index)? {
            Value::Boolean(boolean) => Ok(*boolean),
            Value::Integer(0) => Ok(false),
            Value::Integer(1) => Ok(true),
            other => Err(unexpected(index, "a boolean", other)),
        }
    }

    /// The UUID at a position.
    ///
    /// # Errors
    ///
    /// When it is not one.
    pub fn uuid(&self, index: usize) -> Result<Uuid> {
        match self.value(index)? {
            Value::Uuid(uuid) => Ok(*uuid),
            Value::Text(text) => {
                Uuid::try_parse(text).map_err(|_| unexpected(index, "a uuid", &Value::Null))
            }
            other => Err(unexpected(index, "a uuid", other)),
        }
    }

    /// The uuid at a position, if there is one.
    ///
    /// # Errors
    ///
    /// When it is neither a uuid nor null.
    pub fn optional_uuid(&self, index: usize) -> Result<Option<Uuid>> {
        if self.is_null(index) {
            Ok(None)
        } else {
            self.uuid(index).map(Some)
        }
    }

    /// The instant at a position.
    ///
    /// # Errors
    ///
    /// When it is not one.
    pub fn timestamp(&self, index: usize) -> Result<Timestamp> {
        match self.value(index)? {
            Value::Timestamp(timestamp) => Ok(*timestamp),
            Value::Text(text) => {
                Timestamp::parse(text).ok_or_else(|| unexpected(index, "a timestamp", &Value::Null))
            }
            other => Err(unexpected(index, "a timestamp", other)),
        }
    }

    /// The instant at a position, or `None` for null.
    ///
    /// # Errors
    ///
    /// When it is neither.
    pub fn optional_timestamp(&self, index: usize) -> Result<Option<Timestamp>> {
        if self.is_null(index) {
            Ok(None)
        } else {
            self.timestamp(index).map(Some)
        }
    }

    /// The value at a position, read as that type. SQLite keeps in a column of
    /// a table that is not ours whatever it was given: what is none of the type,
    /// or another spelling of one, comes as it is stored.
    ///
    /// # Errors
    ///
    /// When the row is shorter.
    pub fn read(&self, index: usize, ty: Type) -> Result<Value> {
        let stored = self.value(index)?;
        if stored.is_null() {
            return Ok(Value::Null);
        }
        let read = match ty {
            Type::Boolean => self.boolean(index).map(Value::Boolean),
            Type::Uuid | Type::Relation(Key::Uuid) => self.canonical_uuid(index),
            Type::Timestamp => self.timestamp(index).map(Value::Timestamp),
            Type::Json => self.text(index).map(|json| Value::Json(json.to_owned())),
            Type::Number => self.number(index).map(Value::Number),
            Type::Integer | Type::Relation(Key::Integer) => self.integer(index).map(Value::Integer),
            Type::Text | Type::Longtext | Type::Relation(Key::Text) => {
                self.text(index).map(|text| Value::Text(text.to_owned()))
            }
        };
        Ok(read.unwrap_or_else(|_| stored.clone()))
    }

    fn canonical_uuid(&self, index: usize) -> Result<Value> {
        let uuid = self.uuid(index)?;
        match self.value(index)? {
            Value::Text(text) if *text != uuid.to_string() => Err(unexpected(
                index,
                "a hyphenated uuid in lower case",
                &Value::Null,
            )),
            _ => Ok(Value::Uuid(uuid)),
        }
    }

    /// The double at a position; an integer is converted.
    ///
    /// # Errors
    ///
    /// When it is not a number.
    pub fn number(&self, index: usize) -> Result<f64> {
        match self.value(index)? {
            Value::Number(number) => Ok(*number),
            #[expect(
                clippy::cast_precision_loss,
                reason = "SQLite stores 1.0 in a NUMERIC column as 1"
            )]
            Value::Integer(integer) => Ok(*integer as f64),
            other => Err(unexpected(index, "a number", other)),
        }
    }

    /// The bytes at a position.
    ///
    /// # Errors
    ///
    /// When they are not bytes.
    pub fn bytes(&self, index: usize) -> Result<&[u8]> {
        match self.value(index)? {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(unexpected(index, "bytes", other)),
        }
    }
}

/// Names the position and the types, never the value: it may be a secret.
fn unexpected(index: usize, wanted: &str, found: &Value) -> Error {
    let found = match found {
        Value::Null => "something else",
        Value::Boolean(_) => "a boolean",
        Value::Integer(_) => "an integer",
        Value::Number(_) => "a number",
        Value::Text(_) => "text",
        Value::Timestamp(_) => "a timestamp",
        Value::Uuid(_) => "a uuid",
        Value::Json(_) => "json",
        Value::Bytes(_) => "bytes",
        Value::TextList(_) => "a list",
    };
    Error::internal(format!("column {index}: expected {wanted}, found {found}"))
}
