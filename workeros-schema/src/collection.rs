use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};
use workeros_core::input::Object;
use workeros_core::{CollectionId, Detail, Error, Result, TenantId, Timestamp};
use workeros_dsl::{Field as DslField, Fields, Type};

use crate::field::{Encoding, Field, Origin, System, read_field, write_field};
use crate::items::SortKey;
use crate::name::Slug;

/// The most fields a collection may have.
pub const MAX_FIELDS: usize = 200;

/// A collection: a table and what is known of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Collection {
    /// Its id; survives a rename.
    pub id: CollectionId,
    /// The workspace it belongs to.
    pub tenant: TenantId,
    /// Its name in the API.
    pub slug: String,
    /// The physical table.
    pub table: String,
    /// Whether the table is ours, or was there before.
    pub kind: Kind,
    /// Every field, the parts every item has included, in order.
    pub fields: Vec<Field>,
    /// What it is called, and how it behaves.
    pub settings: Settings,
    /// Goes up by one with each change of the definition.
    pub version: i64,
    /// When it was defined.
    pub created_at: Timestamp,
    /// When the definition last changed.
    pub updated_at: Timestamp,
    positions: HashMap<String, usize>,
}

/// What a collection is from its first moment on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(crate) id: CollectionId,
    pub(crate) tenant: TenantId,
    pub(crate) at: Timestamp,
}

/// Whose the table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Made by us for this workspace alone: its rows hold a version.
    Managed,
    /// Adopted as it was. It never sees DDL.
    Adopted {
        /// The column that holds the workspace, if there is one. Without it
        /// the table belongs to the adopting workspace alone.
        tenant: Option<TenantColumn>,
    },
}

/// The column of an adopted table that holds the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantColumn {
    /// Its name.
    pub column: String,
    /// [`Uuid`](Type::Uuid) or [`Text`](Type::Text).
    pub ty: Type,
}

/// What a collection is called, and how it behaves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Settings {
    /// What one item is called.
    pub singular: Option<String>,
    /// What many are called.
    pub plural: Option<String>,
    /// A note for people.
    pub note: Option<String>,
    /// How an item is shown in one line.
    pub display_template: Option<String>,
    /// Whether an item belongs to who created it.
    pub owner_scoped: bool,
    /// The order of a list that names none.
    pub default_sort: Vec<SortKey>,
}

impl Collection {
    /// A collection from its parts.
    pub(crate) fn new(
        made: Made,
        slug: String,
        table: String,
        kind: Kind,
        fields: Vec<Field>,
        settings: Settings,
    ) -> Self {
        let positions = positions(&fields);
        Self {
            id: made.id,
            tenant: made.tenant,
            slug,
            table,
            kind,
            fields,
            settings,
            version: 1,
            created_at: made.at,
            updated_at: made.at,
            positions,
        }
    }

