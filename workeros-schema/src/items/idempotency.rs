use serde_json::Value as Json;
use serde_json::json;
use sha2::{Digest, Sha256};
use workeros_core::input::Object;
use workeros_core::{Error, ErrorKind, Expect, Result, Statement, Step, Timestamp, Value};

use super::write::{WriteSet, Written, returned};
use super::{Item, Items};

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
        if let Some(item) = self.replay(&record).await? {
            return Ok(item);
        }
        let mut set = WriteSet::open(self).await?;
        let written = set.create(body).await?;
        set.keep_answer(&record, &written);
        match set.commit().await {
            Ok(rows) => set.item(&written, &rows),
            // The same request was faster, by a hair.
            Err(error) => match self.replay(&record).await? {
                Some(item) => Ok(item),
                None => Err(error),
            },
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

    async fn replay(&self, record: &Record) -> Result<Option<Item>> {
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
        let json: Json = serde_json::from_str(row.text(1)?).map_err(Error::internal)?;
        let mut object = Object::read(&json, "")?;
        let etag = object.string("etag").unwrap_or_default();
        let item = object.string("item").unwrap_or_default();
        Ok(Some(Item {
            json: item.into_bytes(),
            etag,
        }))
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
    fn statement(&self, item: &Item) -> Statement {
        // The item is kept as text: read as JSON, its numbers could change.
        let item_text = String::from_utf8_lossy(&item.json);
        let response = json!({"etag": item.etag, "item": item_text}).to_string();
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
                Step::new(record.statement(&item))
            }
            Written::Returned { step, collection } => {
                let (step, collection) = (*step, collection.clone());
                let (items, snapshot) = (self.items.clone(), self.snapshot.clone());
                let variables = self.variables.clone();
                let record = record.clone();
                Step::derived(move |earlier| {
                    let row = returned(earlier, step, &collection)?;
                    Ok(record.statement(&items.readable(&snapshot, &row, &variables)))
                })
            }
        };
        let why = "the same request is under way";
        self.push(step.expect(Expect::One, ErrorKind::Conflict, why));
    }
}
