use std::sync::Arc;

use serde_json::json;
use workeros_dsl::{Type, Value};

use super::values::{everything, make_kept};
use super::{run, statement, step};
use crate::{Batch, Column, Cost, Database, Page, PageWriter, Shape, Statement};

const SELECT: &str =
    "SELECT id, flag, whole, number, word, at, uid, doc, raw FROM kept ORDER BY id";

/// An adapter that writes JSON itself writes the same bytes as the default.
pub async fn json_is_what_the_default_writes(db: &dyn Database) {
    fill(db).await;
    for limit in [None, Some(0), Some(1), Some(3), Some(4), Some(9)] {
        let mut shape = Shape::new(columns());
        shape.limit = limit;
        let shape = shape.with_carry(vec![
            (0, Type::Integer),
            (5, Type::Timestamp),
            (4, Type::Text),
        ]);
        check(db, statement(SELECT, []), shape).await;
    }
    check(db, statement(SELECT, []), Shape::new(columns()).single()).await;
    check(db, statement(SELECT, []), Shape::new(Vec::new())).await;

    let page = page(db, statement(SELECT, []), Shape::new(columns())).await;
    let rows: serde_json::Value = serde_json::from_slice(&page.json).unwrap();
    let expected = json!({
        "id": 1,
        "flag": true,
        "whole": -7,
        "number": 0.1 + 0.2,
        "word": "wörd \"quoted\"\n",
        "at": "1970-01-01T00:00:01.000001Z",
        "uid": "018fd3ec-0600-7abc-8def-000000000001",
        "doc": {"a": [1, null, "x"]},
        "raw": "007fff",
    });
    assert_eq!(rows[0], expected);
    assert_eq!(rows[1]["number"], json!(null));
    assert_eq!(rows[2]["whole"], json!(i64::MIN));
    assert_eq!(rows[2]["flag"], json!(false));
    assert_eq!(rows[2]["number"], json!(5e-324));
}

/// Strings are valid JSON wherever in them a special letter stands.
pub async fn json_escapes_what_it_must(db: &dyn Database) {
    make_kept(db).await;
    let specials = [
        "\"",
        "\\",
        "\u{1}",
        "\u{1f}",
        "\n",
        "\r\t\u{8}\u{c}",
        "\u{7f}",
        "é",
        "😀",
        "\u{2028}",
        "</script>",
    ];
    let mut words = vec![String::new()];
    for special in specials {
        for before in [0, 1, 7, 15, 16, 17, 31, 33] {
            words.push(format!(
                "{}{special}{}",
                "x".repeat(before),
                "y".repeat(before % 5)
            ));
        }
        words.push(special.repeat(40));
    }
    let batch = (1_i64..)
        .zip(&words)
        .fold(Batch::new(), |batch, (id, word)| {
            let values = [id.into(), word.as_str().into()];
            batch.step(step("INSERT INTO kept (id, word) VALUES ($1, $2)", values))
        });
    db.apply(batch).await.unwrap();
    let column = vec![Column::new(0, "the \"key\"\n", Type::Text)];
    let sql = "SELECT word FROM kept ORDER BY id";
    let page = page(db, statement(sql, []), Shape::new(column)).await;
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&page.json).unwrap();
    let read: Vec<_> = rows
        .iter()
        .map(|row| row["the \"key\"\n"].as_str().unwrap())
        .collect();
    assert_eq!(read, words);
}

/// A member is there only where its guard is true: not where it is false, and
/// not where it is unknown.
pub async fn json_members_obey_their_guards(db: &dyn Database) {
    make_kept(db).await;
    run(
        db,
        "INSERT INTO kept (id, whole, word) VALUES (1, 1, 'a'), (2, 2, 'b'), (3, NULL, 'c')",
        [],
    )
    .await;
    let sql = "SELECT word, whole = 1, id FROM kept ORDER BY id";
    let guarded = || {
        vec![
            Column::new(0, "hidden", Type::Text).with_guard(Some(1)),
            Column::new(2, "id", Type::Integer),
            Column::new(0, "last", Type::Text).with_guard(Some(1)),
        ]
    };
    check(db, statement(sql, []), Shape::new(guarded())).await;
    let page = page(db, statement(sql, []), Shape::new(guarded())).await;
    let expected = r#"[{"hidden":"a","id":1,"last":"a"},{"id":2},{"id":3}]"#;
    assert_eq!(String::from_utf8(page.json).unwrap(), expected);
}