    /// The field of that name, private ones included.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.position(name)
            .and_then(|position| self.fields.get(position))
    }

    /// The position of the field of that name in [`fields`](Self::fields).
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    /// The field that is this part of every item.
    #[must_use]
    pub fn system(&self, part: System) -> Option<&Field> {
        self.fields.iter().find(|field| field.system == Some(part))
    }

    /// The fields a client may define and write.
    pub fn own_fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.system.is_none())
    }

    /// Whether the table is ours.
    #[must_use]
    pub fn is_managed(&self) -> bool {
        self.kind == Kind::Managed
    }

    /// The column that holds the workspace, if there is one. A managed table
    /// has none: it is one workspace's own.
    #[must_use]
    pub fn tenant_column(&self) -> Option<&TenantColumn> {
        match &self.kind {
            Kind::Managed => None,
            Kind::Adopted { tenant } => tenant.as_ref(),
        }
    }

    /// The same collection with other fields.
    pub(crate) fn with_fields(mut self, fields: Vec<Field>) -> Self {
        self.positions = positions(&fields);
        self.fields = fields;
        self
    }

    /// The same collection as somebody sees it who is shown only these fields:
    /// what it says of others is left out.
    pub(crate) fn showing(mut self, shown: impl Fn(&&Field) -> bool) -> Self {
        let (shown, hidden): (Vec<&Field>, Vec<&Field>) = self.fields.iter().partition(shown);
        let speaks_of = |key: &SortKey| hidden.iter().any(|field| field.name == key.field);
        if self.settings.default_sort.iter().any(speaks_of) {
            self.settings.default_sort = Vec::new();
        }
        let names_one = |text: &mut String| hidden.iter().any(|field| text.contains(&field.name));
        self.settings.display_template.take_if(names_one);
        // Where it lies in the database is the business of who defines it.
        self.table = String::new();
        let as_named = |field: &&Field| Field {
            column: field.name.clone(),
            encoding: Encoding::Native,
            ..(*field).clone()
        };
        let fields = shown.iter().map(as_named).collect();
        self.with_fields(fields)
    }

    /// The definition as it is stored, and as a client is shown it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut object = self.settings.to_json();
        object.insert("slug".to_owned(), json!(self.slug));
        if !self.table.is_empty() {
            object.insert("physical_table".to_owned(), json!(self.table));
        }
        object.insert("adopted".to_owned(), json!(!self.is_managed()));
        if let Kind::Adopted {
            tenant: Some(tenant),
        } = &self.kind
        {
            object.insert("tenant_column".to_owned(), json!(tenant.column));
            object.insert("tenant_type".to_owned(), json!(tenant.ty.to_string()));
        }
        let fields: Vec<Json> = self.fields.iter().map(write_field).collect();
        object.insert("fields".to_owned(), Json::Array(fields));
        Json::Object(object)
    }

    /// Reads a stored definition.
    pub(crate) fn from_stored(
        id: CollectionId,
        tenant: TenantId,
        version: i64,
        created_at: Timestamp,
        updated_at: Timestamp,
        json: &Json,
    ) -> Result<Self> {
        let mut object = Object::read(json, "")?;
        let slug = object.required_string("slug");
        let table = object.required_string("physical_table");
        let is_uuid = object.string("tenant_type").as_deref() == Some("uuid");
        let ty = if is_uuid { Type::Uuid } else { Type::Text };
        let tenant_column = object.string("tenant_column");
        let kind = match object.boolean("adopted") {
            Some(true) => Kind::Adopted {
                tenant: tenant_column.map(|column| TenantColumn { column, ty }),
            },
            _ => Kind::Managed,
        };
        let settings = Settings::read(&mut object, Settings::default());
        let fields = object.array("fields").unwrap_or_default();
        object.finish()?;
        let fields = read_fields(&fields, Origin::Stored)?;
        let made = Made {
            id,
            tenant,
            at: created_at,
        };
        let collection = Self::new(made, slug, table, kind, fields, settings);
        Ok(Self {
            version,
            updated_at,
            ..collection
        })
    }
}

impl Settings {
    /// Reads what of it stands in the object; the rest stays as it is.
    pub(crate) fn read(object: &mut Object, current: Self) -> Self {
        object.alias("display_template", "displayTemplate");
        object.alias("owner_scoped", "ownerScoped");
        object.alias("default_sort", "defaultSort");
        let sort = object.string("default_sort").map(|text| {
            let sort = SortKey::parse_list(&text, &object.pointer("default_sort"));
            object.keep(sort).unwrap_or_default()
        });
        Self {
            singular: object.string("singular").or(current.singular),
            plural: object.string("plural").or(current.plural),
            note: object.string("note").or(current.note),
            display_template: object
                .string("display_template")
                .or(current.display_template),
            owner_scoped: object
                .boolean("owner_scoped")
                .unwrap_or(current.owner_scoped),
            default_sort: sort.unwrap_or(current.default_sort),
        }
    }

