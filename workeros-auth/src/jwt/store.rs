//! The table of the keys we sign with.

use serde_json::Value as Json;
use uuid::Uuid;
use workeros_core::{
    Cost, Error, ErrorKind, Expect, Migration, Result, Row, Sealer, Statement, Step, Timestamp,
    Unsealed,
};

use crate::realm::Realm;

use super::algorithm::SigningAlgorithm;
use super::key_ring::KeyState;
use super::private_key::PrivateKey;
use super::public_key::PublicKey;

/// Of a realm at most one key is active and one is next.
pub(crate) const SIGNING_KEYS: Migration = Migration {
    name: "auth-jwt-0001-signing-keys",
    sqlite: &[
        "CREATE TABLE workeros_signing_keys (\
        id TEXT PRIMARY KEY NOT NULL, \
        realm TEXT NOT NULL, \
        algorithm TEXT NOT NULL, \
        public_jwk TEXT NOT NULL, \
        sealed_key TEXT NOT NULL, \
        state TEXT NOT NULL, \
        created_at TEXT NOT NULL, \
        activated_at TEXT, \
        retire_at TEXT) STRICT",
        "CREATE INDEX workeros_signing_keys_realm ON workeros_signing_keys (realm)",
        "CREATE UNIQUE INDEX workeros_signing_keys_state ON workeros_signing_keys (realm, state) \
        WHERE state IN ('next', 'active')",
    ],
    postgres: &[
        "CREATE TABLE workeros_signing_keys (\
        id uuid PRIMARY KEY, \
        realm uuid NOT NULL, \
        algorithm text NOT NULL, \
        public_jwk text NOT NULL, \
        sealed_key text NOT NULL, \
        state text NOT NULL, \
        created_at timestamptz NOT NULL, \
        activated_at timestamptz, \
        retire_at timestamptz)",
        "CREATE INDEX workeros_signing_keys_realm ON workeros_signing_keys (realm)",
        "CREATE UNIQUE INDEX workeros_signing_keys_state ON workeros_signing_keys (realm, state) \
        WHERE state IN ('next', 'active')",
    ],
};

const SELECT: &str = "SELECT id, algorithm, public_jwk, sealed_key, state, created_at, \
    activated_at, retire_at FROM workeros_signing_keys WHERE realm = $1 ORDER BY id";
const INSERT: &str = "INSERT INTO workeros_signing_keys \
    (id, realm, algorithm, public_jwk, sealed_key, state, created_at, activated_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const RETIRE: &str = "UPDATE workeros_signing_keys SET state = 'retiring', retire_at = $1 \
    WHERE id = $2 AND state = 'active'";
const ACTIVATE: &str = "UPDATE workeros_signing_keys SET state = 'active', activated_at = $1 \
    WHERE id = $2 AND state = 'next'";
const DELETE: &str = "DELETE FROM workeros_signing_keys WHERE id = $1 AND state = $2";
const DELETE_OVER: &str = "DELETE FROM workeros_signing_keys \
    WHERE realm = $1 AND state = 'retiring' AND retire_at <= $2";
const RESEAL: &str = "UPDATE workeros_signing_keys SET sealed_key = $1 \
    WHERE id = $2 AND sealed_key = $3";

const PURPOSE: &str = "signing keys";
/// What the loser of a race is told: somebody else has done the work.
const RACED: &str = "another instance was faster";

/// A key as it is stored.
#[derive(Debug, Clone)]
pub(super) struct StoredKey {
    pub(super) id: Uuid,
    pub(super) realm: Realm,
    pub(super) algorithm: SigningAlgorithm,
    pub(super) public: PublicKey,
    pub(super) sealed: String,
    pub(super) state: KeyState,
    pub(super) created_at: Timestamp,
    pub(super) activated_at: Option<Timestamp>,
    pub(super) retire_at: Option<Timestamp>,
}

