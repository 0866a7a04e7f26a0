use futures::future::join_all;

use super::{insert_item, integer, make_item, run, step, texts};
use crate::{Batch, Database, ErrorKind, Expect, Step};

/// An insert that may have nothing to insert.
fn insert_if_there(id: i64, name: &str, there: i64) -> Step {
    let insert = "INSERT INTO item (id, name) \
         SELECT CAST($1 AS bigint), CAST($2 AS text) \
         WHERE EXISTS (SELECT 1 FROM item WHERE id = CAST($3 AS bigint))";
    guarded(step(insert, [id.into(), name.into(), there.into()]))
}

fn rename(from: &str, to: &str) -> Step {
    let rename = "UPDATE item SET name = $1 WHERE name = $2";
    guarded(step(rename, [to.into(), from.into()]))
}

fn guarded(step: Step) -> Step {
    step.expect(Expect::One, ErrorKind::PreconditionFailed, "not so")
        .with_own_guard()
}

/// It is kept when its expectation is met. When it is not, or a constraint
/// refuses it, nothing is, and the database is in order.
pub async fn a_guarded_step_alone_is_done_or_leaves_nothing(db: &dyn Database) {
    make_item(db).await;
    let alone = async |step| db.apply(Batch::new().step(step)).await;
    alone(insert_item(1, "a")).await.unwrap();
    let done = alone(insert_if_there(2, "b", 1)).await.unwrap();
    assert_eq!((done.len(), done[0].affected), (1, 1));
    alone(rename("a", "c")).await.unwrap();
    for missed in [insert_if_there(3, "d", 7), rename("a", "d")] {
        let error = alone(missed).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PreconditionFailed);
        assert_eq!(error.message(), "not so");
    }
    for refused in [insert_if_there(3, "c", 1), rename("b", "c")] {
        let error = alone(refused).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
        assert!(error.violation().is_some());
    }
    let names = "SELECT name FROM item ORDER BY id";
    assert_eq!(texts(db, names).await, ["c", "b"]);
    alone(insert_item(3, "d")).await.unwrap();
    assert_eq!(texts(db, names).await, ["c", "b", "d"]);
}

/// The promise is about the one statement: beside others it is undone with
/// them, and they with it.
pub async fn a_guarded_step_is_undone_with_its_batch(db: &dyn Database) {
    make_item(db).await;
    run(db, "INSERT INTO item (id, name) VALUES (1, 'a')", []).await;
    let missed = || rename("nobody", "somebody");
    for (steps, kind) in [
        ([rename("a", "b"), missed()], ErrorKind::PreconditionFailed),
        (
            [insert_item(2, "b"), missed()],
            ErrorKind::PreconditionFailed,
        ),
        ([rename("a", "b"), insert_item(2, "b")], ErrorKind::Conflict),
    ] {
        let batch = steps.into_iter().fold(Batch::new(), Batch::step);
        assert_eq!(db.apply(batch).await.unwrap_err().kind(), kind);
        assert_eq!(texts(db, "SELECT name FROM item").await, ["a"]);
    }
}

/// Of 32 that each want the same state, one finds it; and so in each round.
pub async fn of_racing_guarded_steps_one_wins(db: &dyn Database) {
    run(
        db,
        "CREATE TABLE counter (id bigint PRIMARY KEY, count bigint NOT NULL)",
        [],
    )
    .await;
    run(db, "INSERT INTO counter (id, count) VALUES (1, 0)", []).await;
    for round in 0..8_i64 {
        let racers = (0..32).map(|_| {
            let next = "UPDATE counter SET count = count + 1 WHERE id = 1 AND count = $1";
            db.apply(Batch::new().step(guarded(step(next, [round.into()]))))
        });
        let results = join_all(racers).await;
        let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1, "round {round}");
        assert!(
            lost.into_iter()
                .all(|result| result.unwrap_err().kind() == ErrorKind::PreconditionFailed)
        );
        assert_eq!(integer(db, "SELECT count FROM counter").await, round + 1);
    }
}
