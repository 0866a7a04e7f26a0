//! What a client sends to adopt a table.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};
use workeros_core::input::Object;
use workeros_core::{CollectionId, Detail, Dialect, Error, Result, Runtime, TenantId, Type};
use workeros_dsl::Key;

use super::catalogue::Column;
use super::mapping::{Mapped, key_of};
use super::proposal::Proposal;
use crate::collection::{Collection, Kind, Made, Settings, TenantColumn, read_fields};
use crate::collections::{check_sort, resolve_relations};
use crate::field::{Encoding, Field, Origin, System};
use crate::name::Slug;

/// The parts of an item that a column may be named for.
const PARTS: [(&str, System); 3] = [
    ("created_column", System::CreatedAt),
    ("updated_column", System::UpdatedAt),
    ("owner_column", System::Owner),
];

/// A body, read.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) table: String,
    slug: String,
    settings: Settings,
    pk_column: Option<String>,
    tenant_column: Option<String>,
    /// Members of [`PARTS`] with the columns they name.
    parts: Vec<(&'static str, System, String)>,
    fields: Option<Vec<Json>>,
}

impl Request {
    pub(super) fn read(body: &Json) -> Result<Self> {
        let mut object = Object::read(body, "")?;
        for (key, alias) in [
            ("table", "physical_table"),
            ("table", "physicalTable"),
            ("pk_column", "pkColumn"),
            ("created_column", "createdColumn"),
            ("updated_column", "updatedColumn"),
            ("owner_column", "ownerColumn"),
            ("tenant_column", "tenantColumn"),
        ] {
            object.alias(key, alias);
        }
        let slug = object.required_string("slug");
        if !slug.is_empty() {
            object.keep(Slug::parse(&slug, "/slug"));
        }
        let table = object.required_string("table");
        if object.boolean("adopted") == Some(false) {
            object.complain("adopted", "invalid_value", "is what happens here");
        }
        let mut settings = Settings::read(&mut object, Settings::default());
        let parts: Vec<(&str, System, String)> = PARTS
            .into_iter()
            .filter_map(|(key, part)| Some((key, part, object.string(key)?)))
            .collect();
        let owned = parts.iter().any(|(_, part, _)| *part == System::Owner);
        if settings.owner_scoped && !owned {
            object.complain(
                "owner_column",
                "required",
                "is required to scope items by owner",
            );
        }
        settings.owner_scoped = owned;
        let request = Self {
            table,
            slug,
            settings,
            pk_column: object.string("pk_column"),
            tenant_column: object.string("tenant_column"),
            parts,
            fields: object.array("fields"),
        };
        object.finish()?;
        Ok(request)
    }

    /// The collection the table becomes.
    pub(super) fn collection(
        self,
        proposal: &Proposal<'_>,
        runtime: &Runtime,
        tenant: TenantId,
    ) -> Result<Collection> {
        let mut used = Used::default();
        let mut fields = vec![self.id(proposal, &mut used)?];
        fields.extend(self.system_fields(proposal, &mut used)?);
        let tenant_column = self.tenant_column(proposal, &mut used)?;
        let own = self.own_fields(proposal, &mut used)?;
        let sent: Vec<String> = own.iter().map(|field| field.name.clone()).collect();
        fields.extend(own);
        let made = Made {
            id: CollectionId::new(runtime.ids.next_id()),
            tenant,
            at: runtime.now(),
        };
        let kind = Kind::Adopted {
            tenant: tenant_column,
        };
        let mut collection =
            Collection::new(made, self.slug, self.table, kind, fields, self.settings);
        resolve_relations(proposal.snapshot, &mut collection, &sent)?;
        check_sort(&collection)?;
        Ok(collection)
    }

    /// The primary key, which is the id whatever it is called.
    fn id(&self, proposal: &Proposal<'_>, used: &mut Used) -> Result<Field> {
        let key = proposal.relation.key();
        let key = key
            .first()
            .ok_or_else(|| super::Obstacle::NoKey.refusal())?;
        if self
            .pk_column
            .as_ref()
            .is_some_and(|named| *named != key.name)
        {
            let why = format!("the primary key is `{}`", key.name);
            return Err(Error::validation("/pk_column", "not_the_key", why));
        }
        used.claim(&key.name, "the id", "/pk_column")?;
        let mapped = key
            .mapped
            .clone()
            .ok_or_else(|| super::Obstacle::NoKey.refusal())?;
        let field = system_field(System::Id, key, mapped, "/table")?;
        Ok(Field {
            nullable: false,
            ..field
        })
    }

