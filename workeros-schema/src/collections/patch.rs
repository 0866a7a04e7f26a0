//! What a PATCH makes of a definition.

use std::collections::HashSet;

use serde_json::Value as Json;
use workeros_core::{Error, Result};

use crate::collection::{Collection, MAX_FIELDS};
use crate::field::{Field, completed};

/// What a PATCH says of a field that is there changes nothing else of it.
pub(super) fn with_what_is_there(collection: &Collection, sent: Json) -> Json {
    let Json::Object(members) = sent else {
        return sent;
    };
    let name = members.get("name").and_then(Json::as_str);
    let field = name.and_then(|name| collection.field(name));
    match field.filter(|field| field.system.is_none()) {
        Some(field) => completed(field, members),
        None => Json::Object(members),
    }
}

/// Puts the fields of a PATCH in; answers the names of the new ones.
pub(super) fn merge_fields(
    collection: &mut Collection,
    fields: Vec<Field>,
) -> Result<HashSet<String>> {
    let mut all = collection.fields.clone();
    let mut added = HashSet::new();
    for (index, field) in fields.into_iter().enumerate() {
        let pointer = format!("/fields/{index}");
        match all.iter_mut().find(|current| current.name == field.name) {
            Some(current) => *current = merged(current, field, &pointer)?,
            None => {
                check_addable(collection, &field, &pointer)?;
                added.insert(field.name.clone());
                all.push(field);
            }
        }
    }
    if all.iter().filter(|field| field.system.is_none()).count() > MAX_FIELDS {
        let why = format!("a collection has at most {MAX_FIELDS} fields");
        return Err(Error::validation("/fields", "limit_exceeded", why));
    }
    *collection = collection.clone().with_fields(all);
    Ok(added)
}

/// A field that is there, with what may change of it.
fn merged(current: &Field, sent: Field, pointer: &str) -> Result<Field> {
    let fixed = [
        ("type", current.kind.name() == sent.kind.name()),
        ("nullable", current.nullable == sent.nullable),
        ("unique", current.unique == sent.unique),
        ("indexed", current.indexed == sent.indexed),
        ("to", current.to == sent.to),
    ];
    for (key, same) in fixed {
        if !same {
            let why = "cannot be changed; PATCH only adds";
            return Err(Error::validation(
                format!("{pointer}/{key}"),
                "immutable",
                why,
            ));
        }
    }
    Ok(Field {
        column: current.column.clone(),
        encoding: current.encoding,
        ty: current.ty,
        generated: current.generated,
        read_only: current.read_only,
        enumeration: current.enumeration.clone(),
        ..sent
    })
}

fn check_addable(collection: &Collection, field: &Field, pointer: &str) -> Result<()> {
    if !collection.is_managed() {
        let why = "an adopted table has the columns it has; adopt it again to name more of them";
        return Err(Error::validation(
            format!("{pointer}/name"),
            "unknown_field",
            why,
        ));
    }
    if !field.nullable && field.default.is_none() {
        let why = "a required field needs a default for the items that are there";
        return Err(Error::validation(
            format!("{pointer}/default"),
            "required",
            why,
        ));
    }
    let (key, why) = if !field.nullable && field.to.is_some() {
        let why = "a relation can only be added as one that may be null";
        ("required", why)
    } else if !field.nullable && field.unique {
        let why = "the items that are there would all have the default";
        ("unique", why)
    } else {
        return Ok(());
    };
    Err(Error::validation(
        format!("{pointer}/{key}"),
        "not_addable",
        why,
    ))
}
