//! The secrets in a document.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use workeros_core::{Error, Result, Sealer};
use zeroize::Zeroizing;

use super::list::SETTINGS;
use super::shape::below;
use crate::Realm;

const PURPOSE: &str = "app setting";
const MAX_BYTES: usize = 16 * 1024;

/// Secrets by the pointer where they stand in the document of a realm, sealed.
/// What is sealed opens at its pointer and in its realm alone.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    realm: Realm,
    /// Without one nothing can be kept.
    sealer: Option<Sealer>,
    sealed: BTreeMap<String, String>,
}

impl Secrets {
    /// Reads what is stored, an object.
    pub(super) fn read(realm: Realm, sealer: Option<Sealer>, stored: &str) -> Result<Self> {
        Ok(Self {
            realm,
            sealer,
            sealed: serde_json::from_str(stored).map_err(Error::internal)?,
        })
    }

    /// As it is stored.
    pub(super) fn write(&self) -> String {
        let members = self.sealed.iter();
        let members = members.map(|(pointer, sealed)| (pointer.clone(), sealed.clone().into()));
        Json::Object(members.collect()).to_string()
    }

    /// The secret at a pointer.
    pub(super) fn open(&self, pointer: &str) -> Result<Option<Zeroizing<String>>> {
        let Some(sealed) = self.sealed.get(pointer) else {
            return Ok(None);
        };
        let sealer = self.sealer.as_ref();
        let sealer = sealer.ok_or_else(|| Error::internal("this instance has no secret"))?;
        let opened = sealer.open(PURPOSE, &self.bound(pointer), sealed)?;
        let text = std::str::from_utf8(&opened).map_err(Error::internal)?;
        Ok(Some(Zeroizing::new(text.to_owned())))
    }

    /// The pointers of those that cannot be opened.
    pub(super) fn unreadable(&self) -> Vec<String> {
        let pointers = self.sealed.keys();
        let lost = pointers.filter(|pointer| self.open(pointer).is_err());
        lost.cloned().collect()
    }

    /// Takes the secrets out of a patch, and leaves in their places that they
    /// are set. Gives the pointers of those that were there.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for what is no secret,
    /// and where the instance has none to seal them with.
    pub(super) fn take(&mut self, patch: &mut Json) -> Result<Vec<String>> {
        let mut places = Vec::new();
        each_place(patch, |pointer, value| {
            if let Some(secret) = read_new(&pointer, value)? {
                places.push((pointer, secret));
                *value = set();
            }
            Ok(())
        })?;
        let mut taken = Vec::new();
        for (pointer, secret) in places {
            let sealer = self.sealer.as_ref().ok_or_else(|| {
                let message = "this instance has no secret of its own to seal it with";
                Error::validation(&pointer, "unsupported", message)
            })?;
            let sealed = sealer.seal(PURPOSE, &self.bound(&pointer), secret.as_bytes())?;
            self.sealed.insert(pointer.clone(), sealed);
            taken.push(pointer);
        }
        Ok(taken)
    }

    /// Forgets what has no place in the document any more.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) when the document
    /// says of a secret that it is set, and it is not.
    pub(super) fn settle(&mut self, document: &mut Json) -> Result<()> {
        let mut kept = BTreeMap::new();
        each_place(document, |pointer, _| {
            let sealed = self.sealed.remove(&pointer).ok_or_else(|| {
                let message = "is not set yet: give the secret itself";
                Error::validation(&pointer, "required", message)
            })?;
            kept.insert(pointer, sealed);
            Ok(())
        })?;
        self.sealed = kept;
        Ok(())
    }

    fn bound(&self, pointer: &str) -> Vec<u8> {
        [self.realm.id().as_bytes(), pointer.as_bytes()].concat()
    }
}

/// What stands in the place of a secret.
fn set() -> Json {
    json!({"set": true})
}

/// Whether this is what stands there.
pub(super) fn is_set(json: &Json) -> bool {
    *json == set()
}

/// A secret that is said anew. That it is taken away, or is set as it was, says
/// nothing.
fn read_new(pointer: &str, value: &Json) -> Result<Option<Zeroizing<String>>> {
    let refuse = |code, message| Err(Error::validation(pointer, code, message));
    match value {
        Json::Null => Ok(None),
        Json::String(text) if text.is_empty() || text.len() > MAX_BYTES => {
            refuse("out_of_range", "must have 1 to 16384 bytes")
        }
        Json::String(text) => Ok(Some(Zeroizing::new(text.clone()))),
        other if is_set(other) => Ok(None),
        _ => refuse("type_mismatch", "must be a string"),
    }
}

/// Visits every place of a document where a secret may stand, and something does.
fn each_place(
    document: &mut Json,
    mut visit: impl FnMut(String, &mut Json) -> Result<()>,
) -> Result<()> {
    let Some(members) = document.as_object_mut() else {
        return Ok(());
    };
    for setting in SETTINGS {
        let name = setting.name();
        if let Some(said) = members.get_mut(name) {
            let pointer = below("", name);
            setting.shape().each_secret(said, &pointer, &mut visit)?;
        }
    }
    Ok(())
}
