//! Changing the settings of a workspace.

use serde_json::Value as Json;
use workeros_core::{Batch, Error, ErrorKind, Result, Step};

use super::document::Reading;
use super::stored::{StoredRow, StoredSettings};
use crate::activity::{ActivityKind, NewActivity};
use crate::changes::Affected;
use crate::{App, Auth, Realm};

/// How often a change is made anew after somebody else was faster: each time
/// one of those who race has got through.
const ATTEMPTS: usize = 100;

/// A change of the settings of a workspace.
#[derive(Debug, Clone)]
#[must_use]
pub struct SettingsPatch {
    patch: Json,
    versions: Option<Vec<u64>>,
}

impl SettingsPatch {
    /// A merge patch (RFC 7396) of the document: null is back to the default.
    pub fn new(patch: Json) -> Self {
        Self {
            patch,
            versions: None,
        }
    }

    /// Changes nothing unless the settings are of one of these versions.
    pub fn if_version(mut self, versions: impl IntoIterator<Item = u64>) -> Self {
        self.versions = Some(versions.into_iter().collect());
        self
    }

    fn check_version(&self, row: &StoredRow) -> Result<()> {
        let version = u64::try_from(row.version).unwrap_or_default();
        match &self.versions {
            Some(versions) if !versions.contains(&version) => {
                let message = "the settings are of another version";
                Err(Error::new(ErrorKind::PreconditionFailed, message))
            }
            _ => Ok(()),
        }
    }
}

impl Auth<App> {
    /// The settings as they are stored now, for those who may see them: no
    /// permission is asked here. Secrets are not among them. Where they cannot be
    /// read ([`Auth::app_to_set_up`]), nothing is said of what holds.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn stored_settings(&self) -> Result<StoredSettings> {
        let row = self.settings_row(self.realm).await?;
        let document = self.document_of(self.realm, &row)?;
        let rules = document.rules(self.reading());
        Ok(row.show(document, rules.as_ref().ok()))
    }

    /// Changes settings. They hold for whoever comes after this, here and, within
    /// a second, in other instances. For those who may: no permission is asked
    /// here, but whoever changes them should have signed in just now
    /// ([`require_fresh`](Self::require_fresh)), as providers open accounts.
    ///
    /// Of two patches that race both are applied, one after the other, unless
    /// they name a version.
    ///
    /// # Errors
    ///
    /// * [`Validation`](ErrorKind::Validation) with the JSON pointers of what
    ///   cannot be, or may not be on this instance.
    /// * [`PreconditionFailed`](ErrorKind::PreconditionFailed) when the settings
    ///   are of none of the versions that were named.
    pub async fn change_settings(&self, change: &SettingsPatch) -> Result<StoredSettings> {
        let mut probed = None;
        for _ in 0..ATTEMPTS {
            let row = self.settings_row(self.realm).await?;
            change.check_version(&row)?;
            let document = self.document_of(self.realm, &row)?;
            let patched = document.patched(&change.patch, &*self.inner.ids)?;
            let rules = patched.rules(self.reading())?;
            if !patched.is_change() {
                return Ok(row.show(document, Some(&rules)));
            }
            if probed.as_ref() != Some(&patched.document.json) {
                patched.probe(self.reading(), &rules).await?;
                probed = Some(patched.document.json.clone());
            }
            let next = row.next(&patched.document, self.now());
            let mut batch = Batch::new().step(next.clone().store(self.realm, &row));
            batch.extend(patched.beside(self.realm, &rules));
            batch.push(self.note_change(&next, patched.touched));
            match self.apply(&[Affected::Realm(self.realm)], batch).await {
                Ok(()) => return Ok(next.show(patched.document, Some(&rules))),
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        let message = "others were faster; try again";
        Err(Error::new(ErrorKind::Unavailable, message).with_retry_after(1))
    }

    fn reading(&self) -> Reading<'_> {
        Reading {
            instance: &self.inner,
            before: Some(&self.settings),
        }
    }

    /// What was changed, never to what: it is done by somebody of the team, so
    /// it stands among what they do.
    fn note_change(&self, next: &StoredRow, touched: Vec<String>) -> Step {
        let changed = NewActivity::new(ActivityKind::SettingsChanged)
            .with("workspace", self.realm.workspace().map(|id| id.to_string()))
            .with("settings", touched)
            .with("version", next.version);
        self.note_activity_in(Realm::Instance, changed)
    }
}
