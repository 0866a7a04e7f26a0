//! What the database says of its own tables.

use workeros_core::{Database, Dialect, Result, Row, Statement, Value};

use super::mapping::Mapped;
use super::{postgres, sqlite};

/// A table, view or whatever else can be selected from.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) columns: Vec<Column>,
    pub(super) foreign_keys: Vec<ForeignKey>,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Table,
    View,
    Partitioned,
    Partition,
    Parent,
    Virtual,
    Foreign,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    /// The type in the words of the database.
    pub(super) sql_type: String,
    /// What a field of it would be; `None` for a type nobody here reads.
    pub(super) mapped: Option<Mapped>,
    pub(super) nullable: bool,
    /// Whether the database fills it in when it is not given.
    pub(super) generated: bool,
    /// Whether only the database fills it in.
    pub(super) read_only: bool,
    /// Whether it is a part of the primary key.
    pub(super) key: bool,
}

#[derive(Debug, Clone)]
pub(super) struct ForeignKey {
    /// Pairs of a column here and the column it points to.
    pub(super) columns: Vec<(String, String)>,
    pub(super) table: String,
}

impl Relation {
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns of the primary key.
    pub(super) fn key(&self) -> Vec<&Column> {
        self.columns.iter().filter(|column| column.key).collect()
    }

    /// The foreign key that is this column alone.
    pub(super) fn foreign_key(&self, column: &str) -> Option<(&str, &str)> {
        self.foreign_keys
            .iter()
            .find_map(|key| match key.columns.as_slice() {
                [(from, to)] if from == column => Some((key.table.as_str(), to.as_str())),
                _ => None,
            })
    }
}

/// The relations of the current schema by name: all, or the one with exactly
/// that name.
pub(super) async fn read(database: &dyn Database, name: Option<&str>) -> Result<Vec<Relation>> {
    let mut relations = match database.dialect() {
        Dialect::Sqlite => sqlite::read(database, name).await?,
        Dialect::Postgres => postgres::read(database, name).await?,
    };
    relations.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(relations)
}

/// Runs a catalogue query, for all relations or for one.
pub(super) async fn fetch(
    database: &dyn Database,
    sql: &'static str,
    name: Option<&str>,
) -> Result<Vec<Row>> {
    let name = name.map_or(Value::Null, Value::from);
    Ok(database.fetch(Statement::new(sql, vec![name])).await?.rows)
}

/// The relation with that name, which has just been read.
pub(super) fn find<'a>(relations: &'a mut [Relation], name: &str) -> Option<&'a mut Relation> {
    relations.iter_mut().find(|relation| relation.name == name)
}
