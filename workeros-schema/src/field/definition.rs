//! A field as JSON: what a client defines and what is stored.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use workeros_core::input::Object;
use workeros_core::{Error, Result, Value};
use workeros_dsl::{Key, Type};

use super::{Encoding, Field, OnDelete, Rules, System, TYPES, field_type};
use crate::name::FieldName;

/// The most entries `choices` may list.
const MAX_CHOICES: usize = 1000;

/// Where a definition comes from. What is stored holds a little more than what
/// a client may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A client defines a managed collection.
    Managed,
    /// A client adopts a table: columns may be named.
    Adopted,
    /// Our own record.
    Stored,
}

/// Reads a field that stands at `pointer`.
pub(crate) fn read_field(json: &Json, pointer: &str, origin: Origin) -> Result<Field> {
    let mut object = Object::read(json, pointer)?;
    object.alias("on_delete", "onDelete");
    let name = object.required_string("name");
    let kind = read_type(&mut object);
    let mut field = Field::new(name, kind.unwrap_or(&super::text::Text));
    if origin == Origin::Stored {
        read_stored(&mut object, &mut field);
    } else {
        let name = FieldName::parse(&field.name, &object.pointer("name"));
        object.keep(name);
    }
    if origin == Origin::Adopted
        && let Some(column) = object.string("column")
    {
        field.column = column;
    }
    read_nullability(&mut object, &mut field);
    field.unique = object.boolean("unique").unwrap_or_default();
    field.indexed = object.boolean("indexed").unwrap_or_default();
    field.private = object.boolean("private").unwrap_or_default();
    field.label = object.string("label");
    field.note = object.string("note");
    read_relation(&mut object, &mut field);
    read_rules(&mut object, &mut field);
    object.finish()?;
    check(&field, pointer)?;
    match origin {
        Origin::Stored => restore_values(&mut field),
        // What a relation points to, and so the type of its values, is not
        // known yet.
        Origin::Managed | Origin::Adopted if field.to.is_some() => {}
        Origin::Managed | Origin::Adopted => settle_values(&mut field, pointer)?,
    }
    Ok(field)
}

/// Reads the default and the choices of a field by its type, once that is
/// known: until then they are what the client sent.
pub(crate) fn settle_values(field: &mut Field, pointer: &str) -> Result<()> {
    if let Some(choices) = field.choices.take() {
        let path = format!("{pointer}/choices");
        field.choices = Some(checked_choices(field, &choices, &path)?);
    }
    if let Some(default) = field.default.take() {
        let json = field.write(&default);
        field.default = Some(field.read(&json, &format!("{pointer}/default"))?);
    }
    Ok(())
}

/// What a PATCH says of a field, completed by what the field says of itself.
/// A member that is null is taken out.
pub(crate) fn completed(field: &Field, sent: Map<String, Json>) -> Json {
    const OUR_OWN: [&str; 7] = [
        "column",
        "encoding",
        "key",
        "system",
        "generated",
        "read_only",
        "enumeration",
    ];
    const SYNONYMS: [(&str, &str); 2] = [("nullable", "required"), ("onDelete", "on_delete")];
    let Json::Object(mut members) = write_field(field) else {
        return Json::Object(sent);
    };
    for key in OUR_OWN {
        members.remove(key);
    }
    for (said, meant) in SYNONYMS {
        if sent.contains_key(said) {
            members.remove(meant);
        }
    }
    members.extend(sent);
    Json::Object(members)
}

/// The field as it is stored, which is also what a client is shown.
pub(crate) fn write_field(field: &Field) -> Json {
    let mut object = Map::new();
    let mut put = |key: &str, value: Json| {
        if !matches!(value, Json::Null | Json::Bool(false)) {
            object.insert(key.to_owned(), value);
        }
    };
    put("name", json!(field.name));
    put("type", json!(field.kind.name()));
    if field.column != field.name {
        put("column", json!(field.column));
    }
    if field.encoding != Encoding::Native {
        put("encoding", json!(field.encoding.as_str()));
    }
    if let Type::Relation(key) = field.ty
        && key != Key::Uuid
    {
        put("key", json!(key_word(key)));
    }
    put("system", json!(field.system.map(System::name)));
    put("generated", json!(field.generated));
    put("read_only", json!(field.read_only));
    put("enumeration", json!(field.enumeration));
    put("required", json!(!field.nullable));
    put("unique", json!(field.unique));
    put("indexed", json!(field.indexed));
    put("choices", json!(field.choices));
    put(
        "validation",
        field
            .validation
            .as_ref()
            .map_or(Json::Null, |rules| rules.schema().clone()),
    );
    put("to", json!(field.to));
    if field.to.is_some() {
        put("on_delete", json!(field.on_delete.as_str()));
    }
    put("label", json!(field.label));
    put("note", json!(field.note));
    put("private", json!(field.private));
    if let Some(default) = &field.default {
        object.insert("default".to_owned(), field.write(default));
    }
    Json::Object(object)
}

