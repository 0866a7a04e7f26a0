use super::{by_dialect, insert_item, make_item, rows, run, run_statement, statement, step, texts};
use crate::{Batch, Column, Cost, Database, Shape, Type};

/// A read that starts after `apply` returned sees its effect, whatever it
/// costs and in whatever form it answers.
pub async fn a_read_sees_what_was_applied(db: &dyn Database) {
    make_item(db).await;
    let shape = std::sync::Arc::new(Shape::new(vec![Column::new(0, "n", Type::Integer)]));
    let count = |cost| statement("SELECT count(*) FROM item", []).with_cost(cost);
    for id in 1..=50 {
        db.apply(Batch::new().step(insert_item(id, &format!("item {id}"))))
            .await
            .unwrap();
        for cost in [Cost::Short, Cost::Long] {
            let seen = db.fetch(count(cost)).await.unwrap();
            assert_eq!(seen.rows[0].integer(0).unwrap(), id, "{cost:?}");
            let page = db.fetch_json(count(cost), shape.clone()).await.unwrap();
            assert_eq!(
                page.json,
                format!(r#"[{{"n":{id}}}]"#).into_bytes(),
                "{cost:?}"
            );
        }
    }
}

/// No rows are an answer like any other.
pub async fn a_read_without_rows_is_empty(db: &dyn Database) {
    make_item(db).await;
    let answer = db
        .fetch(statement("SELECT id FROM item", []))
        .await
        .unwrap();
    assert_eq!((answer.rows.len(), answer.affected), (0, 0));
}

/// Text is ordered by code point: neither by a language nor without case, nor
/// by UTF-16 units.
pub async fn text_is_ordered_by_code_point(db: &dyn Database) {
    make_text(db).await;
    let mut words = [
        "b", "a", "B", "A", "é", "e\u{301}", "Z", "_", "1", "10", "2", "", " a", "日", "\u{ffee}",
        "😀", "a b", "a-b", "ab",
    ];
    let batch = words.iter().fold(Batch::new(), |batch, word| {
        batch.step(step(
            "INSERT INTO word (word) VALUES ($1)",
            [(*word).into()],
        ))
    });
    db.apply(batch).await.unwrap();
    words.sort_unstable();
    assert_eq!(
        texts(db, "SELECT word FROM word ORDER BY word").await,
        words
    );
    let above = rows(
        db,
        "SELECT count(*) FROM word WHERE word > $1",
        ["Z".into()],
    )
    .await;
    let expected = words.iter().filter(|word| **word > "Z").count();
    assert_eq!(
        above[0].integer(0).unwrap(),
        i64::try_from(expected).unwrap()
    );
}

/// Text is equal when it is the same code points.
pub async fn text_is_compared_exactly(db: &dyn Database) {
    make_text(db).await;
    run(
        db,
        "INSERT INTO word (word) VALUES ($1)",
        ["Stra\u{df}e é".into()],
    )
    .await;
    let find = "SELECT word FROM word WHERE word = $1";
    assert_eq!(rows(db, find, ["Stra\u{df}e é".into()]).await.len(), 1);
    for other in [
        "stra\u{df}e é",
        "Strasse é",
        "Stra\u{df}e e\u{301}",
        "Stra\u{df}e é ",
        " Stra\u{df}e é",
    ] {
        assert_eq!(rows(db, find, [other.into()]).await.len(), 0, "{other}");
    }
}

/// `$2` is the second value wherever it stands.
pub async fn placeholders_can_repeat_and_stand_in_any_order(db: &dyn Database) {
    make_text(db).await;
    run(db, "INSERT INTO word (word) VALUES ($1)", ["ab".into()]).await;
    let found = rows(
        db,
        "SELECT word FROM word WHERE word > $2 AND word < $1 AND word <> $2 ORDER BY word",
        ["b".into(), "a".into()],
    )
    .await;
    assert_eq!(found.len(), 1);
}

async fn make_text(db: &dyn Database) {
    let table = by_dialect(
        db,
        "CREATE TABLE word (word text)",
        r#"CREATE TABLE word (word text COLLATE "C")"#,
    );
    run_statement(db, table).await;
}
