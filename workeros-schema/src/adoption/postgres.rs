//! The catalogue of PostgreSQL.

use workeros_core::{Database, Result, Row};

use super::catalogue::{Column, ForeignKey, Relation, Shape, fetch, find};
use super::mapping::postgres;

const RELATIONS: &str = "SELECT c.relname::text, CASE \
     WHEN c.relispartition THEN 'partition' \
     WHEN c.relkind = 'p' THEN 'partitioned' \
     WHEN c.relkind IN ('v', 'm') THEN 'view' \
     WHEN c.relkind = 'f' THEN 'foreign' \
     WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid) THEN 'parent' \
     ELSE 'table' END \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
     AND ($1::text IS NULL OR c.relname = $1::text)";

/// `b` is the type itself, or the one a domain is made of.
const COLUMNS: &str = "SELECT c.relname::text, a.attname::text, \
     pg_catalog.format_type(a.atttypid, a.atttypmod), \
     CASE WHEN b.typtype = 'e' AND pg_catalog.pg_type_is_visible(b.oid) THEN 'enum' WHEN b.typname = 'citext' THEN 'citext' \
     ELSE pg_catalog.format_type(b.oid, NULL) END, \
     b.typname::text, \
     COALESCE(k.collisdeterministic, true), \
     a.attnotnull OR t.typnotnull, \
     a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL, \
     a.attgenerated <> '' OR a.attidentity = 'a', \
     EXISTS (SELECT 1 FROM pg_catalog.pg_index i \
      WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)) \
     FROM pg_catalog.pg_attribute a \
     JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
     JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END \
     LEFT JOIN pg_catalog.pg_collation k ON k.oid = a.attcollation \
     WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
     AND a.attnum > 0 AND NOT a.attisdropped \
     AND ($1::text IS NULL OR c.relname = $1::text) \
     ORDER BY c.relname, a.attnum";

/// A target in another schema is written with it, so that it is no table of
/// this one.
const FOREIGN_KEYS: &str = "SELECT c.relname::text, k.conname::text, a.attname::text, \
     f.attname::text, \
     CASE WHEN g.relnamespace = c.relnamespace THEN g.relname::text \
     ELSE g.oid::pg_catalog.regclass::text END \
     FROM pg_catalog.pg_constraint k \
     JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     JOIN pg_catalog.pg_class g ON g.oid = k.confrelid \
     CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS u (own, target, position) \
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.own \
     JOIN pg_catalog.pg_attribute f ON f.attrelid = g.oid AND f.attnum = u.target \
     WHERE n.nspname = current_schema() AND k.contype = 'f' \
     AND ($1::text IS NULL OR c.relname = $1::text) \
     ORDER BY c.relname, k.conname, u.position";

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
            relation.columns.push(column(&row)?);
        }
    }
    let mut last = None;
    for row in fetch(database, FOREIGN_KEYS, name).await? {
        let Some(relation) = find(&mut relations, row.text(0)?) else {
            continue;
        };
        let id = (relation.name.clone(), row.text(1)?.to_owned());
        if last.as_ref() != Some(&id) {
            let table = row.text(4)?.to_owned();
            relation.foreign_keys.push(ForeignKey {
                columns: Vec::new(),
                table,
            });
            last = Some(id);
        }
        let pair = (row.text(2)?.to_owned(), row.text(3)?.to_owned());
        if let Some(key) = relation.foreign_keys.last_mut() {
            key.columns.push(pair);
        }
    }
    Ok(relations)
}

fn shape(word: &str) -> Shape {
    match word {
        "partition" => Shape::Partition,
        "partitioned" => Shape::Partitioned,
        "view" => Shape::View,
        "foreign" => Shape::Foreign,
        "parent" => Shape::Parent,
        _ => Shape::Table,
    }
}

fn column(row: &Row) -> Result<Column> {
    let read_only = row.boolean(8)?;
    Ok(Column {
        name: row.text(1)?.to_owned(),
        sql_type: row.text(2)?.to_owned(),
        mapped: postgres(row.text(3)?, row.text(4)?, row.boolean(5)?),
        nullable: !row.boolean(6)?,
        generated: row.boolean(7)? || read_only,
        read_only,
        key: row.boolean(9)?,
    })
}
