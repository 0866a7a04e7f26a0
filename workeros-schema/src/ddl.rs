//! DDL of managed collections, by sea-query alone.

use std::sync::Arc;

use sea_query::{
    Alias, ColumnDef, ColumnType, Expr, ForeignKey, ForeignKeyCreateStatement, Index, IndexColumn,
    IndexCreateStatement, SchemaStatementBuilder, Table, TableCreateStatement, UpdateStatement,
};
use sha2::{Digest, Sha256};
use workeros_core::{CollectionId, Dialect, Statement, Step, TenantId, Type, Value};
use workeros_dsl::sql::{Slots, Sql};
use workeros_dsl::{Key, Variables};

use crate::collection::Collection;
use crate::field::{Field, System};

/// The row version of a managed table: what an `ETag` is made of.
pub(crate) const VERSION_COLUMN: &str = "_version";

/// The longest identifier Postgres keeps.
const MAX_IDENTIFIER: usize = 63;

/// How long DDL may wait for a lock before it gives up.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '5s'";

/// SQLite drops one table after the other, and asks what points to it each
/// time unless it is told to ask at the end. The batches that it commits together
/// with this one are not to be asked later, too.
const DEFER: &str = "PRAGMA defer_foreign_keys = ON";
const DEFER_NO_MORE: &str = "PRAGMA defer_foreign_keys = OFF";

/// The table of a new managed collection: `c_<12 of the tenant>_<slug>`. A name
/// that would not fit is cut and ends in a digest, so that two never collide.
pub(crate) fn table_name(tenant: TenantId, slug: &str) -> String {
    let name = [&table_prefix(tenant), slug].concat();
    if name.len() <= MAX_IDENTIFIER {
        name
    } else {
        cut(&name, &digest(&[slug]))
    }
}

/// As [`table_name`], for a slug whose table belongs to another collection.
pub(crate) fn distinct_table_name(tenant: TenantId, slug: &str, id: CollectionId) -> String {
    let name = [&table_prefix(tenant), slug].concat();
    cut(&name, &digest(&[slug, &id.to_string()]))
}

/// The first twelve digits of a UUIDv7 are its millisecond.
fn table_prefix(tenant: TenantId) -> String {
    let tenant = tenant.uuid().simple().to_string();
    format!("c_{}_", tenant.get(..12).unwrap_or(&tenant))
}

fn cut(name: &str, digest: &str) -> String {
    let room = MAX_IDENTIFIER - digest.len() - 1;
    format!("{}_{digest}", name.get(..room).unwrap_or(name))
}

/// Where a relation points to: table and key column.
pub(crate) struct Target {
    pub(crate) table: String,
    pub(crate) column: String,
}

/// Writes the DDL of one engine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ddl(pub(crate) Dialect);

impl Ddl {
    /// What every batch of DDL starts with.
    pub(crate) fn prologue(self) -> Option<Step> {
        match self.0 {
            Dialect::Sqlite => None,
            Dialect::Postgres => Some(Step::new(Statement::new(LOCK_TIMEOUT, vec![]))),
        }
    }

    /// Creates the table of a collection with its indexes. `target` says where
    /// a relation points to, for those that get a foreign key.
    pub(crate) fn create(
        self,
        collection: &Collection,
        target: impl Fn(&Field) -> Option<Target>,
    ) -> Vec<Step> {
        let mut table = Table::create();
        table.table(Alias::new(&collection.table));
        for field in &collection.fields {
            let mut column = self.column(field);
            if let Some(target) = target(field) {
                self.refer(&mut table, &mut column, &collection.table, field, &target);
            }
            table.col(column);
        }
        table.col(self.plain(VERSION_COLUMN, "INTEGER", "bigint").not_null());
        if self.0 == Dialect::Sqlite {
            table.extra("STRICT");
        }
        let mut steps = vec![self.schema(&table), self.page_index(collection)];
        steps.extend(
            collection
                .fields
                .iter()
                .flat_map(|field| self.indexes(collection, field)),
        );
        steps
    }

