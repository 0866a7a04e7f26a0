use futures::FutureExt as _;
use futures::future::join_all;

use super::{insert_item, integer, make_item, rows, run, statement, step};
use crate::{Batch, Database, Error, ErrorKind, Expect, Result, Rows, Step};

/// Of 64 batches at once some fail, each in its own way: the others are there,
/// whole, and nothing else is.
pub async fn failing_batches_leave_their_neighbours_alone(db: &dyn Database) {
    make_item(db).await;
    run(db, "CREATE TABLE part (id bigint PRIMARY KEY, item_id bigint REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED)", [])
        .await;
    db.apply(Batch::new().step(insert_item(0, "taken")))
        .await
        .unwrap();
    let batches = (1..=64).map(|id| db.apply(numbered(id)));
    for (id, result) in (1..).zip(join_all(batches).await) {
        assert_eq!(outcome(&result), expected(id), "batch {id}: {result:?}");
    }
    let kept: Vec<i64> = (1..=64).filter(|id| expected(*id).is_none()).collect();
    assert_eq!(
        ids(
            db,
            "SELECT id FROM item WHERE id BETWEEN 1 AND 999 ORDER BY id"
        )
        .await,
        kept
    );
    assert_eq!(
        ids(db, "SELECT id - 1000 FROM item WHERE id > 999 ORDER BY id").await,
        kept
    );
    assert_eq!(ids(db, "SELECT id FROM part ORDER BY id").await, kept);
}

/// A batch of four steps whose last or last but one may fail.
fn numbered(id: i64) -> Batch {
    let (first, second) = (format!("item {id}"), format!("item {id} again"));
    let batch = Batch::new()
        .step(insert_item(id, &first))
        .step(step(
            "INSERT INTO part (id, item_id) VALUES ($1, $1)",
            [id.into()],
        ))
        .step(insert_item(id + 1000, &second));
    match id % 6 {
        1 => batch.step(insert_item(id + 2000, "taken")),
        2 => batch.step(step("DELETE FROM item WHERE id = -1", []).expect(
            Expect::One,
            ErrorKind::NotFound,
            "none",
        )),
        3 => batch.step(step("INSERT INTO nowhere VALUES (1)", [])),
        4 => batch.step(step(
            "UPDATE part SET item_id = -1 WHERE id = $1",
            [id.into()],
        )),
        _ => batch.step(step("SELECT 1", [])),
    }
}

fn expected(id: i64) -> Option<ErrorKind> {
    match id % 6 {
        1 | 4 => Some(ErrorKind::Conflict),
        2 => Some(ErrorKind::NotFound),
        3 => Some(ErrorKind::Internal),
        _ => None,
    }
}

fn outcome(result: &Result<Vec<Rows>>) -> Option<ErrorKind> {
    result.as_ref().err().map(Error::kind)
}

/// Of 64 increments at once each counts.
pub async fn no_increment_is_lost(db: &dyn Database) {
    run(
        db,
        "CREATE TABLE counter (id bigint PRIMARY KEY, count bigint NOT NULL)",
        [],
    )
    .await;
    run(db, "INSERT INTO counter (id, count) VALUES (1, 0)", []).await;
    let increments = (0..64).map(|_| {
        let increment = step(
            "UPDATE counter SET count = count + 1 WHERE id = 1 RETURNING count",
            [],
        );
        db.apply(Batch::new().step(increment.expect(
            Expect::One,
            ErrorKind::NotFound,
            "no counter",
        )))
    });
    let answers = join_all(increments).await;
    let mut counts: Vec<_> = answers
        .into_iter()
        .map(|rows| rows.unwrap()[0].rows[0].integer(0).unwrap())
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=64).collect::<Vec<_>>());
    assert_eq!(integer(db, "SELECT count FROM counter").await, 64);
}

/// A caller that goes away leaves a whole batch or none, and the database in
/// order.
pub async fn a_dropped_future_leaves_no_half_batch(db: &dyn Database) {
    make_item(db).await;
    for id in 1..=32 {
        let batch = Batch::new()
            .step(insert_item(id, &format!("item {id}")))
            .step(insert_item(id + 1000, &format!("item {id} again")));
        // Polls once, then drops.
        drop(db.apply(batch).now_or_never());
        drop(
            db.fetch(statement("SELECT id FROM item", []))
                .now_or_never(),
        );
    }
    // Some may still be under way: what is applied after them waits for them
    // or does not see them, and in neither case sees half of one.
    let counts = db
        .apply(
            Batch::new()
                .step(Step::new(statement(
                    "SELECT id FROM item WHERE id < 1000 ORDER BY id",
                    [],
                )))
                .step(Step::new(statement(
                    "SELECT id - 1000 FROM item WHERE id > 1000 ORDER BY id",
                    [],
                ))),
        )
        .await
        .unwrap();
    // Two statements may see two states where isolation is by statement; the
    // second can then only see more.
    assert!(
        counts[0]
            .rows
            .iter()
            .all(|row| counts[1].rows.contains(row))
    );
    db.apply(Batch::new().step(insert_item(0, "after")))
        .await
        .unwrap();
}

async fn ids(db: &dyn Database, sql: &'static str) -> Vec<i64> {
    rows(db, sql, [])
        .await
        .iter()
        .map(|row| row.integer(0).unwrap())
        .collect()
}