    fn tenant_column(
        &self,
        proposal: &Proposal<'_>,
        used: &mut Used,
    ) -> Result<Option<TenantColumn>> {
        let Some(name) = &self.tenant_column else {
            return Ok(None);
        };
        let path = "/tenant_column";
        let column = named(proposal, name, path)?;
        used.claim(name, "the workspace", path)?;
        let mapped = column.mapped.as_ref().filter(|_| !column.read_only);
        let ty = match mapped.map(|mapped| (mapped.kind, mapped.encoding)) {
            Some(("uuid", Encoding::Native)) => Type::Uuid,
            Some(("text", Encoding::Text)) => Type::Text,
            _ => {
                let why = "must be a column of uuids or text that can be written";
                return Err(Error::validation(path, "type_mismatch", why));
            }
        };
        Ok(Some(TenantColumn {
            column: name.clone(),
            ty,
        }))
    }

    fn system_fields(&self, proposal: &Proposal<'_>, used: &mut Used) -> Result<Vec<Field>> {
        let mut fields = Vec::new();
        for (key, part, name) in &self.parts {
            let path = format!("/{key}");
            let column = named(proposal, name, &path)?;
            used.claim(name, part.name(), &path)?;
            let mapped = column.mapped.as_ref().filter(|_| !column.read_only);
            let mapped = mapped.and_then(|mapped| part_of(*part, mapped, proposal.dialect));
            let Some(mapped) = mapped else {
                let wanted = match part {
                    System::Owner => "ids of users: text, uuids or integers",
                    System::Id | System::CreatedAt | System::UpdatedAt => "a time",
                };
                let why = format!("must be a column that holds {wanted} and can be written");
                return Err(Error::validation(path, "type_mismatch", why));
            };
            fields.push(system_field(*part, column, mapped, &path)?);
        }
        Ok(fields)
    }

    fn own_fields(&self, proposal: &Proposal<'_>, used: &mut Used) -> Result<Vec<Field>> {
        let Some(definitions) = &self.fields else {
            let free: Vec<&Column> = proposal
                .columns()
                .filter(|column| !used.contains(&column.name))
                .collect();
            return self.read_fields(
                proposal,
                free.into_iter().map(|column| (Map::new(), column)),
            );
        };
        let mut details: Vec<Detail> = Vec::new();
        let mut columns = Vec::with_capacity(definitions.len());
        for (index, definition) in definitions.iter().enumerate() {
            let pointer = format!("/fields/{index}");
            match self.column_of(proposal, definition, &pointer, used) {
                Ok(found) => columns.push(found),
                Err(error) => details.extend_from_slice(error.details()),
            }
        }
        if details.is_empty() {
            self.read_fields(proposal, columns.into_iter())
        } else {
            Err(Error::invalid(details))
        }
    }

