use serde_json::Value as Json;
use serde_json::json;
use sha2::{Digest, Sha256};
use workeros_core::input::Object;
use workeros_core::{
    Action, Error, ErrorKind, Expect, FieldSet, Grant, Result, Statement, Step, Timestamp, Value,
};

use super::attempts::Attempts;
use super::write::{WriteSet, Written, returned};
use super::{Item, Items};
use crate::collection::Collection;
use crate::field::System;
use crate::snapshot::Snapshot;

/// For how long an answer is kept, in microseconds: 24 hours.
const LIFETIME: i64 = 24 * 60 * 60 * 1_000_000;

/// The longest key, in bytes.
const MAX_KEY: usize = 255;

const SELECT: &str = "SELECT fingerprint, response FROM workeros_idempotency \
     WHERE tenant_id = $1 AND actor = $2 AND key = $3 AND created_at > $4";
// One that is too old gives way.
const INSERT: &str = "INSERT INTO workeros_idempotency \
     (tenant_id, actor, key, fingerprint, response, created_at) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (tenant_id, actor, key) DO UPDATE SET fingerprint = excluded.fingerprint, \
     response = excluded.response, created_at = excluded.created_at \
     WHERE workeros_idempotency.created_at <= $7";
const SWEEP: &str = "DELETE FROM workeros_idempotency WHERE created_at <= $1";

impl Items {
    /// Creates an item once, however often it is asked for under the same key
    /// within 24 hours: the first answer is given again. The record is written
    /// with the item, so it holds also across a crash.
    ///
    /// # Errors
    ///
    /// [`Conflict`](ErrorKind::Conflict) when the key came with another body
    /// before; else as [`create`](Self::create).
    pub async fn create_once(&self, body: &Json, key: &str) -> Result<Item> {
        let record = self.record(body, key)?;
        let mut attempts = Attempts::of(self);
        loop {
            let mut set = attempts.next().await?;
            if let Some(item) = self.replay(&set.snapshot, &record).await? {
                return Ok(item);
            }
            let written = set.create(body).await?;
            set.keep_answer(&record, &written);
            match set.commit().await {
                Ok(rows) => return set.item(&written, &rows),
                // The same request may have been faster, by a hair.
                Err(error) => match self.replay(&set.snapshot, &record).await? {
                    Some(item) => return Ok(item),
                    None => attempts.again(&set, error).await?,
                },
            }
        }
    }

    fn record(&self, body: &Json, key: &str) -> Result<Record> {
        if key.is_empty() || key.len() > MAX_KEY || key.contains('\0') {
            let message = "must be 1 to 255 bytes";
            return Err(Error::validation(
                "Idempotency-Key",
                "invalid_value",
                message,
            ));
        }
        let mut hash = Sha256::new();
        hash.update(self.slug.as_bytes());
        hash.update([0]);
        hash.update(body.to_string().as_bytes());
        let now = self.plane.runtime().now();
        Ok(Record {
            scope: vec![
                self.subject.tenant().into(),
                self.subject.actor().into(),
                key.into(),
            ],
            fingerprint: hash.finalize().to_vec(),
            now,
            cutoff: now.saturating_add_micros(-LIFETIME),
        })
    }

    /// The first answer, as long as the caller may still create and may read
    /// what he could; else what he may read now of the item as it is now.
    async fn replay(&self, snapshot: &Snapshot, record: &Record) -> Result<Option<Item>> {
        let (collection, _) = snapshot.granted(&self.subject, &self.slug, Action::Create)?;
        let mut params = record.scope.clone();
        params.push(record.cutoff.into());
        let rows = self
            .plane
            .runtime()
            .database
            .fetch(Statement::new(SELECT, params))
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        if row.bytes(0)? != record.fingerprint {
            let why = "the idempotency key came with another body before; use a new key";
            return Err(Error::new(ErrorKind::Conflict, why));
        }
        let answer = Answer::read(row.text(1)?)?;
        if answer.access == self.access(snapshot, &collection) {
            return Ok(Some(answer.item));
        }
        let made: Json = serde_json::from_slice(&answer.item.json).map_err(Error::internal)?;
        let id = made.get(System::Id.name()).cloned().unwrap_or_default();
        let id = id
            .as_str()
            .map_or_else(|| id.to_string(), ToOwned::to_owned);
        let variables = self.variables();
        Ok(Some(match self.load(&collection, &id).await? {
            Some(row) => self.readable(snapshot, &row, &variables),
            None => Item {
                json: json!({System::Id.name(): made.get(System::Id.name())})
                    .to_string()
                    .into_bytes(),
                etag: answer.item.etag,
            },
        }))
    }