    /// Adds a column with its indexes and foreign key.
    pub(crate) fn add_column(
        self,
        collection: &Collection,
        field: &Field,
        target: Option<&Target>,
    ) -> Vec<Step> {
        let table = Alias::new(&collection.table);
        let mut column = self.column(field);
        if let Some(default) = field.default.as_ref().filter(|_| !field.nullable) {
            // What the rows that are there get; new ones get theirs from us.
            column.default(literal(self.0, default));
        }
        let mut steps = Vec::new();
        match (self.0, target) {
            // SQLite adds a foreign key with its column or not at all.
            (Dialect::Sqlite, Some(target)) => {
                column.extra(references(target));
                steps.push(self.schema(Table::alter().table(table).add_column(&mut column)));
            }
            (Dialect::Postgres, Some(target)) => {
                steps.push(self.schema(Table::alter().table(table).add_column(&mut column)));
                steps.push(self.schema(&foreign_key(&collection.table, field, target)));
            }
            (_, None) => {
                steps.push(self.schema(Table::alter().table(table).add_column(&mut column)));
            }
        }
        steps.extend(self.exact_default(collection, field));
        steps.extend(self.indexes(collection, field));
        steps
    }

    /// Gives the rows that are there the default of a new number once more, as
    /// a bound value: SQLite reads the decimals of a literal only nearly.
    fn exact_default(self, collection: &Collection, field: &Field) -> Option<Step> {
        let default = field.default.clone().filter(|_| !field.nullable)?;
        if field.ty != Type::Number {
            return None;
        }
        let mut slots = Slots::new(self.0);
        let mut update = UpdateStatement::new();
        update
            .table(Alias::new(&collection.table))
            .value(Alias::new(&field.column), slots.value(default, field.ty));
        let template = slots.finish(&update).ok()?;
        let params = template.bind(&Variables::default(), &[]);
        Some(Step::new(Statement::new(template.sql().clone(), params)))
    }

    /// Drops a column with its indexes.
    pub(crate) fn drop_column(self, collection: &Collection, field: &Field) -> Vec<Step> {
        let mut steps = Vec::new();
        let by_value = has_value_index(field).then(|| field.column.clone());
        let in_order = has_order_index(field).then(|| order_index(&field.column));
        for index in by_value.into_iter().chain(in_order) {
            let name = index_name(&collection.table, &index);
            steps.push(self.schema(Index::drop().name(name).if_exists()));
        }
        let mut alter = Table::alter();
        alter
            .table(Alias::new(&collection.table))
            .drop_column(Alias::new(&field.column));
        steps.push(self.schema(&alter));
        steps
    }

    /// Drops the table of a collection.
    pub(crate) fn drop_table(self, collection: &Collection) -> Step {
        self.schema(Table::drop().table(Alias::new(&collection.table)))
    }

    /// Drops the tables of collections that may point to each other.
    pub(crate) fn drop_tables<'a>(
        self,
        collections: impl IntoIterator<Item = &'a Arc<Collection>>,
    ) -> Vec<Step> {
        let names = collections.into_iter().map(|one| Alias::new(&one.table));
        let names: Vec<Alias> = names.collect();
        let together = |names: &[Alias]| {
            let mut drop = Table::drop();
            for name in names {
                drop.table(name.clone());
            }
            self.schema(&drop)
        };
        match (self.0, names.as_slice()) {
            (_, []) => Vec::new(),
            (_, [_]) | (Dialect::Postgres, _) => vec![together(&names)],
            (Dialect::Sqlite, names) => {
                let pragma = |sql: &'static str| Step::new(Statement::new(sql, vec![]));
                let drops = names.chunks(1).map(together);
                std::iter::once(pragma(DEFER))
                    .chain(drops)
                    .chain([pragma(DEFER_NO_MORE)])
                    .collect()
            }
        }
    }

    /// Adds a foreign key. SQLite takes it as a part of the column, or could
    /// not drop the column again.
    fn refer(
        self,
        create: &mut TableCreateStatement,
        column: &mut ColumnDef,
        table: &str,
        field: &Field,
        target: &Target,
    ) {
        match self.0 {
            Dialect::Sqlite => {
                column.extra(references(target));
            }
            Dialect::Postgres => {
                create.foreign_key(&mut foreign_key(table, field, target));
            }
        }
    }

    fn column(self, field: &Field) -> ColumnDef {
        let (sqlite, postgres) = match field.ty {
            Type::Relation(Key::Integer) => ("INTEGER", "bigint"),
            Type::Relation(Key::Text) => ("TEXT", r#"text COLLATE "C""#),
            _ => (field.kind.sqlite(), field.kind.postgres()),
        };
        let mut column = self.plain(&field.column, sqlite, postgres);
        if !field.nullable {
            column.not_null();
        }
        if field.system == Some(System::Id) {
            column.primary_key();
        }
        column
    }

    fn plain(self, name: &str, sqlite: &'static str, postgres: &'static str) -> ColumnDef {
        let ty = match self.0 {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        };
        ColumnDef::new_with_type(Alias::new(name), ColumnType::custom(ty))
    }

    /// The index a page in the default order is read from.
    fn page_index(self, collection: &Collection) -> Step {
        let columns = ["created_at", "id"];
        self.schema(&index(&collection.table, "page", &columns))
    }

    /// The indexes of a field: one that finds a value, and one that a page
    /// sorted by the field is read from.
    fn indexes(self, collection: &Collection, field: &Field) -> Vec<Step> {
        let mut steps = Vec::new();
        if has_value_index(field) {
            let mut by_value = index(&collection.table, &field.column, &[&field.column]);
            if field.unique {
                by_value.unique();
            }
            steps.push(self.schema(&by_value));
        }
        if has_order_index(field) {
            let name = order_index(&field.column);
            let mut in_order = index(&collection.table, &name, &[]);
            in_order.col(self.in_order(field)).col(Alias::new("id"));
            steps.push(self.schema(&in_order));
        }
        steps
    }

    /// A column of an index in the order of the language, in which null is the
    /// smallest value. Where there is none, nothing is said of it in the order
    /// of a page either.
    fn in_order(self, field: &Field) -> IndexColumn {
        let column: IndexColumn = Alias::new(&field.column).into();
        match self.0 {
            // sea-query has no word for it, but one for what stands here.
            Dialect::Postgres if field.nullable => column.with_operator_class("NULLS FIRST"),
            Dialect::Sqlite | Dialect::Postgres => column,
        }
    }

    fn schema(self, statement: &impl SchemaStatementBuilder) -> Step {
        Step::new(Statement::new(Sql::schema(statement, self.0), vec![]))
    }
}