    fn to_json(&self) -> Map<String, Json> {
        let sort: Vec<String> = self.default_sort.iter().map(ToString::to_string).collect();
        let sort = (!sort.is_empty()).then(|| sort.join(","));
        let members = [
            ("singular", json!(self.singular)),
            ("plural", json!(self.plural)),
            ("note", json!(self.note)),
            ("display_template", json!(self.display_template)),
            ("owner_scoped", json!(self.owner_scoped)),
            ("default_sort", json!(sort)),
        ];
        members
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect()
    }
}

/// What a client sends to define a managed collection.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    pub(crate) slug: Slug,
    pub(crate) settings: Settings,
    pub(crate) fields: Vec<Field>,
}

impl Definition {
    /// Reads a body.
    pub(crate) fn read(body: &Json) -> Result<Self> {
        let mut object = Object::read(body, "")?;
        let slug = object.required_string("slug");
        let slug = Slug::parse(&slug, "/slug");
        let slug = object.keep(slug);
        let settings = Settings::read(&mut object, Settings::default());
        let fields = object.array("fields").unwrap_or_default();
        let fields = object.keep(read_fields(&fields, Origin::Managed));
        // Said of a managed collection it changes nothing; a client that sends
        // a definition back as it read it is understood.
        if object.boolean("adopted") == Some(true) {
            object.complain(
                "adopted",
                "invalid_value",
                "adopt a table by POST /api/admin/adopt",
            );
        }
        object.finish()?;
        match (slug, fields) {
            (Some(slug), Some(fields)) => Ok(Self {
                slug,
                settings,
                fields,
            }),
            _ => Err(Error::validation(
                "",
                "invalid_value",
                "is not a collection",
            )),
        }
    }
}

/// Reads the array `fields` of a definition.
pub(crate) fn read_fields(array: &[Json], origin: Origin) -> Result<Vec<Field>> {
    // What is stored holds the parts every item has as well.
    if origin != Origin::Stored && array.len() > MAX_FIELDS {
        let why = format!("a collection has at most {MAX_FIELDS} fields");
        return Err(Error::validation("/fields", "limit_exceeded", why));
    }
    let mut details: Vec<Detail> = Vec::new();
    let mut fields: Vec<Field> = Vec::with_capacity(array.len());
    for (index, json) in array.iter().enumerate() {
        let pointer = format!("/fields/{index}");
        match read_field(json, &pointer, origin) {
            Ok(field) if fields.iter().any(|other| other.name == field.name) => {
                let path = format!("{pointer}/name");
                let message = format!("there is another field `{}`", field.name);
                details.push(Detail {
                    path,
                    code: "duplicate".into(),
                    message,
                });
            }
            Ok(field) => fields.push(field),
            Err(error) => details.extend_from_slice(error.details()),
        }
    }
    if details.is_empty() {
        Ok(fields)
    } else {
        Err(Error::invalid(details))
    }
}

/// The parts every item of a managed collection has.
pub(crate) fn managed_system_fields(owner_scoped: bool) -> Vec<Field> {
    let mut fields = vec![
        Field::system(System::Id, "id", &crate::field::Uuid),
        Field::system(System::CreatedAt, "created_at", &crate::field::Timestamp),
        Field::system(System::UpdatedAt, "updated_at", &crate::field::Timestamp),
    ];
    if owner_scoped {
        fields.push(Field::system(
            System::Owner,
            "owner_id",
            &crate::field::Text,
        ));
    }
    fields
}

fn positions(fields: &[Field]) -> HashMap<String, usize> {
    fields
        .iter()
        .enumerate()
        .map(|(index, field)| (field.name.clone(), index))
        .collect()
}

impl Fields for Collection {
    /// What a condition may name: every field but the private ones.
    fn field(&self, name: &str) -> Option<DslField<'_>> {
        let field = Self::field(self, name).filter(|field| !field.private)?;
        Some(DslField::new(field.ty))
    }
}
