//! Reading JSON bodies so that every complaint says where.

use serde_json::{Map, Value as Json};
use workeros_dsl::json::{self, JsonError};

use crate::{Detail, Error, ErrorKind, Result};

/// A JSON object that is read member by member.
///
/// Each accessor takes its member out; [`finish`](Self::finish) then refuses
/// what nobody asked for. All complaints of one object are collected and come
/// as one error, each with its JSON pointer.
///
/// ```
/// use workeros_core::input::Object;
///
/// let body = serde_json::json!({"name": 7, "nickname": "x"});
/// let mut object = Object::read(&body, "")?;
/// let name = object.string("name");
/// let error = object.finish().unwrap_err();
/// assert_eq!(name, None);
/// assert_eq!(error.details()[0].path, "/name");
/// assert_eq!(error.details()[1].path, "/nickname");
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Object {
    pointer: String,
    members: Map<String, Json>,
    details: Vec<Detail>,
}

impl Object {
    /// Reads an object that stands at `pointer` of the body.
    ///
    /// # Errors
    ///
    /// When it is not an object.
    pub fn read(json: &Json, pointer: impl Into<String>) -> Result<Self> {
        let pointer = pointer.into();
        let Json::Object(members) = json else {
            return Err(Error::validation(
                pointer,
                "type_mismatch",
                "must be an object",
            ));
        };
        Ok(Self {
            pointer,
            members: members.clone(),
            details: Vec::new(),
        })
    }

    /// The JSON pointer of a member.
    #[must_use]
    pub fn pointer(&self, key: &str) -> String {
        format!("{}/{}", self.pointer, escape(key))
    }

    /// Whether the member is there (also as null).
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.members.contains_key(key)
    }

    /// Lets a member go by another name too.
    pub fn alias(&mut self, key: &str, alias: &str) {
        if let Some(value) = self.members.remove(alias) {
            if self.members.contains_key(key) {
                self.complain(
                    alias,
                    "duplicate",
                    format!("is the same as `{key}`; give one"),
                );
            } else {
                self.members.insert(key.to_owned(), value);
            }
        }
    }

    /// Takes a member out as it is; null counts as absent.
    pub fn json(&mut self, key: &str) -> Option<Json> {
        self.members.remove(key).filter(|value| !value.is_null())
    }

    /// Takes a member out as it is; null is a value.
    pub fn nullable_json(&mut self, key: &str) -> Option<Json> {
        self.members.remove(key)
    }

    /// Takes a string out.
    pub fn string(&mut self, key: &str) -> Option<String> {
        match self.json(key)? {
            Json::String(text) if text.contains('\0') => {
                self.complain(key, "invalid_value", "must not contain U+0000");
                None
            }
            Json::String(text) => Some(text),
            _ => self.mismatch(key, "a string"),
        }
    }

    /// Takes a string out that must be there.
    pub fn required_string(&mut self, key: &str) -> String {
        self.require(key);
        self.string(key).unwrap_or_default()
    }

    /// Takes a truth value out.
    pub fn boolean(&mut self, key: &str) -> Option<bool> {
        match self.json(key)? {
            Json::Bool(boolean) => Some(boolean),
            _ => self.mismatch(key, "true or false"),
        }
    }

    /// Takes an integer out.
    pub fn integer(&mut self, key: &str) -> Option<i64> {
        match self.json(key)?.as_i64() {
            Some(integer) => Some(integer),
            None => self.mismatch(key, "an integer"),
        }
    }

    /// Takes an array out.
    pub fn array(&mut self, key: &str) -> Option<Vec<Json>> {
        match self.json(key)? {
            Json::Array(array) => Some(array),
            _ => self.mismatch(key, "an array"),
        }
    }

    /// Takes an array of strings out.
    pub fn strings(&mut self, key: &str) -> Option<Vec<String>> {
        let array = self.array(key)?;
        let strings: Option<Vec<String>> = array
            .into_iter()
            .map(|json| json.as_str().map(ToOwned::to_owned))
            .collect();
        if strings.is_none() {
            self.complain(key, "type_mismatch", "must be an array of strings");
        }
        strings
    }

    /// Takes an object out.
    pub fn object(&mut self, key: &str) -> Option<Map<String, Json>> {
        match self.json(key)? {
            Json::Object(object) => Some(object),
            _ => self.mismatch(key, "an object"),
        }
    }

    /// Notes that a member must be there.
    pub fn require(&mut self, key: &str) {
        if self.members.get(key).is_none_or(Json::is_null) {
            self.complain(key, "required", "is required");
        }
    }

    /// Notes a complaint about a member.
    pub fn complain(&mut self, key: &str, code: &'static str, message: impl Into<String>) {
        let path = self.pointer(key);
        self.details.push(Detail {
            path,
            code: code.into(),
            message: message.into(),
        });
    }

    /// Keeps the value, or notes the complaint and goes on.
    pub fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.details.extend_from_slice(error.details());
                if error.details().is_empty() {
                    let message = error.message().to_owned();
                    let path = self.pointer.clone();
                    self.details.push(Detail {
                        path,
                        code: "invalid_value".into(),
                        message,
                    });
                }
                None
            }
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    ///
    /// [`Validation`](crate::ErrorKind::Validation) with all complaints,
    /// among them one for each member nobody took.
    pub fn finish(mut self) -> Result<()> {
        for key in std::mem::take(&mut self.members).keys() {
            self.complain(key, "unknown_field", format!("`{key}` is not known here"));
        }
        if self.details.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(self.details))
        }
    }

    fn mismatch<T>(&mut self, key: &str, wanted: &str) -> Option<T> {
        self.complain(key, "type_mismatch", format!("must be {wanted}"));
        None
    }
}

/// Reads the text of a body, strictly.
///
/// # Errors
///
/// [`BadRequest`](crate::ErrorKind::BadRequest) for what is not JSON;
/// [`Validation`](crate::ErrorKind::Validation) for a key that stands twice in
/// an object, and for more than 64 levels.
pub fn parse(text: &[u8]) -> Result<Json> {
    json::parse(text).map_err(|error| match error {
        JsonError::Malformed { line, column } => {
            let message = format!("the body is not JSON from line {line} column {column} on");
            Error::new(ErrorKind::BadRequest, message)
        }
        JsonError::DuplicateKey { pointer } => {
            Error::validation(pointer, "duplicate", "stands twice in one object")
        }
        JsonError::TooDeep { .. } => {
            Error::validation("", "too_deep", "nests deeper than 64 levels")
        }
    })
}

/// One segment of a JSON pointer (RFC 6901).
#[must_use]
pub fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}
