//! JSON as bodies are written: no key twice in one object, no nesting that
//! would cost the stack.

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};
use workeros_core::input::escape;
use workeros_core::{Error, ErrorKind, Result};

/// Shallower than where serde_json stops by itself.
const MAX_DEPTH: usize = 64;

/// Reads a body.
///
/// # Errors
///
/// [`BadRequest`](ErrorKind::BadRequest) for what is not JSON;
/// [`Validation`](ErrorKind::Validation) for a key that stands twice in an
/// object, and for more than 64 levels.
pub(crate) fn parse(bytes: &[u8]) -> Result<Json> {
    let refusal = RefCell::new(None);
    let element = Element {
        at: &Pointer::Root,
        depth: 0,
        refusal: &refusal,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = element
        .deserialize(&mut deserializer)
        .and_then(|json| deserializer.end().map(|()| json));
    parsed.map_err(|error| refusal.take().unwrap_or_else(|| malformed(&error)))
}

fn malformed(error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    let message = format!("the body is not JSON from line {line} column {column} on");
    Error::new(ErrorKind::BadRequest, message)
}

/// Where a value stands, without a text made for each.
enum Pointer<'a> {
    Root,
    Index(&'a Self, usize),
    Key(&'a Self, &'a str),
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Index(parent, index) => write!(f, "{parent}/{index}"),
            Self::Key(parent, key) => write!(f, "{parent}/{}", escape(key)),
        }
    }
}

/// A JSON value on its way in.
#[derive(Clone, Copy)]
struct Element<'a> {
    at: &'a Pointer<'a>,
    depth: usize,
    /// What we refused, since the deserializer's own errors carry no pointer.
    refusal: &'a RefCell<Option<Error>>,
}

impl Element<'_> {
    fn enter<E: de::Error>(&self) -> Result<usize, E> {
        if self.depth < MAX_DEPTH {
            return Ok(self.depth + 1);
        }
        self.refusal.replace(Some(Error::validation(
            "",
            "too_deep",
            "nests deeper than 64 levels",
        )));
        Err(E::custom("refused"))
    }

    fn refuse_duplicate<E: de::Error>(&self, key: &str) -> E {
        let path = Pointer::Key(self.at, key).to_string();
        let refusal = Error::validation(path, "duplicate", "stands twice in one object");
        self.refusal.replace(Some(refusal));
        E::custom("refused")
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
        let depth = self.enter()?;
        let mut elements = Vec::new();
        loop {
            let at = Pointer::Index(self.at, elements.len());
            match array.next_element_seed(Element {
                at: &at,
                depth,
                refusal: self.refusal,
            })? {
                Some(json) => elements.push(json),
                None => return Ok(Json::Array(elements)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let depth = self.enter()?;
        let mut members = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            if members.contains_key(&key) {
                return Err(self.refuse_duplicate(&key));
            }
            let at = Pointer::Key(self.at, &key);
            let json = object.next_value_seed(Element {
                at: &at,
                depth,
                refusal: self.refusal,
            })?;
            members.insert(key, json);
        }
        Ok(Json::Object(members))
    }
}
