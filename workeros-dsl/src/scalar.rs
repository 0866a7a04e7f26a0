use std::cmp::Ordering;

use uuid::Uuid;

use crate::{Timestamp, Value};

/// A non-NULL value that can be compared, borrowed from a row, an operand or
/// a variable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scalar<'a> {
    Boolean(bool),
    Integer(i64),
    Number(f64),
    Text(&'a str),
    Timestamp(Timestamp),
    Uuid(Uuid),
}

impl<'a> Scalar<'a> {
    /// `None` for NULL and for what cannot be compared.
    pub(crate) fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::Boolean(boolean) => Some(Self::Boolean(*boolean)),
            Value::Integer(integer) => Some(Self::Integer(*integer)),
            Value::Number(number) => Some(Self::Number(*number)),
            Value::Text(text) => Some(Self::Text(text)),
            Value::Timestamp(timestamp) => Some(Self::Timestamp(*timestamp)),
            Value::Uuid(uuid) => Some(Self::Uuid(*uuid)),
            Value::Null | Value::Json(_) | Value::Bytes(_) | Value::TextList(_) => None,
        }
    }

    /// The order of two values of one type; nothing is coerced. Text is
    /// ordered by code point, which is the order of its UTF-8 bytes.
    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Boolean(left), Self::Boolean(right)) => Some(left.cmp(&right)),
            (Self::Integer(left), Self::Integer(right)) => Some(left.cmp(&right)),
            (Self::Number(left), Self::Number(right)) => left.partial_cmp(&right),
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            (Self::Timestamp(left), Self::Timestamp(right)) => Some(left.cmp(&right)),
            (Self::Uuid(left), Self::Uuid(right)) => Some(left.cmp(&right)),
            _ => None,
        }
    }

    /// How it stands in a list, which is bound as texts.
    pub(crate) fn to_text(self) -> String {
        match self {
            Self::Boolean(boolean) => boolean.to_string(),
            Self::Integer(integer) => integer.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.to_owned(),
            Self::Timestamp(timestamp) => timestamp.to_string(),
            Self::Uuid(uuid) => uuid.to_string(),
        }
    }

    pub(crate) fn to_value(self) -> Value {
        match self {
            Self::Boolean(boolean) => Value::Boolean(boolean),
            Self::Integer(integer) => Value::Integer(integer),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::from(text),
            Self::Timestamp(timestamp) => Value::Timestamp(timestamp),
            Self::Uuid(uuid) => Value::Uuid(uuid),
        }
    }
}
