use std::path::Path;
use std::sync::Arc;

use example_adopt_chinook::CHINOOK;
use rusqlite::Connection;
use workeros::Sqlite;

/// All that is not ours: SQLite counts in `sqlite_sequence` for our tables.
const SCHEMA: &str = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema \
     WHERE tbl_name NOT LIKE 'workeros\\_%' ESCAPE '\\' AND name <> 'sqlite_sequence' \
     ORDER BY type, name";

fn schema(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(SCHEMA).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn the_file_is_served_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chinook.sqlite");
    std::fs::copy(CHINOOK, &path).unwrap();
    let before = schema(&path);
    assert!(before.len() > 20, "{before:?}");
    crate::visit(Arc::new(Sqlite::open(&path).await.unwrap())).await;
    assert_eq!(schema(&path), before);
}