fn read_type(object: &mut Object) -> Option<&'static dyn super::FieldType> {
    object.require("type");
    let name = object.string("type")?;
    let kind = field_type(&name);
    if kind.is_none() {
        let known: Vec<&str> = TYPES.iter().map(|kind| kind.name()).collect();
        let message = format!("`{name}` is no type; use one of {}", known.join(", "));
        object.complain("type", "unknown_type", message);
    }
    kind
}

fn read_stored(object: &mut Object, field: &mut Field) {
    if let Some(column) = object.string("column") {
        field.column = column;
    }
    if let Some(word) = object.string("encoding") {
        field.encoding = Encoding::parse(&word).unwrap_or_default();
    }
    if let Some(word) = object.string("key") {
        field.ty = Type::Relation(parse_key(&word));
    }
    field.generated = object.boolean("generated").unwrap_or_default();
    field.read_only = object.boolean("read_only").unwrap_or_default();
    field.enumeration = object.string("enumeration");
    let word = object.string("system");
    let parts = [
        System::Id,
        System::CreatedAt,
        System::UpdatedAt,
        System::Owner,
    ];
    field.system = parts
        .into_iter()
        .find(|part| Some(part.name()) == word.as_deref());
}

/// `required` is the opposite of `nullable`; either may be said.
fn read_nullability(object: &mut Object, field: &mut Field) {
    let nullable = object.boolean("nullable");
    let required = object.boolean("required");
    if let (Some(nullable), Some(required)) = (nullable, required)
        && nullable == required
    {
        object.complain("required", "contradiction", "contradicts `nullable`");
    }
    field.nullable = nullable
        .or(required.map(|required| !required))
        .unwrap_or(true);
}

fn read_relation(object: &mut Object, field: &mut Field) {
    field.to = object.string("to");
    let is_relation = field.kind.name() == "relation";
    if is_relation && field.to.is_none() {
        object.require("to");
    }
    if !is_relation && field.to.is_some() {
        object.complain("to", "not_a_relation", "only a relation has a target");
    }
    if let Some(word) = object.string("on_delete") {
        match OnDelete::parse(&word) {
            Some(rule) => field.on_delete = rule,
            None => object.complain(
                "on_delete",
                "invalid_value",
                "must be `set_null`, `cascade` or `restrict`",
            ),
        }
    } else if !field.nullable {
        field.on_delete = OnDelete::Restrict;
    }
    if is_relation && !field.nullable && field.on_delete == OnDelete::SetNull {
        object.complain(
            "on_delete",
            "contradiction",
            "a required relation cannot be set to null",
        );
    }
}

fn read_rules(object: &mut Object, field: &mut Field) {
    if let Some(schema) = object.json("validation") {
        let rules = Rules::compile(schema, &object.pointer("validation"));
        field.validation = object.keep(rules).map(Arc::new);
    }
    field.choices = object.array("choices");
    field.default = object
        .json("default")
        .map(|json| Value::Json(json.to_string()));
}

/// The values a client listed, in the form they are written in.
fn checked_choices(field: &Field, choices: &[Json], path: &str) -> Result<Vec<Json>> {
    if choices.is_empty() || choices.len() > MAX_CHOICES {
        return Err(Error::validation(
            path,
            "invalid_value",
            "must list 1 to 1000 values",
        ));
    }
    let choice = |(index, choice): (usize, &Json)| {
        let path = format!("{path}/{index}");
        let read = field.ty.value_from_json(choice);
        let value = read
            .map_err(|error| Error::validation(&path, error.code().as_str(), error.to_string()))?;
        if value.is_null() {
            return Err(Error::validation(path, "null_operand", "must not be null"));
        }
        Ok(field.write(&value))
    };
    choices.iter().enumerate().map(choice).collect()
}

/// What was accepted once is not judged again: only its form is restored.
fn restore_values(field: &mut Field) {
    let ty = field.ty;
    let default = field.default.take().map(|value| ty.value_to_json(&value));
    field.default = default.and_then(|json| ty.value_from_json(&json).ok());
}

fn check(field: &Field, pointer: &str) -> Result<()> {
    if (field.unique || field.indexed) && field.ty == Type::Json {
        let path = format!(
            "{pointer}/{}",
            if field.unique { "unique" } else { "indexed" }
        );
        return Err(Error::validation(
            path,
            "not_indexable",
            "a json field cannot be indexed",
        ));
    }
    Ok(())
}

fn key_word(key: Key) -> &'static str {
    match key {
        Key::Uuid => "uuid",
        Key::Integer => "integer",
        Key::Text => "text",
    }
}

fn parse_key(word: &str) -> Key {
    match word {
        "integer" => Key::Integer,
        "text" => Key::Text,
        _ => Key::Uuid,
    }
}
