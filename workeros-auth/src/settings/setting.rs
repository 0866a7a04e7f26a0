//! What an entry of the list is.

use std::fmt::{self, Debug};
use std::ops::RangeInclusive;

use async_trait::async_trait;
use serde_json::{Map, Value as Json};
use workeros_core::input::Object;
use workeros_core::{Error, IdGenerator, Result, Step};
use zeroize::Zeroizing;

use super::changed::Changed;
use super::secrets::Secrets;
use super::shape::{Shape, below};
use crate::auth::Inner;
use crate::{Realm, RealmSettings};

/// One member of the document: one setting, or a group of them.
#[async_trait]
pub(crate) trait Setting: Debug + Send + Sync {
    /// What it is called in the document.
    fn name(&self) -> &'static str;

    /// What its members are called, and which of them are secret.
    fn shape(&self) -> &'static Shape {
        &Shape::Value
    }

    /// Reads and checks what a workspace says, and puts it into its rules, which
    /// are those of the builder until then.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) with the pointer of
    /// what is wrong.
    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()>;

    /// What holds, as admins are shown it: never a secret.
    fn show(&self, rules: &RealmSettings) -> Json;

    /// Adds to what is about to be stored what nobody says, such as ids. What is
    /// said of it now and what was before is the whole member, or null.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) where the one may
    /// not follow the other.
    fn settle(&self, _change: &mut Change<'_>) -> Result<()> {
        Ok(())
    }

    /// What else is stored with it, in tables of its own: for what is to be found
    /// without knowing the workspace.
    fn beside(&self, _realm: Realm, _rules: &RealmSettings) -> Vec<Step> {
        Vec::new()
    }

    /// Checks what takes a request to somewhere else, once, before it is stored.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) with the pointer of
    /// what is wrong.
    async fn probe(&self, _said: &Said<'_>, _rules: &RealmSettings) -> Result<()> {
        Ok(())
    }
}

/// What a workspace says of one setting.
pub(crate) struct Said<'a> {
    /// Never null.
    pub(crate) json: &'a Json,
    /// Where it stands.
    pub(crate) pointer: String,
    /// The rules of the builder.
    pub(crate) defaults: &'a RealmSettings,
    /// The rules before, if they are known: what was made for them can be taken
    /// over.
    pub(crate) before: Option<&'a RealmSettings>,
    pub(crate) instance: &'a Inner,
    /// Whether it is said just now. What was said before, when the builder may
    /// have had other limits, is bent to them and not refused.
    pub(crate) is_new: bool,
    pub(super) changed: &'a Changed,
    pub(super) secrets: &'a Secrets,
}

/// A setting that is about to be stored.
pub(crate) struct Change<'a> {
    pub(crate) before: &'a Json,
    pub(crate) after: &'a mut Json,
    /// The pointers of the secrets that are said anew.
    pub(crate) new_secrets: &'a [String],
    pub(crate) ids: &'a dyn IdGenerator,
}

impl<'a> Said<'a> {
    /// What is said of one member of it, which is new or not by itself.
    pub(crate) fn member(&self, name: &str, json: &'a Json) -> Self {
        let pointer = below(&self.pointer, name);
        Self {
            json,
            is_new: self.changed.contains(&pointer),
            pointer,
            ..*self
        }
    }

    /// As an object that is read member by member.
    pub(crate) fn object(&self) -> Result<Object> {
        Object::read(self.json, &self.pointer)
    }

    /// As a truth value.
    pub(crate) fn boolean(&self) -> Result<bool> {
        let mismatch = || self.mismatch("must be true or false");
        self.json.as_bool().ok_or_else(mismatch)
    }

    /// As a string.
    pub(crate) fn string(&self) -> Result<&str> {
        self.json
            .as_str()
            .ok_or_else(|| self.mismatch("must be a string"))
    }

    /// As a list of at most `most` strings.
    pub(crate) fn strings(&self, most: usize) -> Result<Vec<&str>> {
        let strings = self.json.as_array().and_then(|array| {
            let strings = array.iter().map(Json::as_str);
            strings.collect::<Option<Vec<_>>>()
        });
        let strings = strings.ok_or_else(|| self.mismatch("must be an array of strings"))?;
        if strings.len() > most {
            let message = format!("must be at most {most}");
            return Err(Error::validation(&self.pointer, "out_of_range", message));
        }
        Ok(strings)
    }

    /// As members whose names are chosen freely.
    pub(crate) fn members(&self) -> Result<&Map<String, Json>> {
        let mismatch = || self.mismatch("must be an object");
        self.json.as_object().ok_or_else(mismatch)
    }

    /// Takes an integer out that must be within a range, or is brought there if
    /// it was said before.
    pub(crate) fn within(
        &self,
        object: &mut Object,
        key: &str,
        range: RangeInclusive<i64>,
    ) -> Option<i64> {
        let number = object.integer(key)?;
        let (least, most) = (*range.start(), *range.end());
        if self.is_new && !range.contains(&number) {
            object.complain(key, "out_of_range", format!("must be {least} to {most}"));
            return None;
        }
        Some(number.max(least).min(most))
    }

    /// The secret that is a member of it, if it is set.
    ///
    /// # Errors
    ///
    /// When it cannot be opened: [`Validation`](workeros_core::ErrorKind::Validation)
    /// for who says something of it just now; else
    /// [`Internal`](workeros_core::ErrorKind::Internal), and what needs it has to
    /// refuse whoever comes.
    pub(crate) fn secret(&self, name: &str) -> Result<Option<Zeroizing<String>>> {
        let pointer = below(&self.pointer, name);
        self.secrets.open(&pointer).map_err(|error| {
            if self.is_new {
                let message = "cannot be opened any more: give it again";
                return Error::validation(pointer, "required", message).with_source(error);
            }
            let shown = &error as &dyn std::error::Error;
            tracing::error!(
                error = shown,
                pointer,
                "a secret of a workspace cannot be opened"
            );
            error
        })
    }

    /// Refuses it, where it stands.
    pub(crate) fn refuse(&self, code: &'static str, message: impl Into<String>) -> Error {
        Error::validation(&self.pointer, code, message)
    }

    fn mismatch(&self, message: &str) -> Error {
        self.refuse("type_mismatch", message)
    }
}

impl Debug for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Said")
            .field("pointer", &self.pointer)
            .finish_non_exhaustive()
    }
}

impl Debug for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Change(..)")
    }
}
