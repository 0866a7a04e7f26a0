//! From a body to a row.

use serde_json::{Map, Value as Json};
use workeros_core::input::escape;
use workeros_core::{Detail, Error, ErrorKind, Grant, Result, Subject, Timestamp, Value};
use workeros_dsl::{Key, Type, Variables};

use super::row::ItemRow;
use crate::collection::Collection;
use crate::field::{Field, System};

/// The values a body gives, in the order of the collection's fields.
pub(crate) type Given<'a> = Vec<(&'a Field, Value)>;

/// The members of a body.
pub(crate) fn members(body: &Json) -> Result<Map<String, Json>> {
    match body {
        Json::Object(members) => Ok(members.clone()),
        _ => Err(Error::validation("", "type_mismatch", "must be an object")),
    }
}

/// Reads the members of a body by the types of their fields. A field that is
/// not `known` to the writer is none. `with_id` permits the id, for a table
/// whose key nobody else gives.
pub(crate) fn read<'a>(
    collection: &'a Collection,
    members: &Map<String, Json>,
    known: impl Fn(&Field) -> bool,
    with_id: bool,
) -> Result<Given<'a>> {
    let mut given = Vec::with_capacity(members.len());
    let mut details: Vec<Detail> = Vec::new();
    for (name, json) in members {
        let field = collection.field(name).filter(|field| known(field));
        match read_member(field, name, json, with_id) {
            Ok(value) => given.push(value),
            Err(error) => details.extend_from_slice(error.details()),
        }
    }
    if details.is_empty() {
        Ok(given)
    } else {
        Err(Error::invalid(details))
    }
}

fn read_member<'a>(
    field: Option<&'a Field>,
    name: &str,
    json: &Json,
    with_id: bool,
) -> Result<(&'a Field, Value)> {
    let path = format!("/{}", escape(name));
    let Some(field) = field else {
        let message = format!("there is no field `{name}`");
        return Err(Error::validation(path, "unknown_field", message));
    };
    match field.system {
        Some(System::Id) if with_id => {}
        Some(_) => {
            let message = format!("`{name}` is set by the server; leave it out");
            return Err(Error::validation(path, "read_only", message));
        }
        None if field.read_only => {
            let message = format!("`{name}` is computed by the database; leave it out");
            return Err(Error::validation(path, "read_only", message));
        }
        None => {}
    }
    field.read(json, &path).map(|value| (field, value))
}

/// Where the id of a new item comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdSource {
    /// From us: a UUIDv7.
    Generator,
    /// From the database.
    Database,
    /// From the client: a natural key.
    Client,
}

impl IdSource {
    pub(crate) fn of(collection: &Collection) -> Self {
        match collection.system(System::Id) {
            Some(id) if id.generated => Self::Database,
            Some(id) if id.ty == Type::Uuid => Self::Generator,
            _ => Self::Client,
        }
    }
}

/// The row a create proposes: what was given, defaults, and what the server
/// sets.
pub(crate) fn proposed(
    empty: ItemRow,
    given: &Given<'_>,
    id: Value,
    now: Timestamp,
    subject: &Subject,
) -> Result<ItemRow> {
    let mut row = empty;
    let collection = std::sync::Arc::clone(&row.collection);
    for field in collection.own_fields() {
        if let Some(default) = &field.default {
            row.set(&field.name, default.clone());
        }
    }
    if !id.is_null() {
        row.set(System::Id.name(), id);
    }
    row.set(System::CreatedAt.name(), now.into());
    row.set(System::UpdatedAt.name(), now.into());
    if let Some(owner) = collection.system(System::Owner) {
        row.set(&owner.name, owner_value(owner, subject));
    }
    for (field, value) in given {
        row.set(&field.name, value.clone());
    }
    row.version = 1;
    check_required(&row)?;
    Ok(row)
}

/// The user as the owner column holds him; null when it cannot.
fn owner_value(owner: &Field, subject: &Subject) -> Value {
    let Some(user) = subject.user_id() else {
        return Value::Null;
    };
    let json = match owner.ty {
        Type::Integer | Type::Relation(Key::Integer) => {
            user.parse::<i64>().map_or(Json::Null, Json::from)
        }
        _ => Json::from(user),
    };
    owner.ty.value_from_json(&json).unwrap_or(Value::Null)
}

/// Asserts that nothing is null that must not be. What the database fills in
/// may be missing here.
fn check_required(row: &ItemRow) -> Result<()> {
    let missing: Vec<Detail> = row
        .iter()
        .filter(|(field, value)| !field.nullable && !field.generated && value.is_null())
        .map(|(field, _)| Detail {
            path: format!("/{}", escape(&field.name)),
            code: "required".into(),
            message: "is required".to_owned(),
        })
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid(missing))
    }
}

/// Asserts that the grant admits the row and names every field that the caller
/// gave.
pub(crate) fn check_granted<'a>(
    grant: &Grant,
    row: &ItemRow,
    variables: &Variables,
    given: impl Iterator<Item = &'a str>,
) -> Result<()> {
    let Some(fields) = grant.fields_on(row, variables) else {
        let why = "you are not allowed to store such an item";
        return Err(Error::new(ErrorKind::Forbidden, why));
    };
    for name in given {
        if name != System::Id.name() && !fields.contains(name) {
            return Err(forbidden(name));
        }
    }
    Ok(())
}

/// Asserts that the grant names the members of a body on some row. This comes
/// before their values are looked at: what a field would take is not told to
/// who may not write it.
pub(crate) fn check_named(
    collection: &Collection,
    grant: &Grant,
    sent: &Map<String, Json>,
) -> Result<()> {
    let is_forbidden = |name: &&String| {
        let field = collection
            .field(name)
            .filter(|field| field.system.is_none() && is_known(grant, field));
        field.is_some_and(|field| !grant.names(&field.name))
    };
    match sent.keys().find(is_forbidden) {
        Some(name) => Err(forbidden(name)),
        None => Ok(()),
    }
}

/// Whether there is such a field for the writer: a private one is there only
/// for whom a grant names it.
pub(crate) fn is_known(grant: &Grant, field: &Field) -> bool {
    !field.private || grant.names(&field.name)
}

fn forbidden(name: &str) -> Error {
    let why = format!("you may not write `{name}`");
    let detail = Detail {
        path: format!("/{}", escape(name)),
        code: "forbidden_field".into(),
        message: why.clone(),
    };
    Error::new(ErrorKind::Forbidden, why).with_detail(detail)
}