    /// A word for what the caller may read of the collection.
    fn access(&self, snapshot: &Snapshot, collection: &Collection) -> String {
        let mut hash = Sha256::new();
        hash.update(collection.version.to_be_bytes());
        let grant = snapshot.grant(&self.subject, collection, Action::Read);
        for rule in grant.iter().flat_map(Grant::rules) {
            let fields = match &rule.fields {
                FieldSet::All => Json::Null,
                FieldSet::Only(fields) => json!(fields),
            };
            let rule = json!([rule.condition.to_json(), fields]).to_string();
            hash.update(rule.as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

/// An answer that was given.
struct Answer {
    item: Item,
    access: String,
}

impl Answer {
    fn read(text: &str) -> Result<Self> {
        let json: Json = serde_json::from_str(text).map_err(Error::internal)?;
        let mut object = Object::read(&json, "")?;
        let item = object.string("item").unwrap_or_default();
        Ok(Self {
            item: Item {
                json: item.into_bytes(),
                etag: object.string("etag").unwrap_or_default(),
            },
            access: object.string("access").unwrap_or_default(),
        })
    }
}

impl crate::DataPlane {
    /// Forgets answers that are older than 24 hours.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn sweep(&self) -> Result<()> {
        let cutoff = self.runtime().now().saturating_add_micros(-LIFETIME);
        let sweep = Step::new(Statement::new(SWEEP, vec![cutoff.into()]));
        self.runtime()
            .database
            .apply(workeros_core::Batch::new().step(sweep))
            .await
            .map(drop)
    }
}

/// What an answer is kept under.
#[derive(Clone)]
pub(crate) struct Record {
    scope: Vec<Value>,
    fingerprint: Vec<u8>,
    now: Timestamp,
    cutoff: Timestamp,
}

impl Record {
    fn statement(&self, item: &Item, access: &str) -> Statement {
        // The item is kept as text: read as JSON, its numbers could change.
        let item_text = String::from_utf8_lossy(&item.json);
        let response = json!({"etag": item.etag, "item": item_text, "access": access}).to_string();
        let mut params = self.scope.clone();
        params.extend([
            Value::Bytes(self.fingerprint.clone()),
            Value::Json(response),
            self.now.into(),
            self.cutoff.into(),
        ]);
        Statement::new(INSERT, params)
    }
}

impl WriteSet<'_> {
    /// Adds the record of what is answered.
    fn keep_answer(&mut self, record: &Record, written: &Written) {
        let step = match written {
            Written::Known(row) => {
                let item = self.items.readable(&self.snapshot, row, &self.variables);
                let access = self.items.access(&self.snapshot, &row.collection);
                Step::new(record.statement(&item, &access))
            }
            Written::Returned { step, collection } => {
                let (step, collection) = (*step, collection.clone());
                let (items, snapshot) = (self.items.clone(), self.snapshot.clone());
                let variables = self.variables.clone();
                let record = record.clone();
                Step::derived(move |earlier| {
                    let row = returned(earlier, step, &collection)?;
                    let access = items.access(&snapshot, &collection);
                    let item = items.readable(&snapshot, &row, &variables);
                    Ok(record.statement(&item, &access))
                })
            }
        };
        let why = "the same request is under way";
        self.push(step.expect(Expect::One, ErrorKind::Conflict, why));
    }
}
