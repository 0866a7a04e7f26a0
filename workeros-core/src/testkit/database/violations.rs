use super::{insert_item, integer, make_item, run, statement, step};
use crate::{Batch, Database, Error, ErrorKind, Step, Violation};

/// A unique constraint is a conflict that names its columns.
pub async fn unique_violations_name_their_columns(db: &dyn Database) {
    run(db, "CREATE TABLE seat (row_no bigint, place bigint, guest text UNIQUE, UNIQUE (row_no, place))", [])
        .await;
    let insert = |row: i64, place: i64, guest: &str| {
        step(
            "INSERT INTO seat (row_no, place, guest) VALUES ($1, $2, $3)",
            [row.into(), place.into(), guest.into()],
        )
    };
    db.apply(Batch::new().step(insert(1, 1, "ann")))
        .await
        .unwrap();
    assert_unique(
        violation(db, insert(1, 1, "bob")).await,
        &["row_no", "place"],
    );
    assert_unique(violation(db, insert(1, 2, "ann")).await, &["guest"]);
    let update = step(
        "INSERT INTO seat (row_no, place, guest) VALUES (1, 1, 'cid') RETURNING guest",
        [],
    );
    assert_unique(violation(db, update).await, &["row_no", "place"]);
}

/// A primary key is a unique constraint.
pub async fn primary_keys_are_unique(db: &dyn Database) {
    make_item(db).await;
    run(db, "CREATE TABLE tag (name text NOT NULL PRIMARY KEY)", []).await;
    db.apply(Batch::new().step(insert_item(1, "a")))
        .await
        .unwrap();
    assert_unique(violation(db, insert_item(1, "b")).await, &["id"]);
    run(db, "INSERT INTO tag (name) VALUES ('x')", []).await;
    let again = step("INSERT INTO tag (name) VALUES ('x')", []);
    assert_unique(violation(db, again).await, &["name"]);
}

/// A row needs its target, and a target cannot go while it is referred to.
pub async fn foreign_keys_are_enforced(db: &dyn Database) {
    make_item(db).await;
    run(
        db,
        "CREATE TABLE part (id bigint PRIMARY KEY, item_id bigint REFERENCES item (id))",
        [],
    )
    .await;
    db.apply(Batch::new().step(insert_item(1, "a")))
        .await
        .unwrap();
    run(
        db,
        "INSERT INTO part (id, item_id) VALUES (1, 1), (2, NULL)",
        [],
    )
    .await;
    for sql in [
        "INSERT INTO part (id, item_id) VALUES (3, 9)",
        "UPDATE part SET item_id = 9 WHERE id = 2",
        "DELETE FROM item WHERE id = 1",
    ] {
        assert_eq!(
            violation(db, step(sql, [])).await,
            Violation::ForeignKey,
            "{sql}"
        );
    }
    run(db, "DELETE FROM part", []).await;
    run(db, "DELETE FROM item WHERE id = 1", []).await;
}

/// A constraint that is checked at the end is checked at the end of its batch.
pub async fn deferred_foreign_keys_fail_the_batch(db: &dyn Database) {
    make_item(db).await;
    run(
        db,
        "CREATE TABLE part (id bigint PRIMARY KEY, item_id bigint REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED)",
        [],
    )
    .await;
    let part = || step("INSERT INTO part (id, item_id) VALUES (1, 1)", []);
    assert_eq!(violation(db, part()).await, Violation::ForeignKey);
    assert_eq!(integer(db, "SELECT count(*) FROM part").await, 0);
    db.apply(Batch::new().step(part()).step(insert_item(1, "a")))
        .await
        .unwrap();
    assert_eq!(integer(db, "SELECT count(*) FROM part").await, 1);
}

/// A missing value is a conflict that names its column.
pub async fn not_null_violations_name_their_column(db: &dyn Database) {
    run(
        db,
        "CREATE TABLE card (id bigint PRIMARY KEY, label text NOT NULL)",
        [],
    )
    .await;
    let missing = || Violation::NotNull {
        column: Some("label".into()),
    };
    assert_eq!(
        violation(db, step("INSERT INTO card (id) VALUES (1)", [])).await,
        missing()
    );
    run(db, "INSERT INTO card (id, label) VALUES (1, '')", []).await;
    assert_eq!(
        violation(db, step("UPDATE card SET label = NULL", [])).await,
        missing()
    );
}

/// A check constraint is a conflict.
pub async fn check_constraints_are_conflicts(db: &dyn Database) {
    run(
        db,
        "CREATE TABLE stock (amount bigint CHECK (amount >= 0))",
        [],
    )
    .await;
    run(db, "INSERT INTO stock (amount) VALUES (1)", []).await;
    let take = step("UPDATE stock SET amount = amount - $1", [2.into()]);
    assert_eq!(violation(db, take).await, Violation::Check);
}

/// What is neither a constraint nor a lack of something is a fault of ours,
/// and says nothing of itself to the client.
pub async fn other_faults_are_internal(db: &dyn Database) {
    for sql in ["SELEKT 1", "SELECT secret_column FROM nowhere"] {
        for error in [
            db.fetch(statement(sql, [])).await.unwrap_err(),
            db.apply(Batch::new().step(step(sql, [])))
                .await
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Internal, "{sql}");
            assert_eq!(error.message(), Error::internal("x").message(), "{sql}");
            assert!(error.violation().is_none());
        }
    }
}

async fn violation(db: &dyn Database, step: Step) -> Violation {
    let error = db.apply(Batch::new().step(step)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    error
        .violation()
        .unwrap_or_else(|| panic!("a violation in {error:?}"))
        .clone()
}

fn assert_unique(violation: Violation, expected: &[&str]) {
    let Violation::Unique { columns } = violation else {
        panic!("a unique violation, not {violation:?}");
    };
    assert_eq!(columns, expected);
}
