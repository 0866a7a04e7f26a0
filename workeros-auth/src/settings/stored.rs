//! The rows, and the rules made of them.

use std::sync::Arc;

use serde_json::{Map, Value as Json};
use workeros_core::{
    Cost, Error, ErrorKind, Expect, Migration, Result, Row, Statement, Step, TenantId, Timestamp,
};

use super::document::{Document, Reading, show};
use super::secrets::Secrets;
use crate::cache::{CacheKey, Known};
use crate::changes::{Place, SecretHash};
use crate::{Auth, Plane, Realm, RealmSettings};

/// What a workspace says that differs from the builder's defaults. Secrets are
/// sealed, by their pointers.
pub(crate) const APP_SETTINGS: Migration = Migration {
    name: "auth-app-0040-settings",
    sqlite: &["CREATE TABLE app_settings (\
        realm_id TEXT PRIMARY KEY NOT NULL, \
        document TEXT NOT NULL, \
        secrets TEXT NOT NULL, \
        version INTEGER NOT NULL, \
        updated_at TEXT NOT NULL) STRICT"],
    postgres: &["CREATE TABLE app_settings (\
        realm_id uuid PRIMARY KEY, \
        document text NOT NULL, \
        secrets text NOT NULL, \
        version bigint NOT NULL, \
        updated_at timestamptz NOT NULL)"],
};

const FIND: &str =
    "SELECT document, secrets, version, updated_at FROM app_settings WHERE realm_id = $1";
/// Only while it is the version that was read; none is 0.
const STORE: &str = "INSERT INTO app_settings (realm_id, document, secrets, version, updated_at) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (realm_id) DO UPDATE SET \
    document = excluded.document, secrets = excluded.secrets, version = excluded.version, \
    updated_at = excluded.updated_at WHERE app_settings.version = $6";

const NOTHING: &str = "{}";

/// The settings of a workspace, as its admins see them: secrets are only said to
/// be set.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StoredSettings {
    /// How often they were changed.
    pub version: u64,
    /// When they were last changed, if they were.
    pub updated_at: Option<Timestamp>,
    /// What the workspace says itself.
    pub stored: Map<String, Json>,
    /// What holds: the same over the defaults of the instance. Nothing where what
    /// is stored cannot be read, so that nobody is let in.
    pub effective: Map<String, Json>,
    /// The JSON pointers of the secrets that are set and cannot be opened: the
    /// secret of the instance that sealed them is not known any more. What needs
    /// one refuses whoever comes, until it is given again or taken away.
    pub unreadable_secrets: Vec<String>,
}

/// The row of a workspace as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredRow {
    document: String,
    secrets: String,
    pub(super) version: i64,
    updated_at: Option<Timestamp>,
}

/// The rules of a workspace, with what they were made of.
#[derive(Debug)]
pub(crate) struct KnownRules {
    row: StoredRow,
    rules: Arc<RealmSettings>,
}

impl StoredRow {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            document: row.text(0)?.to_owned(),
            secrets: row.text(1)?.to_owned(),
            version: row.integer(2)?,
            updated_at: Some(row.timestamp(3)?),
        })
    }

    /// That of a workspace that says nothing.
    fn none() -> Self {
        Self {
            document: NOTHING.to_owned(),
            secrets: NOTHING.to_owned(),
            version: 0,
            updated_at: None,
        }
    }

    /// The one that follows.
    pub(super) fn next(&self, document: &Document, now: Timestamp) -> Self {
        Self {
            document: document.json.to_string(),
            secrets: document.secrets.write(),
            version: self.version.saturating_add(1),
            updated_at: Some(now),
        }
    }

    /// The step that stores it in place of the one it was made of.
    pub(super) fn store(self, realm: Realm, before: &Self) -> Step {
        let params = vec![
            realm.into(),
            self.document.into(),
            self.secrets.into(),
            self.version.into(),
            self.updated_at.into(),
            before.version.into(),
        ];
        Step::new(Statement::new(STORE, params)).expect(
            Expect::One,
            ErrorKind::Conflict,
            "the settings were changed meanwhile",
        )
    }

    /// As admins see it.
    pub(super) fn show(&self, document: Document, rules: Option<&RealmSettings>) -> StoredSettings {
        StoredSettings {
            unreadable_secrets: document.secrets.unreadable(),
            version: self.version.try_into().unwrap_or_default(),
            updated_at: self.updated_at,
            stored: match document.json {
                Json::Object(members) => members,
                _ => Map::new(),
            },
            effective: rules.map(show).unwrap_or_default(),
        }
    }

    fn is_none(&self) -> bool {
        self.version == 0
    }
}

impl<P: Plane> Auth<P> {
    /// The rules for the end users of a workspace. They are remembered as
    /// sessions are, and made anew only of another row.
    pub(crate) async fn rules_of(&self, tenant: TenantId) -> Result<Arc<RealmSettings>> {
        let realm = Realm::Workspace(tenant);
        let (key, cache) = (key(realm), &self.inner.rules);
        if let Some(known) = cache.get(&key, &self.inner.store, self.now()) {
            return Ok(Arc::clone(&known.value.rules));
        }
        let (moment, now) = (self.inner.store.moment(), self.now());
        let row = self.settings_row(realm).await?;
        let last = cache.last(&key);
        let last = last.as_deref().map(|known| &known.value);
        let rules = match last {
            Some(last) if last.row == row => Arc::clone(&last.rules),
            _ if row.is_none() => Arc::clone(&self.inner.app_settings),
            last => Arc::new(self.make_rules(realm, &row, last)?),
        };
        let place = Place::of(realm.id().as_bytes());
        let value = KnownRules {
            row,
            rules: Arc::clone(&rules),
        };
        let known = Known::new(value, [place, place], moment, now, None);
        cache.keep(key, &Arc::new(known));
        Ok(rules)
    }

    pub(super) async fn settings_row(&self, realm: Realm) -> Result<StoredRow> {
        let statement = Statement::new(FIND, vec![realm.into()]).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let row = rows.first().map(StoredRow::read).transpose()?;
        Ok(row.unwrap_or_else(StoredRow::none))
    }

    pub(super) fn document_of(&self, realm: Realm, row: &StoredRow) -> Result<Document> {
        let sealer = self.inner.secret.is_some().then(|| self.sealer());
        Ok(Document {
            json: serde_json::from_str(&row.document).map_err(Error::internal)?,
            secrets: Secrets::read(realm, sealer.transpose()?, &row.secrets)?,
        })
    }

    fn make_rules(
        &self,
        realm: Realm,
        row: &StoredRow,
        before: Option<&KnownRules>,
    ) -> Result<RealmSettings> {
        let reading = Reading {
            instance: &self.inner,
            before: before.map(|before| &*before.rules),
        };
        let document = self.document_of(realm, row)?;
        // What cannot be read lets nobody in by rules that nobody has set.
        document.rules(reading).map_err(Error::internal)
    }
}

/// The times of ids come first, so what differs is put there.
fn key(realm: Realm) -> CacheKey {
    let mut hash = SecretHash::default();
    let id = realm.id();
    for (to, from) in hash.iter_mut().zip(id.as_bytes().iter().rev()) {
        *to = *from;
    }
    CacheKey { hash, named: None }
}
