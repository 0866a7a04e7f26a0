//! What a workspace says of its settings, as a whole.

use serde_json::{Map, Value as Json};
use workeros_core::input::Object;
use workeros_core::{Error, ErrorKind, IdGenerator, Result, Step};

use super::changed::Changed;
use super::list::SETTINGS;
use super::secrets::{Secrets, is_set};
use super::setting::{Change, Said, Setting};
use super::shape::below;
use crate::auth::Inner;
use crate::{Realm, RealmSettings};

const MAX_BYTES: usize = 64 * 1024;
const MOST_TOUCHED: usize = 200;

/// A document with its secrets.
#[derive(Debug, Clone)]
pub(super) struct Document {
    /// INVARIANT: an object.
    pub(super) json: Json,
    pub(super) secrets: Secrets,
}

/// What a patch makes of a document.
#[derive(Debug)]
pub(super) struct Patched {
    pub(super) document: Document,
    /// The pointers of what it says.
    pub(super) touched: Vec<String>,
    changed: Changed,
}

/// What documents are read for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) instance: &'a Inner,
    /// The rules that held before, if they are known.
    pub(super) before: Option<&'a RealmSettings>,
}

impl Document {
    /// Merges a patch (RFC 7396): null is back to the default.
    pub(super) fn patched(&self, patch: &Json, ids: &dyn IdGenerator) -> Result<Patched> {
        let mut patch = patch.clone();
        refuse_unknown(&patch)?;
        let mut document = self.clone();
        let new_secrets = document.secrets.take(&mut patch)?;
        let touched = touched(&patch);
        merge(&mut document.json, patch);
        document.settle(self, &new_secrets, ids)?;
        let changed = Changed::between(&self.json, &document.json, &new_secrets);
        Ok(Patched {
            document,
            touched,
            changed,
        })
    }

    /// The rules by it, where nothing of it is said just now.
    pub(super) fn rules(&self, reading: Reading<'_>) -> Result<RealmSettings> {
        self.read(reading, &Changed::default())
    }

    fn settle(
        &mut self,
        before: &Self,
        new_secrets: &[String],
        ids: &dyn IdGenerator,
    ) -> Result<()> {
        let mut complaints = Vec::new();
        if let Some(members) = self.json.as_object_mut() {
            for setting in SETTINGS {
                let name = setting.name();
                let mut after = members.get(name).cloned().unwrap_or_default();
                let mut change = Change {
                    before: before.json.get(name).unwrap_or(&Json::Null),
                    after: &mut after,
                    new_secrets,
                    ids,
                };
                match setting.settle(&mut change) {
                    Ok(()) if after.is_null() => {}
                    Ok(()) => drop(members.insert(name.to_owned(), after)),
                    Err(error) if error.kind() != ErrorKind::Validation => return Err(error),
                    Err(error) => complaints.extend_from_slice(error.details()),
                }
            }
            drop_empty(members);
        }
        if !complaints.is_empty() {
            return Err(Error::invalid(complaints));
        }
        self.secrets.settle(&mut self.json)?;
        if self.json.to_string().len() > MAX_BYTES {
            return Err(Error::validation("", "too_long", "is longer than 64 KiB"));
        }
        Ok(())
    }

    fn read(&self, reading: Reading<'_>, changed: &Changed) -> Result<RealmSettings> {
        let mut rules = RealmSettings::clone(&reading.instance.app_settings);
        let mut object = Object::read(&self.json, "")?;
        for setting in SETTINGS {
            let Some(json) = object.json(setting.name()) else {
                continue;
            };
            let said = self.said(*setting, &json, reading, changed);
            match setting.apply(&said, &mut rules) {
                Err(error) if error.kind() != ErrorKind::Validation => return Err(error),
                applied => drop(object.keep(applied)),
            }
        }
        object.finish()?;
        Ok(rules)
    }