    /// The column a definition speaks of.
    fn column_of<'a>(
        &self,
        proposal: &Proposal<'a>,
        definition: &Json,
        pointer: &str,
        used: &mut Used,
    ) -> Result<(Map<String, Json>, &'a Column)> {
        let Json::Object(members) = definition else {
            return Err(Error::validation(
                pointer,
                "type_mismatch",
                "must be an object",
            ));
        };
        let key = if members.contains_key("column") {
            "column"
        } else {
            "name"
        };
        let path = format!("{pointer}/{key}");
        let name = match members.get(key) {
            Some(Json::String(name)) => name,
            Some(_) => return Err(Error::validation(path, "type_mismatch", "must be a string")),
            None => return Err(Error::validation(path, "required", "is required")),
        };
        let column = if key == "column" {
            proposal.relation.column(name)
        } else {
            proposal.column(name)
        };
        let column = column.ok_or_else(|| unknown_column(proposal, name, &path))?;
        used.claim(&column.name, name, &path)?;
        if column.mapped.is_none() {
            let why = format!("there is no field for type `{}`", column.sql_type);
            return Err(Error::validation(path, "unsupported_type", why));
        }
        Ok((members.clone(), column))
    }

    fn read_fields<'a>(
        &self,
        proposal: &Proposal<'_>,
        columns: impl Iterator<Item = (Map<String, Json>, &'a Column)>,
    ) -> Result<Vec<Field>> {
        let (definitions, columns): (Vec<Json>, Vec<&Column>) = columns
            .map(|(mut definition, column)| {
                proposal.fill(&mut definition, column, &self.slug);
                (Json::Object(definition), column)
            })
            .unzip();
        let fields = read_fields(&definitions, Origin::Adopted)?;
        let pairs = fields.into_iter().zip(columns).enumerate();
        pairs
            .map(|(index, (field, column))| {
                self.fitted(proposal, field, column, &format!("/fields/{index}"))
            })
            .collect()
    }

    /// The field as its column allows it.
    fn fitted(
        &self,
        proposal: &Proposal<'_>,
        field: Field,
        column: &Column,
        pointer: &str,
    ) -> Result<Field> {
        let wrong = |key: &str, code: &'static str, why: String| {
            Error::validation(format!("{pointer}/{key}"), code, why)
        };
        for (key, said) in [("unique", field.unique), ("indexed", field.indexed)] {
            if said {
                let why = "an adopted table has the indexes it has";
                return Err(wrong(key, "adopted_table", why.to_owned()));
            }
        }
        if field.nullable && !column.nullable {
            let why = format!("the column `{}` does not allow null", column.name);
            return Err(wrong("nullable", "contradiction", why));
        }
        let mapped = match &field.to {
            Some(to) => {
                let key = self.key_of_target(proposal, to).ok_or_else(|| {
                    wrong(
                        "to",
                        "unknown_collection",
                        format!("there is no collection `{to}`"),
                    )
                })?;
                column
                    .mapped
                    .clone()
                    .filter(|mapped| mapped.holds(key, proposal.dialect))
            }
            None => column
                .mapped
                .as_ref()
                .and_then(|mapped| mapped.seen_as(field.kind.name(), proposal.dialect)),
        };
        let Some(mapped) = mapped else {
            let why = format!(
                "a column of type `{}` is no {}",
                column.sql_type,
                field.kind.name()
            );
            return Err(wrong("type", "type_mismatch", why));
        };
        Ok(with_column(field, column, mapped))
    }

    fn key_of_target(&self, proposal: &Proposal<'_>, to: &str) -> Option<Key> {
        let id = if to == self.slug {
            proposal.id_type()
        } else {
            let target = proposal.snapshot.collections.get(to)?;
            target.system(System::Id).map(|id| id.ty)
        };
        id.map(key_of)
    }
}

/// Which columns are spoken for, and by what.
#[derive(Debug, Default)]
struct Used(HashMap<String, String>);

impl Used {
    fn contains(&self, column: &str) -> bool {
        self.0.contains_key(column)
    }

    fn claim(&mut self, column: &str, by: &str, path: &str) -> Result<()> {
        match self.0.insert(column.to_owned(), by.to_owned()) {
            None => Ok(()),
            Some(other) => {
                let why = format!("the column `{column}` is {other} already");
                Err(Error::validation(path, "duplicate", why))
            }
        }
    }
}

fn named<'a>(proposal: &Proposal<'a>, name: &str, path: &str) -> Result<&'a Column> {
    proposal
        .relation
        .column(name)
        .ok_or_else(|| unknown_column(proposal, name, path))
}

fn unknown_column(proposal: &Proposal<'_>, name: &str, path: &str) -> Error {
    let why = format!("`{}` has no column `{name}`", proposal.relation.name);
    Error::validation(path, "unknown_column", why)
}

/// The column as that part of an item, if it can be.
fn part_of(part: System, mapped: &Mapped, dialect: Dialect) -> Option<Mapped> {
    match part {
        System::CreatedAt | System::UpdatedAt => mapped.seen_as("timestamp", dialect),
        System::Owner | System::Id => {
            let is_key = matches!(mapped.kind, "uuid" | "text" | "integer");
            (is_key && mapped.enumeration.is_none()).then(|| mapped.clone())
        }
    }
}

fn system_field(part: System, column: &Column, mapped: Mapped, path: &str) -> Result<Field> {
    let kind = mapped.field_type().ok_or_else(|| {
        Error::validation(path, "unsupported_type", "there is no such field type")
    })?;
    let field = Field::system(part, &column.name, kind);
    let mut field = Field {
        nullable: column.nullable,
        ..with_column(field, column, mapped)
    };
    if part == System::Owner && field.ty == Type::Integer {
        // Ids of users are compared as references: `$user.id` is no number.
        field.ty = Type::Relation(Key::Integer);
    }
    Ok(field)
}

fn with_column(field: Field, column: &Column, mapped: Mapped) -> Field {
    Field {
        column: column.name.clone(),
        encoding: mapped.encoding,
        enumeration: mapped.enumeration,
        generated: column.generated,
        read_only: column.read_only,
        ..field
    }
}
