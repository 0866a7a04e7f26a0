//! JSON, read strictly: no key twice in one object, no nesting that would cost
//! the stack.

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use crate::pointer::Pointer;

/// The most levels of arrays and objects: deeper than any filter within the
/// limits of the language, shallower than where serde_json stops by itself.
pub const MAX_DEPTH: usize = 64;

/// Why a text is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonError {
    /// It is no JSON.
    Malformed {
        /// The line it stops being JSON in, from 1.
        line: usize,
        /// The column there.
        column: usize,
    },
    /// A key stands twice in one object.
    DuplicateKey {
        /// A JSON pointer to the second one.
        pointer: String,
    },
    /// It nests deeper than [`MAX_DEPTH`].
    TooDeep {
        /// A JSON pointer to where it does.
        pointer: String,
    },
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { line, column } => {
                write!(f, "not JSON from line {line} column {column} on")
            }
            Self::DuplicateKey { pointer } => write!(f, "the key `{pointer}` stands twice"),
            Self::TooDeep { pointer } => {
                write!(f, "`{pointer}` nests deeper than {MAX_DEPTH} levels")
            }
        }
    }
}

impl std::error::Error for JsonError {}

/// Reads a text.
///
/// ```
/// use workeros_dsl::json::{self, JsonError};
///
/// assert!(json::parse(br#"{"a": [1, 2]}"#).is_ok());
/// let twice = json::parse(br#"[{"a": 1, "a": 2}]"#);
/// assert_eq!(twice, Err(JsonError::DuplicateKey { pointer: "/0/a".to_owned() }));
/// ```
///
/// # Errors
///
/// It is no JSON, names a key twice in one object, or nests too deep.
pub fn parse(text: &[u8]) -> Result<Json, JsonError> {
    let fault = RefCell::new(None);
    let element = Element {
        at: Pointer::Root,
        depth: 0,
        fault: &fault,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let parsed = element
        .deserialize(&mut deserializer)
        .and_then(|json| deserializer.end().map(|()| json));
    parsed.map_err(|error| {
        fault.take().unwrap_or_else(|| JsonError::Malformed {
            line: error.line(),
            column: error.column(),
        })
    })
}

/// A JSON value on its way in.
#[derive(Clone, Copy)]
struct Element<'a> {
    at: Pointer<'a>,
    depth: usize,
    /// What we refused, since the deserializer's own errors carry no pointer.
    fault: &'a RefCell<Option<JsonError>>,
}

impl Element<'_> {
    fn within(&self) -> Option<usize> {
        let depth = self.depth + 1;
        if depth > MAX_DEPTH {
            self.refuse(|pointer| JsonError::TooDeep { pointer });
            return None;
        }
        Some(depth)
    }

    fn refuse(&self, fault: impl FnOnce(String) -> JsonError) {
        self.fault.replace(Some(fault(self.at.to_string())));
    }
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<Json, E> {
        Ok(Json::from(boolean))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Json, E> {
        Ok(Json::from(integer))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Json, E> {
        Ok(Json::from(integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::from(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Json, A::Error> {
        let depth = self.within().ok_or_else(refused)?;
        let mut elements = Vec::new();
        loop {
            let element = Element {
                at: self.at.index(elements.len()),
                depth,
                fault: self.fault,
            };
            match array.next_element_seed(element)? {
                Some(json) => elements.push(json),
                None => return Ok(Json::Array(elements)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let depth = self.within().ok_or_else(refused)?;
        let mut members = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let element = Element {
                at: self.at.key(&key),
                depth,
                fault: self.fault,
            };
            if members.contains_key(&key) {
                element.refuse(|pointer| JsonError::DuplicateKey { pointer });
                return Err(refused());
            }
            let json = object.next_value_seed(element)?;
            members.insert(key, json);
        }
        Ok(Json::Object(members))
    }
}

/// Stops the deserializer; the reason is in [`Element::fault`].
fn refused<E: de::Error>() -> E {
    E::custom("refused")
}
