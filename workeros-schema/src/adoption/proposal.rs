//! What a table would be as a collection.

use serde_json::{Map, Value as Json, json};
use workeros_core::{Dialect, Type};

use super::catalogue::{Column, Relation};
use super::mapping::key_of;
use super::naming;
use crate::collection::Collection;
use crate::field::System;
use crate::snapshot::Snapshot;

/// A table with a name for each of its columns.
#[derive(Debug)]
pub(super) struct Proposal<'a> {
    pub(super) dialect: Dialect,
    pub(super) snapshot: &'a Snapshot,
    pub(super) relation: &'a Relation,
    /// In the order of the relation's columns.
    names: Vec<String>,
}

impl<'a> Proposal<'a> {
    pub(super) fn of(dialect: Dialect, snapshot: &'a Snapshot, relation: &'a Relation) -> Self {
        let mut names: Vec<String> = Vec::with_capacity(relation.columns.len());
        for column in &relation.columns {
            let name =
                naming::field_name(&column.name, |name| names.iter().any(|other| other == name));
            names.push(name);
        }
        Self {
            dialect,
            snapshot,
            relation,
            names,
        }
    }

    /// The columns that can be fields.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'a Column> {
        self.relation
            .columns
            .iter()
            .filter(|column| column.mapped.is_some())
    }

    /// The column of that name, else the one whose field is called so.
    pub(super) fn column(&self, name: &str) -> Option<&'a Column> {
        let named = self.relation.column(name);
        named.or_else(|| {
            let at = self.names.iter().position(|other| other == name)?;
            self.relation.columns.get(at)
        })
    }

    /// The name a field of the column gets.
    pub(super) fn name(&self, column: &Column) -> &str {
        let at = self
            .relation
            .columns
            .iter()
            .position(|other| other.name == column.name);
        at.and_then(|at| self.names.get(at))
            .map_or("", String::as_str)
    }

    /// The type of the ids.
    pub(super) fn id_type(&self) -> Option<Type> {
        let key = self.relation.key();
        let mapped = key.first()?.mapped.as_ref()?;
        mapped.field_type().map(crate::field::FieldType::ty)
    }

    /// Fills in what a definition of a field leaves to its column. `slug` is
    /// that of the collection itself.
    pub(super) fn fill(&self, definition: &mut Map<String, Json>, column: &Column, slug: &str) {
        definition
            .entry("name")
            .or_insert_with(|| json!(self.name(column)));
        definition.insert("column".to_owned(), json!(column.name));
        if definition.get("type").is_none_or(|kind| kind == "relation")
            && let Some(to) = self.target(column, slug)
        {
            definition.insert("type".to_owned(), json!("relation"));
            definition.entry("to").or_insert_with(|| json!(to));
            definition
                .entry("on_delete")
                .or_insert_with(|| json!("restrict"));
        }
        if let Some(mapped) = &column.mapped {
            definition
                .entry("type")
                .or_insert_with(|| json!(mapped.kind));
        }
        if !definition.contains_key("nullable") && !definition.contains_key("required") {
            definition.insert("required".to_owned(), json!(!column.nullable));
        }
    }

    /// The collection whose items the column points to by their ids.
    fn target(&self, column: &Column, slug: &str) -> Option<String> {
        let (table, key) = self.relation.foreign_key(&column.name)?;
        let (to, id_column, id_type) = if table == self.relation.name {
            (
                slug,
                self.relation.key().first()?.name.as_str(),
                self.id_type()?,
            )
        } else {
            let of_table = |collection: &&Collection| collection.table == table;
            let mut collections = self.snapshot.collections.values().map(|found| &**found);
            let target = collections.find(of_table)?;
            let id = target.system(System::Id)?;
            (target.slug.as_str(), id.column.as_str(), id.ty)
        };
        let same_key = match self.dialect {
            Dialect::Sqlite => id_column.eq_ignore_ascii_case(key),
            Dialect::Postgres => id_column == key,
        };
        let fits = column.mapped.as_ref()?.holds(key_of(id_type), self.dialect);
        (same_key && fits).then(|| to.to_owned())
    }

    pub(super) fn to_json(&self) -> Json {
        let relation = self.relation;
        let key: Vec<&str> = relation
            .key()
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        json!({
            "table": relation.name,
            "columns": relation.columns.iter().map(|column| self.column_json(column)).collect::<Vec<_>>(),
            "pk": key,
            "fks": relation.foreign_keys.iter().map(|key| json!({
                "columns": key.columns.iter().map(|(from, _)| from).collect::<Vec<_>>(),
                "table": key.table,
                "references": key.columns.iter().map(|(_, to)| to).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "warnings": self.warnings(),
            "proposal": self.body(),
        })
    }

    fn column_json(&self, column: &Column) -> Json {
        let field = column.mapped.as_ref().map(|mapped| {
            json!({"name": self.name(column), "type": mapped.kind, "encoding": mapped.encoding.as_str()})
        });
        json!({
            "name": column.name,
            "type": column.sql_type,
            "nullable": column.nullable,
            "default": column.generated && !column.read_only,
            "generated": column.read_only,
            "field": field,
        })
    }

    /// A body that adopts the table.
    fn body(&self) -> Json {
        let is_taken = |slug: &str| self.snapshot.collections.contains_key(slug);
        let slug = naming::slug(&self.relation.name, is_taken);
        let mut body = Map::new();
        body.insert("slug".to_owned(), json!(slug));
        body.insert("table".to_owned(), json!(self.relation.name));
        if let [key] = self.relation.key().as_slice() {
            body.insert("pk_column".to_owned(), json!(key.name));
        }
        let parts = [
            ("created_column", "created_at"),
            ("updated_column", "updated_at"),
        ];
        let parts = parts
            .into_iter()
            .filter(|(_, column)| self.is_instant(column));
        let parts: Vec<(&str, &str)> = parts.collect();
        for (member, column) in &parts {
            body.insert((*member).to_owned(), json!(column));
        }
        let is_part = |column: &Column| parts.iter().any(|(_, part)| *part == column.name);
        let free = self
            .columns()
            .filter(|column| !column.key && !is_part(column));
        let fields = free.map(|column| {
            let mut definition = Map::new();
            self.fill(&mut definition, column, &slug);
            Json::Object(definition)
        });
        let fields = Json::Array(fields.collect());
        body.insert("fields".to_owned(), fields);
        Json::Object(body)
    }

    fn is_instant(&self, column: &str) -> bool {
        self.relation.column(column).is_some_and(|column| {
            !column.read_only
                && column
                    .mapped
                    .as_ref()
                    .is_some_and(|mapped| mapped.kind == "timestamp")
        })
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for column in &self.relation.columns {
            warnings.extend(self.warning(column));
            warnings.extend(self.missing_target(column));
        }
        for key in self.relation.key() {
            let is_named = key
                .mapped
                .as_ref()
                .is_some_and(|mapped| mapped.kind != "uuid");
            if !key.generated && is_named {
                let name = &key.name;
                warnings.push(format!(
                    "`{name}` has no default: whoever creates an item names its id"
                ));
            }
            if key.nullable {
                let name = &key.name;
                warnings.push(format!(
                    "`{name}` may be null: an item without an id cannot be reached"
                ));
            }
        }
        warnings
    }

    fn missing_target(&self, column: &Column) -> Option<String> {
        let (table, _) = self.relation.foreign_key(&column.name)?;
        let name = &column.name;
        self.target(column, "").is_none().then(|| {
            format!("`{name}` is no relation until `{table}` is a collection: adopt that first")
        })
    }

    fn warning(&self, column: &Column) -> Option<String> {
        let Column { name, sql_type, .. } = column;
        match &column.mapped {
            None => Some(format!(
                "`{name}` is left out: there is no field for type `{sql_type}`"
            )),
            Some(mapped) if mapped.kind == "uuid" && self.dialect == Dialect::Sqlite => {
                Some(format!(
                    "`{name}` must hold uuids with hyphens in lower case: SQLite does not check them"
                ))
            }
            Some(_) if column.read_only => Some(format!(
                "`{name}` can only be read: the database computes it"
            )),
            Some(_) => None,
        }
    }
}
