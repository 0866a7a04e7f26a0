use uuid::Uuid;

use crate::Timestamp;

/// One value of a row or of a bound parameter.
///
/// A `Value` is what every executor agrees on: the matcher compares it, an
/// adapter binds it, an adapter reads it back. It never holds SQL.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// SQL `NULL`.
    #[default]
    Null,
    /// A truth value (`0`/`1` on SQLite).
    Boolean(bool),
    /// An exact 64-bit integer.
    Integer(i64),
    /// A finite IEEE 754 double.
    Number(f64),
    /// UTF-8 text without U+0000.
    Text(String),
    /// An instant in microseconds (27 characters of text on SQLite).
    Timestamp(Timestamp),
    /// A UUID (lower-case text on SQLite).
    Uuid(Uuid),
    /// Serialised JSON (text on SQLite, `jsonb` on Postgres).
    Json(String),
    /// Raw bytes (`BLOB`, `bytea`).
    Bytes(Vec<u8>),
    /// A list of texts, bound as one parameter (a JSON array on SQLite,
    /// `text[]` on Postgres).
    TextList(Vec<String>),
}

impl Value {
    /// Whether this is SQL `NULL`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, if this is [`Value::Text`].
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if this is [`Value::Integer`].
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => Some(*integer),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(boolean: bool) -> Self {
        Self::Boolean(boolean)
    }
}

impl From<Uuid> for Value {
    fn from(uuid: Uuid) -> Self {
        Self::Uuid(uuid)
    }
}

impl From<Timestamp> for Value {
    fn from(timestamp: Timestamp) -> Self {
        Self::Timestamp(timestamp)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
