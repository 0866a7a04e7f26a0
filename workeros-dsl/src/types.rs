use std::error::Error;
use std::fmt;

use serde_json::Value as Json;
use uuid::Uuid;

use crate::{FilterErrorCode, Op, Timestamp, Value};

/// What a field holds, as the language sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// Text.
    Text,
    /// Text of any length.
    Longtext,
    /// An exact 64-bit integer.
    Integer,
    /// A finite IEEE 754 double.
    Number,
    /// A truth value.
    Boolean,
    /// Any JSON.
    Json,
    /// An instant at microsecond precision.
    Timestamp,
    /// A UUID.
    Uuid,
    /// A reference to a row of a collection with that kind of key.
    Relation(Key),
}

/// The type of the key a relation points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// What every managed collection has.
    Uuid,
    /// An adopted table with an integer key.
    Integer,
    /// An adopted table with a text key.
    Text,
}

/// How values of a type are represented: what a [`Type`] is once the question
/// of operators is put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    Json,
    Timestamp,
    Uuid,
}

/// Why a JSON value is not one of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueError {
    /// It has another JSON type.
    Mismatch(&'static str),
    /// It has the right JSON type and unusable content.
    Invalid(&'static str),
}

impl ValueError {
    /// `type_mismatch` or `invalid_value`.
    #[must_use]
    pub fn code(&self) -> FilterErrorCode {
        match self {
            Self::Mismatch(_) => FilterErrorCode::TypeMismatch,
            Self::Invalid(_) => FilterErrorCode::InvalidValue,
        }
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mismatch(expected) | Self::Invalid(expected) => {
                write!(f, "expected {expected}")
            }
        }
    }
}

impl Error for ValueError {}

impl Type {
    /// Whether fields of this type take that operator.
    #[must_use]
    pub fn accepts(self, op: Op) -> bool {
        op.is_for(self)
    }

    /// The operators fields of this type take, in the order of the language.
    pub fn operators(self) -> impl Iterator<Item = Op> {
        Op::all().filter(move |op| self.accepts(*op))
    }

    /// Normalises a JSON value that is written to a field of this type. JSON
    /// `null` is [`Value::Null`] for every type.
    ///
    /// # Errors
    ///
    /// The value has another JSON type (nothing is coerced), or its content
    /// is unusable: an integer out of range, an impossible date, U+0000.
    pub fn value_from_json(self, json: &Json) -> Result<Value, ValueError> {
        if json.is_null() {
            return Ok(Value::Null);
        }
        match self.kind() {
            Kind::Text => text_from_json(json),
            Kind::Integer => integer_from_json(json),
            Kind::Number => number_from_json(json),
            Kind::Boolean => boolean_from_json(json),
            Kind::Json => json_from_json(json),
            Kind::Timestamp => timestamp_from_json(json),
            Kind::Uuid => uuid_from_json(json),
        }
    }

    /// The JSON form of a value of this type. Bytes have none and are `null`.
    #[must_use]
    pub fn value_to_json(self, value: &Value) -> Json {
        match (self, value) {
            // SQLite has no other truth values.
            (Self::Boolean, Value::Integer(integer)) => Json::from(*integer != 0),
            _ => value_to_json(value),
        }
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Text | Self::Longtext | Self::Relation(Key::Text) => Kind::Text,
            Self::Integer | Self::Relation(Key::Integer) => Kind::Integer,
            Self::Number => Kind::Number,
            Self::Boolean => Kind::Boolean,
            Self::Json => Kind::Json,
            Self::Timestamp => Kind::Timestamp,
            Self::Uuid | Self::Relation(Key::Uuid) => Kind::Uuid,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Longtext => "longtext",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Json => "json",
            Self::Timestamp => "timestamp",
            Self::Uuid => "uuid",
            Self::Relation(_) => "relation",
        })
    }
}

pub(crate) fn value_to_json(value: &Value) -> Json {
    match value {
        Value::Null | Value::Bytes(_) => Json::Null,
        Value::Boolean(boolean) => Json::from(*boolean),
        Value::Integer(integer) => Json::from(*integer),
        Value::Number(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Timestamp(timestamp) => Json::from(timestamp.to_string()),
        Value::Uuid(uuid) => Json::from(uuid.to_string()),
        Value::Json(text) => serde_json::from_str(text).unwrap_or_default(),
        Value::TextList(texts) => Json::from(texts.as_slice()),
    }
}

fn text_from_json(json: &Json) -> Result<Value, ValueError> {
    let text = json.as_str().ok_or(ValueError::Mismatch("a string"))?;
    if text.contains('\0') {
        return Err(ValueError::Invalid("a string without U+0000"));
    }
    Ok(Value::from(text))
}

fn integer_from_json(json: &Json) -> Result<Value, ValueError> {
    let Json::Number(number) = json else {
        return Err(ValueError::Mismatch("an integer"));
    };
    number
        .as_i64()
        .or_else(|| {
            number
                .as_f64()
                .filter(|_| number.is_f64())
                .and_then(exact_integer)
        })
        .map(Value::Integer)
        .ok_or(ValueError::Invalid("a 64-bit integer"))
}

/// The integer a double stands for, as long as doubles count in ones.
fn exact_integer(number: f64) -> Option<i64> {
    const COUNTS_IN_ONES: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= COUNTS_IN_ONES).then_some(number as i64)
}

fn number_from_json(json: &Json) -> Result<Value, ValueError> {
    let Json::Number(number) = json else {
        return Err(ValueError::Mismatch("a number"));
    };
    number
        .as_f64()
        .filter(|number| number.is_finite())
        .map(Value::Number)
        .ok_or(ValueError::Invalid("a finite number"))
}

fn boolean_from_json(json: &Json) -> Result<Value, ValueError> {
    json.as_bool()
        .map(Value::Boolean)
        .ok_or(ValueError::Mismatch("true or false"))
}

fn json_from_json(json: &Json) -> Result<Value, ValueError> {
    if has_nul(json) {
        return Err(ValueError::Invalid("JSON without U+0000 in its strings"));
    }
    Ok(Value::Json(json.to_string()))
}

/// Postgres' `jsonb` cannot hold U+0000, so no database gets it.
fn has_nul(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
        Json::String(text) => text.contains('\0'),
        Json::Array(elements) => elements.iter().any(has_nul),
        Json::Object(members) => members
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value)),
    }
}

fn timestamp_from_json(json: &Json) -> Result<Value, ValueError> {
    let text = json
        .as_str()
        .ok_or(ValueError::Mismatch("a timestamp as a string"))?;
    Timestamp::parse(text)
        .map(Value::Timestamp)
        .ok_or(ValueError::Invalid(
            "a timestamp such as `2024-06-01T12:00:00Z` or `2024-06-01`",
        ))
}

fn uuid_from_json(json: &Json) -> Result<Value, ValueError> {
    let text = json
        .as_str()
        .ok_or(ValueError::Mismatch("a UUID as a string"))?;
    parse_uuid(text)
        .map(Value::Uuid)
        .ok_or(ValueError::Invalid("a UUID with hyphens"))
}

/// Reads the hyphenated form in any case, and no other.
pub(crate) fn parse_uuid(text: &str) -> Option<Uuid> {
    const HYPHENATED: usize = 36;
    (text.len() == HYPHENATED)
        .then(|| Uuid::try_parse(text).ok())
        .flatten()
}