fn has_value_index(field: &Field) -> bool {
    field.system.is_none() && (field.unique || field.to.is_some())
}

fn has_order_index(field: &Field) -> bool {
    field.system.is_none() && field.indexed
}

/// What an index for the order of a column goes by; no column is called so.
fn order_index(column: &str) -> String {
    [column, " in order"].concat()
}

fn index(table: &str, name: &str, columns: &[&str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(index_name(table, name)).table(Alias::new(table));
    for column in columns {
        index.col(Alias::new(*column));
    }
    index
}

/// An index has the name of a digest: the names of a table and a column
/// together may be longer than an identifier can be.
fn index_name(table: &str, column: &str) -> String {
    ["ix_", &digest(&[table, column])].concat()
}

/// What is to happen on a delete is done by us, in the same batch and with a
/// change for each row, so the database has only to refuse.
fn foreign_key(table: &str, field: &Field, target: &Target) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(["fk_", &digest(&[table, &field.column])].concat())
        .from(Alias::new(table), Alias::new(&field.column))
        .to(Alias::new(&target.table), Alias::new(&target.column))
        .take()
}

/// The column constraint that SQLite takes with a new column; sea-query has no
/// word for it.
fn references(target: &Target) -> String {
    [
        "REFERENCES ",
        &quoted(&target.table),
        " (",
        &quoted(&target.column),
        ")",
    ]
    .concat()
}

/// An identifier as sea-query quotes it.
fn quoted(identifier: &str) -> String {
    ["\"", &identifier.replace('"', "\"\""), "\""].concat()
}

/// A default as a literal, which sea-query escapes.
fn literal(dialect: Dialect, value: &Value) -> Expr {
    match value {
        Value::Null | Value::Bytes(_) | Value::TextList(_) => Expr::value(Option::<String>::None),
        Value::Boolean(boolean) if dialect == Dialect::Sqlite => Expr::value(i64::from(*boolean)),
        Value::Boolean(boolean) => Expr::value(*boolean),
        Value::Integer(integer) => Expr::value(*integer),
        Value::Number(number) => Expr::value(*number),
        Value::Text(text) | Value::Json(text) => Expr::value(text.as_str()),
        Value::Timestamp(timestamp) => Expr::value(timestamp.to_string()),
        Value::Uuid(uuid) => Expr::value(uuid.to_string()),
    }
}

/// 64 bits of SHA-256 over the parts, in hexadecimal.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex::encode(hash.finalize().get(..8).unwrap_or_default())
}
