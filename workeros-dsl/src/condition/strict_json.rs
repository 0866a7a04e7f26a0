//! JSON as filters are written: no key twice in one object, no nesting that
//! would cost the stack.

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use crate::pointer::Pointer;
use crate::{FilterError, FilterErrorCode};

const MAX_BYTES: usize = 64 * 1024;

/// Deeper than any filter within the limits of the language, shallower than
/// where serde_json stops by itself.
const MAX_DEPTH: usize = 64;

/// Reads the text of a filter.
pub(super) fn parse(text: &str) -> Result<Json, FilterError> {
    if text.len() > MAX_BYTES {
        return Err(Pointer::Root.error(
            FilterErrorCode::LimitExceeded,
            "the filter is longer than 64 KiB",
        ));
    }
    let fault = RefCell::new(None);
    let element = Element {
        at: Pointer::Root,
        depth: 0,
        fault: &fault,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed = element
        .deserialize(&mut deserializer)
        .and_then(|json| deserializer.end().map(|()| json));
    parsed.map_err(|error| fault.take().unwrap_or_else(|| malformed(&error)))
}

fn malformed(error: &serde_json::Error) -> FilterError {
    Pointer::Root.error(
        FilterErrorCode::MalformedJson,
        format!(
            "the filter is not JSON from line {} column {} on",
            error.line(),
            error.column()
        ),
    )
}

/// A JSON value on its way in.
#[derive(Clone, Copy)]
struct Element<'a> {
    at: Pointer<'a>,
    depth: usize,
    /// What we refused, since the deserializer's own errors carry no pointer.
    fault: &'a RefCell<Option<FilterError>>,
}

impl Element<'_> {
    fn within(&self) -> Option<usize> {
        let depth = self.depth + 1;
        if depth > MAX_DEPTH {
            self.refuse(FilterErrorCode::LimitExceeded, "the filter nests too deep");
            return None;
        }
        Some(depth)
    }

    fn refuse(&self, code: FilterErrorCode, message: &str) {
        self.fault.replace(Some(self.at.error(code, message)));
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
                element.refuse(FilterErrorCode::InvalidFilter, "the key stands here twice");
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
