//! What the members of a setting are called.

use serde_json::Value as Json;
use workeros_core::input::escape;
use workeros_core::{Detail, Error, Result};

/// What may stand in a place of the document. What a value must be like is for
/// the setting to say; here is what is known of it without reading it.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A value, as a whole.
    Value,
    /// A string that is sealed, and stands in the document as `{"set": true}`.
    Secret,
    /// An object of these members.
    Members(&'static [(&'static str, Self)]),
    /// An object whose members are named freely, within what this admits.
    Named(fn(&str) -> bool, &'static Self),
}

impl Shape {
    /// Whether it has members.
    pub(super) fn is_object(&self) -> bool {
        matches!(self, Self::Members(_) | Self::Named(..))
    }

    /// Refuses a null for what nobody knows. It leaves nothing in the document, so
    /// whoever reads that does not see it.
    pub(super) fn refuse_unknown_nulls(&self, patch: &Json, pointer: &str) -> Result<()> {
        let mut details = Vec::new();
        self.find_unknown_nulls(patch, pointer, &mut details);
        if details.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(details))
        }
    }

    /// Visits each place where a secret may stand, and something does.
    pub(super) fn each_secret(
        &self,
        json: &mut Json,
        pointer: &str,
        visit: &mut dyn FnMut(String, &mut Json) -> Result<()>,
    ) -> Result<()> {
        if matches!(self, Self::Secret) {
            return visit(pointer.to_owned(), json);
        }
        for (name, value) in json.as_object_mut().into_iter().flatten() {
            if let Some(shape) = self.member(name) {
                shape.each_secret(value, &below(pointer, name), visit)?;
            }
        }
        Ok(())
    }

    fn find_unknown_nulls(&self, patch: &Json, pointer: &str, details: &mut Vec<Detail>) {
        if !self.is_object() {
            return;
        }
        for (name, value) in patch.as_object().into_iter().flatten() {
            let pointer = below(pointer, name);
            match self.member(name) {
                Some(shape) => shape.find_unknown_nulls(value, &pointer, details),
                None if value.is_null() => details.push(Detail {
                    path: pointer,
                    code: "unknown_field".into(),
                    message: format!("`{name}` is not known here"),
                }),
                None => {}
            }
        }
    }

    fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Value | Self::Secret => None,
            Self::Members(members) => {
                let found = members.iter().find(|(known, _)| *known == name);
                found.map(|(_, shape)| shape)
            }
            Self::Named(admits, shape) => admits(name).then_some(*shape),
        }
    }
}

/// The pointer of a member.
pub(super) fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", escape(name))
}
