use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::Value as Json;

use super::writer::SLUG;

/// What the database holds: of the log, the entries after a place.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) log: Vec<Entry>,
    pub(crate) rows: BTreeMap<String, Row>,
}

/// An entry of the change log.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) sequence: i64,
    pub(crate) item: String,
    pub(crate) action: String,
    pub(crate) before: Option<Json>,
    pub(crate) after: Option<Json>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// How often it was written.
    pub(crate) version: i64,
    /// The item as the log writes it.
    pub(crate) image: Json,
}

impl Stored {
    /// Reads beside the server, after SQLite itself found nothing wrong.
    pub(crate) fn read(connection: &Connection, after: i64) -> Result<Self, String> {
        let sound: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .map_err(|error| error.to_string())?;
        if sound != "ok" {
            return Err(sound);
        }
        Ok(Self {
            log: log(connection, after),
            rows: rows(connection),
        })
    }
}

fn log(connection: &Connection, after: i64) -> Vec<Entry> {
    let sql = "SELECT seq, item, action, before, after FROM workeros_changes \
               WHERE collection = ?1 AND seq > ?2 ORDER BY seq";
    let mut statement = connection.prepare(sql).unwrap();
    let entries = statement.query_map((SLUG, after), |row| {
        Ok(Entry {
            sequence: row.get(0)?,
            item: row.get(1)?,
            action: row.get(2)?,
            before: json(row.get(3)?),
            after: json(row.get(4)?),
        })
    });
    entries.unwrap().map(Result::unwrap).collect()
}

fn rows(connection: &Connection) -> BTreeMap<String, Row> {
    let sql = "SELECT physical_table FROM workeros_collections WHERE slug = ?1";
    let table: String = connection.query_row(sql, [SLUG], |row| row.get(0)).unwrap();
    let sql = format!(
        "SELECT id, _version, json_object('id', id, 'created_at', created_at, \
         'updated_at', updated_at, 'writer', writer, 'serial', serial, 'value', value) \
         FROM \"{table}\""
    );
    let mut statement = connection.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| {
        let image: String = row.get(2)?;
        let row = (
            row.get(0)?,
            Row {
                version: row.get(1)?,
                image: serde_json::from_str(&image).unwrap(),
            },
        );
        Ok(row)
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn json(text: Option<String>) -> Option<Json> {
    text.map(|text| serde_json::from_str(&text).unwrap())
}