    fn said<'a>(
        &'a self,
        setting: &dyn Setting,
        json: &'a Json,
        reading: Reading<'a>,
        changed: &'a Changed,
    ) -> Said<'a> {
        let pointer = below("", setting.name());
        Said {
            json,
            defaults: &reading.instance.app_settings,
            before: reading.before,
            instance: reading.instance,
            is_new: changed.contains(&pointer),
            pointer,
            changed,
            secrets: &self.secrets,
        }
    }
}

impl Patched {
    /// The rules by it, once what it says is checked.
    pub(super) fn rules(&self, reading: Reading<'_>) -> Result<RealmSettings> {
        self.document.read(reading, &self.changed)
    }

    /// Whether anything is other than before.
    pub(super) fn is_change(&self) -> bool {
        !self.changed.is_empty()
    }

    /// What is stored beside the document.
    pub(super) fn beside(&self, realm: Realm, rules: &RealmSettings) -> Vec<Step> {
        self.changed_settings()
            .flat_map(|setting| setting.beside(realm, rules))
            .collect()
    }

    /// Checks what takes a request to somewhere else.
    pub(super) async fn probe(&self, reading: Reading<'_>, rules: &RealmSettings) -> Result<()> {
        for setting in self.changed_settings() {
            if let Some(json) = self.document.json.get(setting.name()) {
                let said = self.document.said(setting, json, reading, &self.changed);
                setting.probe(&said, rules).await?;
            }
        }
        Ok(())
    }

    fn changed_settings(&self) -> impl Iterator<Item = &'static dyn Setting> {
        let settings = SETTINGS.iter().copied();
        settings.filter(|setting| self.changed.contains(&below("", setting.name())))
    }
}

/// What holds, as it is shown.
pub(super) fn show(rules: &RealmSettings) -> Map<String, Json> {
    let members = SETTINGS.iter();
    let members = members.map(|setting| (setting.name().to_owned(), setting.show(rules)));
    members.collect()
}

fn merge(target: &mut Json, patch: Json) {
    let Json::Object(patch) = patch else {
        *target = patch;
        return;
    };
    let mut members = match target.take() {
        Json::Object(members) => members,
        _ => Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(&name);
        } else {
            merge(members.entry(name).or_insert(Json::Null), value);
        }
    }
    *target = Json::Object(members);
}

/// An object that is empty says nothing.
fn drop_empty(members: &mut Map<String, Json>) {
    let is_empty = |json: &Json| json.as_object().is_some_and(Map::is_empty);
    for setting in SETTINGS.iter().filter(|it| it.shape().is_object()) {
        if members.get(setting.name()).is_some_and(is_empty) {
            members.remove(setting.name());
        }
    }
}

/// A member that nobody knows is refused also where it is null.
fn refuse_unknown(patch: &Json) -> Result<()> {
    let mut object = Object::read(patch, "")?;
    for setting in SETTINGS {
        let name = setting.name();
        if let Some(said) = object.nullable_json(name) {
            let shape = setting.shape();
            object.keep(shape.refuse_unknown_nulls(&said, &below("", name)));
        }
    }
    object.finish()
}

/// The pointers of a patch's leaves, as many as there can be settings to name.
fn touched(patch: &Json) -> Vec<String> {
    fn walk(json: &Json, pointer: &str, pointers: &mut Vec<String>) {
        match json.as_object() {
            Some(members) if !members.is_empty() && !is_set(json) => {
                for (name, value) in members {
                    walk(value, &below(pointer, name), pointers);
                }
            }
            _ => pointers.push(pointer.to_owned()),
        }
    }
    let mut pointers = Vec::new();
    walk(patch, "", &mut pointers);
    pointers.truncate(MOST_TOUCHED);
    pointers
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_is_merged_as_rfc_7396_has_it() {
        for (target, patch, expect) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [1, 2]}), json!({"a": [3]}), json!({"a": [3]})),
            (
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            let mut merged = target.clone();
            merge(&mut merged, patch.clone());
            assert_eq!(merged, expect, "{target} and {patch}");
        }
    }
}
