use std::fmt::Debug;
use std::sync::Arc;

use sea_query::{Alias, Expr, Func};
use serde_json::Value as Json;
use workeros_core::{Error, Result, Value};
use workeros_dsl::Type;

mod boolean;
mod definition;
mod encoding;
mod file;
mod integer;
mod json;
mod longtext;
mod number;
mod relation;
mod rules;
mod text;
mod timestamp;
mod uuid;

pub(crate) use definition::{Origin, completed, read_field, settle_values, write_field};
pub use encoding::Encoding;
pub use rules::Rules;
pub(crate) use text::Text;
pub(crate) use timestamp::Timestamp;
pub(crate) use uuid::Uuid;

/// A type a field can have. One file each under `field/`, and a line in
/// [`TYPES`].
pub trait FieldType: Debug + Send + Sync {
    /// The word in a definition.
    fn name(&self) -> &'static str;

    /// What conditions compare it as, and how its values are read and written.
    fn ty(&self) -> Type;

    /// The column's type in a `STRICT` table of SQLite.
    fn sqlite(&self) -> &'static str;

    /// The column's type on Postgres. Text carries `COLLATE "C"`, so that
    /// order is by code point and an index serves prefixes.
    fn postgres(&self) -> &'static str;

    /// Whether the parameter `q` searches it.
    fn searchable(&self) -> bool {
        false
    }
}

/// Every field type there is.
pub static TYPES: &[&dyn FieldType] = &[
    &text::Text,
    &longtext::Longtext,
    &integer::Integer,
    &number::Number,
    &boolean::Boolean,
    &json::Json,
    &timestamp::Timestamp,
    &uuid::Uuid,
    &relation::Relation,
    &file::File,
];

/// The field type of that name.
#[must_use]
pub fn field_type(name: &str) -> Option<&'static dyn FieldType> {
    TYPES.iter().copied().find(|kind| kind.name() == name)
}

/// The longest text in an index, in bytes: Postgres keeps no more than a third
/// of a page for all columns of an entry.
const MAX_INDEXED: usize = 2000;

/// A field of a collection.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Field {
    /// Its name in the API.
    pub name: String,
    /// The column it lives in.
    pub column: String,
    /// Its declared type.
    pub kind: &'static dyn FieldType,
    /// What conditions compare it as. Differs from the declared type's only
    /// for relations to tables whose key is no UUID.
    pub ty: Type,
    /// How the column holds it.
    pub encoding: Encoding,
    /// Whether it may be null.
    pub nullable: bool,
    /// The value of an item that names none.
    pub default: Option<Value>,
    /// Whether no two items may share a value.
    pub unique: bool,
    /// Whether there is an index for it.
    pub indexed: bool,
    /// The only values allowed, if they are listed.
    pub choices: Option<Vec<Json>>,
    /// A JSON Schema (draft 2020-12) every value must satisfy.
    pub validation: Option<Arc<Rules>>,
    /// The collection a relation points to.
    pub to: Option<String>,
    /// What becomes of this item when the one it points to is deleted.
    pub on_delete: OnDelete,
    /// A name for people.
    pub label: Option<String>,
    /// A note for people.
    pub note: Option<String>,
    /// Whether it is never shown, to nobody.
    pub private: bool,
    /// Whether the database fills it in when it is not given.
    pub generated: bool,
    /// Whether nobody but the database can write it.
    pub read_only: bool,
    /// The enumerated type of an adopted column on Postgres.
    pub enumeration: Option<String>,
    /// Which part of every item it is, if it is one.
    pub system: Option<System>,
}

/// What becomes of an item when the one it points to is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDelete {
    /// The relation becomes null.
    #[default]
    SetNull,
    /// The item is deleted too.
    Cascade,
    /// The deletion is refused.
    Restrict,
}

impl OnDelete {
    /// The word in a definition.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SetNull => "set_null",
            Self::Cascade => "cascade",
            Self::Restrict => "restrict",
        }
    }

    /// The rule of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::SetNull, Self::Cascade, Self::Restrict]
            .into_iter()
            .find(|rule| rule.as_str() == word)
    }
}

/// The parts every item has, whatever its collection. None of them can be
/// written by a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// The item's id. In an adopted table, its primary key.
    Id,
    /// When it was created.
    CreatedAt,
    /// When it was last written.
    UpdatedAt,
    /// Who created it, in an owner-scoped collection.
    Owner,
}

impl System {
    /// The name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::Owner => "owner_id",
        }
    }
}

impl Field {
    /// A field of that type in a column of its own name: nullable, nothing
    /// else set.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: &'static dyn FieldType) -> Self {
        let name = name.into();
        Self {
            column: name.clone(),
            name,
            kind,
            ty: kind.ty(),
            encoding: Encoding::Native,
            nullable: true,
            default: None,
            unique: false,
            indexed: false,
            choices: None,
            validation: None,
            to: None,
            on_delete: OnDelete::default(),
            label: None,
            note: None,
            private: false,
            generated: false,
            read_only: false,
            enumeration: None,
            system: None,
        }
    }

    /// A part of every item.
    pub(crate) fn system(
        part: System,
        column: impl Into<String>,
        kind: &'static dyn FieldType,
    ) -> Self {
        Self {
            column: column.into(),
            nullable: part == System::Owner,
            system: Some(part),
            ..Self::new(part.name(), kind)
        }
    }

    /// Reads a value a client sent for this field.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `path`: not of
    /// the type, null where null is not allowed, not one of the choices,
    /// against the JSON Schema.
    pub fn read(&self, json: &Json, path: &str) -> Result<Value> {
        let value = self
            .ty
            .value_from_json(json)
            .map_err(|error| Error::validation(path, error.code().as_str(), error.to_string()))?;
        if value.is_null() {
            return if self.nullable {
                Ok(value)
            } else {
                Err(Error::validation(path, "required", "must not be null"))
            };
        }
        self.check_choices(&value, path)?;
        self.check_length(&value, path)?;
        if let Some(rules) = &self.validation {
            rules.check(json, path)?;
        }
        Ok(value)
    }

    /// The parameter in the form the column takes.
    pub(crate) fn write_sql(&self, parameter: Expr) -> Expr {
        match &self.enumeration {
            Some(name) => Func::cast_as_quoted(parameter, Alias::new(name)).into(),
            None => self.encoding.write(parameter),
        }
    }

    /// The value as a client reads it.
    #[must_use]
    pub fn write(&self, value: &Value) -> Json {
        self.ty.value_to_json(value)
    }

    fn check_choices(&self, value: &Value, path: &str) -> Result<()> {
        match &self.choices {
            Some(choices) if !choices.contains(&self.write(value)) => {
                let listed: Vec<String> = choices.iter().map(ToString::to_string).collect();
                let message = format!("must be one of {}", listed.join(", "));
                Err(Error::validation(path, "not_a_choice", message))
            }
            _ => Ok(()),
        }
    }

    /// What is in an index must fit into a part of a page.
    fn check_length(&self, value: &Value, path: &str) -> Result<()> {
        let in_index = self.unique || self.indexed || self.to.is_some();
        match value {
            Value::Text(text) if in_index && text.len() > MAX_INDEXED => {
                let message = format!("must be at most {MAX_INDEXED} bytes: there is an index");
                Err(Error::validation(path, "limit_exceeded", message))
            }
            _ => Ok(()),
        }
    }
}
