//! The catalogue of SQLite.

use workeros_core::{Database, Result, Row};

use super::catalogue::{Column, ForeignKey, Relation, Shape, fetch, find};
use super::mapping::sqlite;

const RELATIONS: &str = "SELECT name, type FROM pragma_table_list \
     WHERE schema = 'main' AND ($1 IS NULL OR name = $1)";

/// The pragma fails on a view whose table is gone, so views are left out. A
/// lone key declared `INTEGER` is the rowid, which SQLite fills in.
const COLUMNS: &str = "SELECT t.name, c.name, c.type, c.\"notnull\", c.dflt_value IS NOT NULL, \
     c.hidden, c.pk, t.wr, c.pk = 1 AND NOT t.wr AND upper(c.type) = 'INTEGER' \
     AND (SELECT count(*) FROM pragma_table_info(t.name, t.schema) p WHERE p.pk > 0) = 1 \
     FROM pragma_table_list t \
     JOIN pragma_table_xinfo(t.name, t.schema) c \
     WHERE t.schema = 'main' AND t.type = 'table' AND ($1 IS NULL OR t.name = $1) \
     ORDER BY t.name, c.cid";

/// A key that names no columns points to the primary key.
const FOREIGN_KEYS: &str = "SELECT t.name, f.id, f.\"from\", f.\"to\", f.\"table\", \
     (SELECT min(p.name) FROM pragma_table_info(f.\"table\", t.schema) p WHERE p.pk = f.seq + 1), \
     (SELECT min(r.name) FROM pragma_table_list r \
      WHERE r.schema = 'main' AND lower(r.name) = lower(f.\"table\")) \
     FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name, t.schema) f \
     WHERE t.schema = 'main' AND t.type = 'table' AND ($1 IS NULL OR t.name = $1) \
     ORDER BY t.name, f.id, f.seq";

pub(super) async fn read(database: &dyn Database, name: Option<&str>) -> Result<Vec<Relation>> {
    let mut relations = Vec::new();
    for row in fetch(database, RELATIONS, name).await? {
        relations.push(Relation {
            name: row.text(0)?.to_owned(),
            shape: shape(row.text(1)?),
            columns: Vec::new(),
            foreign_keys: Vec::new(),
        });
    }
    for row in fetch(database, COLUMNS, name).await? {
        if let Some(relation) = find(&mut relations, row.text(0)?) {
            relation.columns.extend(column(&row)?);
        }
    }
    let mut last = None;
    for row in fetch(database, FOREIGN_KEYS, name).await? {
        let Some(relation) = find(&mut relations, row.text(0)?) else {
            continue;
        };
        let id = (relation.name.clone(), row.integer(1)?);
        if last.as_ref() != Some(&id) {
            let table = row
                .optional_text(6)?
                .map_or_else(|| row.text(4), Ok)?
                .to_owned();
            relation.foreign_keys.push(ForeignKey {
                columns: Vec::new(),
                table,
            });
            last = Some(id);
        }
        let target = row
            .optional_text(3)?
            .or(row.optional_text(5)?)
            .unwrap_or_default();
        let pair = (row.text(2)?.to_owned(), target.to_owned());
        if let Some(key) = relation.foreign_keys.last_mut() {
            key.columns.push(pair);
        }
    }
    Ok(relations)
}

fn shape(kind: &str) -> Shape {
    match kind {
        "table" => Shape::Table,
        "view" => Shape::View,
        _ => Shape::Virtual,
    }
}

/// A column; hidden ones of virtual tables are none.
fn column(row: &Row) -> Result<Option<Column>> {
    let computed = match row.integer(5)? {
        0 => false,
        2 | 3 => true,
        _ => return Ok(None),
    };
    let sql_type = row.text(2)?.to_owned();
    let key = row.integer(6)? > 0;
    let rowid = row.boolean(8)?;
    // The rowid and the key of a table without one are never null, said or not.
    let without_rowid = row.boolean(7)?;
    let required = row.boolean(3)? || rowid || (key && without_rowid);
    Ok(Some(Column {
        name: row.text(1)?.to_owned(),
        mapped: sqlite(&sql_type),
        nullable: !required,
        generated: computed || rowid || row.boolean(4)?,
        read_only: computed,
        key,
        sql_type,
    }))
}