impl StoredKey {
    /// Whether nothing it signed can hold any more.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.retire_at.is_some_and(|retire_at| retire_at <= now)
    }

    /// Its JWK, with what a client is told about it.
    pub(super) fn published(&self) -> Option<Json> {
        let mut jwk = self.public.to_jwk()?;
        let members = jwk.as_object_mut()?;
        members.insert("kid".to_owned(), self.id.to_string().into());
        members.insert("alg".to_owned(), self.algorithm.name().into());
        members.insert("use".to_owned(), "sig".into());
        Some(jwk)
    }

    /// Seals the bytes of its private key.
    pub(super) fn seal(
        sealer: &Sealer,
        realm: Realm,
        id: Uuid,
        algorithm: SigningAlgorithm,
        key: &[u8],
    ) -> Result<String> {
        sealer.seal(PURPOSE, &owner(realm, id, algorithm), key)
    }

    /// Its private key. That it cannot be opened means that the secret was
    /// changed without the one before.
    pub(super) fn open(&self, sealer: &Sealer) -> Result<PrivateKey> {
        let bytes = self.unseal(sealer)?;
        let bytes: &[u8; 32] = (*bytes).try_into().map_err(Error::internal)?;
        PrivateKey::from_bytes(self.algorithm, bytes)
            .ok_or_else(|| Error::internal("a signing key that is none"))
    }

    /// A step that seals it with the newest secret, if it is not.
    pub(super) fn reseal(&self, sealer: &Sealer) -> Result<Option<Step>> {
        if sealer.is_current(PURPOSE, &self.sealed) {
            return Ok(None);
        }
        let bytes = self.unseal(sealer)?;
        let sealed = Self::seal(sealer, self.realm, self.id, self.algorithm, &bytes)?;
        let params = vec![sealed.into(), self.id.into(), self.sealed.clone().into()];
        Ok(Some(Step::new(Statement::new(RESEAL, params))))
    }

    fn unseal(&self, sealer: &Sealer) -> Result<Unsealed> {
        sealer.open(
            PURPOSE,
            &owner(self.realm, self.id, self.algorithm),
            &self.sealed,
        )
    }

    fn read(realm: Realm, row: &Row) -> Result<Self> {
        let broken = || Error::internal("a signing key that cannot be read");
        let jwk: Json = serde_json::from_str(row.text(2)?).map_err(Error::internal)?;
        let public = jwk.as_object().and_then(PublicKey::from_jwk);
        Ok(Self {
            id: row.uuid(0)?,
            realm,
            algorithm: SigningAlgorithm::parse(row.text(1)?).ok_or_else(broken)?,
            public: public.ok_or_else(broken)?,
            sealed: row.text(3)?.to_owned(),
            state: KeyState::parse(row.text(4)?).ok_or_else(broken)?,
            created_at: row.timestamp(5)?,
            activated_at: row.optional_timestamp(6)?,
            retire_at: row.optional_timestamp(7)?,
        })
    }
}

pub(super) fn select(realm: Realm) -> Statement {
    Statement::new(SELECT, vec![realm.id().into()]).with_cost(Cost::Short)
}

pub(super) fn read(realm: Realm, rows: &workeros_core::Rows) -> Result<Vec<StoredKey>> {
    rows.iter().map(|row| StoredKey::read(realm, row)).collect()
}

pub(super) fn insert(key: &StoredKey) -> Result<Step> {
    let jwk = key.public.to_jwk();
    let jwk = jwk.ok_or_else(|| Error::internal("a key that is not published"))?;
    let params = vec![
        key.id.into(),
        key.realm.id().into(),
        key.algorithm.name().into(),
        jwk.to_string().into(),
        key.sealed.clone().into(),
        key.state.name().into(),
        key.created_at.into(),
        key.activated_at.into(),
    ];
    Ok(Step::new(Statement::new(INSERT, params)))
}

pub(super) fn retire(id: Uuid, at: Timestamp) -> Step {
    guarded(Statement::new(RETIRE, vec![at.into(), id.into()]))
}

pub(super) fn activate(id: Uuid, now: Timestamp) -> Step {
    guarded(Statement::new(ACTIVATE, vec![now.into(), id.into()]))
}

pub(super) fn delete(key: &StoredKey) -> Step {
    let params = vec![key.id.into(), key.state.name().into()];
    guarded(Statement::new(DELETE, params))
}

pub(super) fn delete_over(realm: Realm, now: Timestamp) -> Step {
    Step::new(Statement::new(
        DELETE_OVER,
        vec![realm.id().into(), now.into()],
    ))
}

fn guarded(statement: Statement) -> Step {
    Step::new(statement).expect(Expect::One, ErrorKind::Conflict, RACED)
}

/// What a sealed key belongs to.
fn owner(realm: Realm, id: Uuid, algorithm: SigningAlgorithm) -> Vec<u8> {
    let realm = realm.id();
    [realm.as_bytes(), id.as_bytes(), algorithm.name().as_bytes()].concat()
}