/// A row beyond the limit is noted and not written.
pub async fn json_pages_note_that_there_is_more(db: &dyn Database) {
    fill(db).await;
    for (limit, rows, more) in [
        (0, 0, true),
        (2, 2, true),
        (3, 3, true),
        (4, 4, false),
        (5, 4, false),
    ] {
        let shape = Shape::new(vec![Column::new(0, "id", Type::Integer)]).with_limit(limit);
        let page = page(db, statement(SELECT, []), shape).await;
        assert_eq!((page.rows, page.more), (rows, more), "limit {limit}");
        let written: Vec<serde_json::Value> = serde_json::from_slice(&page.json).unwrap();
        assert_eq!(written.len(), rows);
    }
}

/// Carried values are those of the last row of a full page, by their types.
pub async fn json_carries_the_last_row(db: &dyn Database) {
    fill(db).await;
    let carry = vec![
        (0, Type::Integer),
        (3, Type::Number),
        (5, Type::Timestamp),
        (6, Type::Uuid),
        (1, Type::Boolean),
    ];
    let shape = || Shape::new(Vec::new()).with_carry(carry.clone());
    let [id, flag, _, number, _, at, uid, ..] = everything(1);
    let first = page(db, statement(SELECT, []), shape().with_limit(1)).await;
    assert_eq!(first.carried, [id, number, at, uid, flag]);
    let second = page(db, statement(SELECT, []), shape().with_limit(2)).await;
    assert_eq!(second.carried[1..], [const { Value::Null }; 4]);
    let short = page(db, statement(SELECT, []), shape().with_limit(100)).await;
    assert_eq!(short.carried, []);
    let none = page(
        db,
        statement("SELECT * FROM kept WHERE id < 0", []),
        shape(),
    )
    .await;
    assert_eq!(none.carried, []);
}

/// A single shape is a bare object, and nothing at all without a row.
pub async fn json_of_a_single_row_is_an_object(db: &dyn Database) {
    fill(db).await;
    let shape = || Shape::new(vec![Column::new(0, "id", Type::Integer)]).single();
    let found = page(
        db,
        statement("SELECT id FROM kept WHERE id = $1", [2.into()]),
        shape(),
    )
    .await;
    assert_eq!(
        (found.json.as_slice(), found.rows),
        (br#"{"id":2}"#.as_slice(), 1)
    );
    let missing = page(
        db,
        statement("SELECT id FROM kept WHERE id = $1", [7.into()]),
        shape(),
    )
    .await;
    assert_eq!((missing.json.as_slice(), missing.rows), (b"".as_slice(), 0));
}

/// Four rows: of everything, of nothing, of extremes, of everything.
async fn fill(db: &dyn Database) {
    make_kept(db).await;
    let insert = "INSERT INTO kept (id, flag, whole, number, word, at, uid, doc, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    run(db, insert, everything(1)).await;
    run(db, "INSERT INTO kept (id) VALUES (2)", []).await;
    run(
        db,
        "INSERT INTO kept (id, flag, whole, number, word) VALUES (3, $1, $2, $3, $4)",
        [false.into(), i64::MIN.into(), 5e-324.into(), "".into()],
    )
    .await;
    run(db, insert, everything(4)).await;
}

fn columns() -> Vec<Column> {
    let columns = [
        ("id", Type::Integer),
        ("flag", Type::Boolean),
        ("whole", Type::Integer),
        ("number", Type::Number),
        ("word", Type::Longtext),
        ("at", Type::Timestamp),
        ("uid", Type::Uuid),
        ("doc", Type::Json),
        ("raw", Type::Text),
    ];
    let numbered = columns.into_iter().enumerate();
    numbered
        .map(|(index, (key, ty))| Column::new(index, key, ty))
        .collect()
}

async fn page(db: &dyn Database, statement: Statement, shape: Shape) -> Page {
    db.fetch_json(statement, Arc::new(shape)).await.unwrap()
}

/// Compares the adapter's page with what the default makes of its rows.
async fn check(db: &dyn Database, statement: Statement, shape: Shape) {
    let rows = db.fetch(statement.clone()).await.unwrap();
    let mut writer = PageWriter::new(&shape);
    for row in &rows {
        if !writer.push_values(row).unwrap() {
            break;
        }
    }
    let expected = writer.finish();
    let shape = Arc::new(shape);
    for cost in [Cost::Short, Cost::Long] {
        let page = db
            .fetch_json(statement.clone().with_cost(cost), shape.clone())
            .await
            .unwrap();
        let texts =
            [&page.json, &expected.json].map(|json| String::from_utf8(json.clone()).unwrap());
        assert_eq!(texts[0], texts[1]);
        assert_eq!(page, expected);
    }
}
