use serde_json::{Map, Value as Json};
use workeros_core::input::Object;
use workeros_core::{Detail, Error, Result};

use super::attempts::Attempts;
use super::write::{WriteSet, Written};
use super::{Item, Items, Outcome, Precondition};

/// The most operations of one batch, and keys of one bulk update.
const MAX_OPERATIONS: usize = 1000;

/// One operation of a batch.
enum Operation {
    Create(Json),
    Update(String, Json),
    Delete(String),
}

/// What an operation of an atomic batch made.
enum Done {
    Created(Written),
    Updated(Written),
    Deleted,
}

impl Items {
    /// Runs `{operations: [{op, id?, data?}], atomic}`: together if `atomic`,
    /// so that an error means nothing was done; else one by one.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) when the body is no
    /// batch; for an atomic one, what its first failing operation answers, with
    /// pointers to it.
    pub async fn batch(&self, body: &Json) -> Result<Vec<Outcome>> {
        let mut object = Object::read(body, "")?;
        object.require("operations");
        let operations = object.array("operations").unwrap_or_default();
        let atomic = object.boolean("atomic").unwrap_or_default();
        limit(&mut object, "operations", operations.len());
        object.finish()?;
        let operations: Result<Vec<Operation>> = operations
            .iter()
            .enumerate()
            .map(|(index, json)| operation(json, index))
            .collect();
        if atomic {
            self.atomic(&operations?).await
        } else {
            self.one_by_one(operations?).await
        }
    }

    /// Runs `{keys, data}`: the same change to many items, all or none.
    ///
    /// # Errors
    ///
    /// As [`update`](Self::update), with a pointer to the key.
    pub async fn bulk_update(&self, body: &Json) -> Result<Vec<Item>> {
        let mut object = Object::read(body, "")?;
        object.require("keys");
        object.require("data");
        let keys = object.array("keys").unwrap_or_default();
        let keys: Vec<String> = keys
            .iter()
            .filter_map(|key| id(&mut object, "keys", key))
            .collect();
        let data = Json::Object(object.object("data").unwrap_or_default());
        limit(&mut object, "keys", keys.len());
        object.finish()?;
        let operations: Vec<Operation> = keys
            .into_iter()
            .map(|key| Operation::Update(key, data.clone()))
            .collect();
        let outcomes = self.together(&operations, "/keys").await?;
        Ok(outcomes
            .into_iter()
            .filter_map(|outcome| match outcome {
                Outcome::Created(item) | Outcome::Updated(item) => Some(item),
                Outcome::Deleted | Outcome::Failed(_) => None,
            })
            .collect())
    }

    async fn one_by_one(&self, operations: Vec<Operation>) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(operations.len());
        for operation in operations {
            let outcome = match operation {
                Operation::Create(data) => self.create(&data).await.map(Outcome::Created),
                Operation::Update(id, data) => self
                    .update(&id, &data, &Precondition::None)
                    .await
                    .map(Outcome::Updated),
                Operation::Delete(id) => self
                    .delete(&id, &Precondition::None)
                    .await
                    .map(|()| Outcome::Deleted),
            };
            outcomes.push(outcome.unwrap_or_else(Outcome::Failed));
        }
        Ok(outcomes)
    }

    async fn atomic(&self, operations: &[Operation]) -> Result<Vec<Outcome>> {
        self.together(operations, "/operations").await
    }

    async fn together(&self, operations: &[Operation], pointer: &str) -> Result<Vec<Outcome>> {
        let mut attempts = Attempts::of(self);
        loop {
            let mut set = attempts.next().await?;
            let mut done = Vec::with_capacity(operations.len());
            for (index, operation) in operations.iter().enumerate() {
                let made = add(&mut set, operation).await;
                done.push(made.map_err(|error| under(error, &format!("{pointer}/{index}")))?);
            }
            match set.commit().await {
                Ok(rows) => return done.iter().map(|done| outcome(&set, done, &rows)).collect(),
                Err(error) => attempts.again(&set, error).await?,
            }
        }
    }
}

async fn add(set: &mut WriteSet<'_>, operation: &Operation) -> Result<Done> {
    match operation {
        Operation::Create(data) => set.create(data).await.map(Done::Created),
        Operation::Update(id, data) => set
            .update(id, data, &Precondition::None)
            .await
            .map(Done::Updated),
        Operation::Delete(id) => set
            .delete(id, &Precondition::None)
            .await
            .map(|()| Done::Deleted),
    }
}

fn outcome(set: &WriteSet<'_>, done: &Done, rows: &[workeros_core::Rows]) -> Result<Outcome> {
    Ok(match done {
        Done::Created(written) => Outcome::Created(set.item(written, rows)?),
        Done::Updated(written) => Outcome::Updated(set.item(written, rows)?),
        Done::Deleted => Outcome::Deleted,
    })
}

fn operation(json: &Json, index: usize) -> Result<Operation> {
    let mut object = Object::read(json, format!("/operations/{index}"))?;
    let op = object.required_string("op");
    let takes = |word: &str| op == word;
    let needs_id = takes("update") || takes("delete");
    let needs_data = takes("create") || takes("update");
    if !needs_id && !needs_data && !op.is_empty() {
        object.complain(
            "op",
            "invalid_value",
            "must be `create`, `update` or `delete`",
        );
    }
    if needs_id {
        object.require("id");
    }
    if needs_data {
        object.require("data");
    }
    let given = if needs_id { object.json("id") } else { None };
    let id = given.and_then(|json| id(&mut object, "id", &json));
    let data = if needs_data {
        object.object("data")
    } else {
        None
    };
    let data = Json::Object(data.unwrap_or_else(Map::new));
    object.finish()?;
    Ok(match op.as_str() {
        "create" => Operation::Create(data),
        "update" => Operation::Update(id.unwrap_or_default(), data),
        _ => Operation::Delete(id.unwrap_or_default()),
    })
}

/// An id as an item shows it: a string, or the integer of an adopted table.
fn id(object: &mut Object, key: &str, json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) if number.is_i64() => Some(number.to_string()),
        _ => {
            object.complain(
                key,
                "type_mismatch",
                "must be an id: a string or an integer",
            );
            None
        }
    }
}

fn limit(object: &mut Object, key: &str, count: usize) {
    if count > MAX_OPERATIONS {
        object.complain(key, "limit_exceeded", "must be at most 1000");
    }
}

/// The same error, its findings below a pointer of the batch.
fn under(error: Error, pointer: &str) -> Error {
    let detail = |detail: &Detail| Detail {
        path: format!("{pointer}{}", detail.path),
        code: detail.code.clone(),
        message: detail.message.clone(),
    };
    let mut details: Vec<Detail> = error.details().iter().map(detail).collect();
    if details.is_empty() {
        details.push(Detail {
            path: pointer.to_owned(),
            code: "failed".into(),
            message: error.message().to_owned(),
        });
    }
    error.with_details(details)
}
