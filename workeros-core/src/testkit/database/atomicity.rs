use super::{insert_item, integer, make_item, rows, run, statement, step, texts};
use crate::{Batch, Database, ErrorKind, Expect, Step};

/// All or nothing: a constraint at the third step.
pub async fn a_violated_constraint_undoes_the_batch(db: &dyn Database) {
    make_item(db).await;
    db.apply(Batch::new().step(insert_item(1, "kept")))
        .await
        .unwrap();
    let batch = Batch::new()
        .step(insert_item(2, "new"))
        .step(step("UPDATE item SET name = 'changed' WHERE id = 1", []))
        .step(insert_item(3, "changed"));
    assert_eq!(
        db.apply(batch).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    assert_eq!(texts(db, "SELECT name FROM item").await, ["kept"]);
}

/// All or nothing: an expectation at the last step.
pub async fn a_failed_expectation_undoes_the_batch(db: &dyn Database) {
    make_item(db).await;
    let batch = Batch::new().step(insert_item(1, "a")).step(
        step("DELETE FROM item WHERE id = 7", []).expect(
            Expect::One,
            ErrorKind::NotFound,
            "no item",
        ),
    );
    assert_eq!(
        db.apply(batch).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(integer(db, "SELECT count(*) FROM item").await, 0);
    // What failed leaves nothing behind that disturbs the next.
    db.apply(Batch::new().step(insert_item(1, "a")))
        .await
        .unwrap();
    assert_eq!(integer(db, "SELECT count(*) FROM item").await, 1);
}

/// All or nothing: a statement the database cannot read.
pub async fn a_broken_statement_undoes_the_batch(db: &dyn Database) {
    make_item(db).await;
    for broken in [
        "SELEKT 1",
        "INSERT INTO nowhere (id) VALUES (1)",
        "SELECT nothing FROM item",
    ] {
        let batch = Batch::new()
            .step(insert_item(1, "a"))
            .step(step(broken, []));
        assert_eq!(
            db.apply(batch).await.unwrap_err().kind(),
            ErrorKind::Internal,
            "{broken}"
        );
        assert_eq!(
            integer(db, "SELECT count(*) FROM item").await,
            0,
            "{broken}"
        );
    }
}

/// DDL is undone with its batch, where the database declares it.
pub async fn a_failed_batch_undoes_its_ddl(db: &dyn Database) {
    if !db.capability().transactional_ddl {
        return;
    }
    make_item(db).await;
    let batch = Batch::new()
        .step(step("CREATE TABLE later (id bigint PRIMARY KEY)", []))
        .step(step("INSERT INTO later (id) VALUES (1)", []))
        .step(step("ALTER TABLE item ADD COLUMN size bigint", []))
        .step(step("CREATE INDEX item_size ON item (size)", []))
        .step(insert_item(1, "a"))
        .step(insert_item(2, "a"));
    assert_eq!(
        db.apply(batch).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    assert!(
        db.fetch(statement("SELECT id FROM later", []))
            .await
            .is_err()
    );
    assert!(
        db.fetch(statement("SELECT size FROM item", []))
            .await
            .is_err()
    );
    // The same again, without the fault.
    let batch = Batch::new()
        .step(step("CREATE TABLE later (id bigint PRIMARY KEY)", []))
        .step(step("ALTER TABLE item ADD COLUMN size bigint", []))
        .step(step("CREATE INDEX item_size ON item (size)", []));
    db.apply(batch).await.unwrap();
    assert_eq!(integer(db, "SELECT count(size) FROM item").await, 0);
}

/// A later step sees the tables an earlier one made.
pub async fn ddl_takes_effect_within_its_batch(db: &dyn Database) {
    let batch = Batch::new()
        .step(step("CREATE TABLE fresh (id bigint PRIMARY KEY)", []))
        .step(step("INSERT INTO fresh (id) VALUES ($1)", [5.into()]))
        .step(step("ALTER TABLE fresh ADD COLUMN label text", []))
        .step(step("UPDATE fresh SET label = $1", ["x".into()]))
        .step(step("SELECT id, label FROM fresh", []));
    let answers = db.apply(batch).await.unwrap();
    assert_eq!(answers[0].affected, 0);
    assert_eq!(answers[2].affected, 0);
    assert_eq!(answers[3].affected, 1);
    assert_eq!(answers[4].rows[0].text(1).unwrap(), "x");
    run(db, "DROP TABLE fresh", []).await;
    assert!(
        db.fetch(statement("SELECT id FROM fresh", []))
            .await
            .is_err()
    );
}

/// A statement that was used before a change of the schema works after it.
pub async fn prepared_statements_survive_ddl(db: &dyn Database) {
    make_item(db).await;
    db.apply(Batch::new().step(insert_item(1, "a")))
        .await
        .unwrap();
    let named = "SELECT name FROM item WHERE id = $1";
    for _ in 0..3 {
        assert_eq!(rows(db, named, [1.into()]).await[0].text(0).unwrap(), "a");
    }
    run(db, "ALTER TABLE item ADD COLUMN size bigint", []).await;
    assert_eq!(rows(db, named, [1.into()]).await[0].text(0).unwrap(), "a");
    db.apply(Batch::new().step(insert_item(2, "b")))
        .await
        .unwrap();
    run(db, "ALTER TABLE item DROP COLUMN size", []).await;
    db.apply(Batch::new().step(insert_item(3, "c")))
        .await
        .unwrap();
    assert_eq!(rows(db, named, [3.into()]).await[0].text(0).unwrap(), "c");
}

/// A batch without steps succeeds and answers nothing.
pub async fn an_empty_batch_is_fine(db: &dyn Database) {
    assert_eq!(db.apply(Batch::new()).await.unwrap(), []);
}

/// The answer holds the rows of each step, in order.
pub async fn each_step_answers_its_rows(db: &dyn Database) {
    make_item(db).await;
    let answers = db
        .apply(
            Batch::new()
                .step(insert_item(1, "a"))
                .step(step("SELECT name FROM item ORDER BY id", []))
                .step(step(
                    "INSERT INTO item (id, name) VALUES (2, 'b'), (3, 'c') RETURNING id",
                    [],
                ))
                .step(step("UPDATE item SET name = name || '!'", []))
                .step(Step::new(statement(
                    "SELECT name FROM item ORDER BY id",
                    [],
                ))),
        )
        .await
        .unwrap();
    let shown: Vec<_> = answers
        .iter()
        .map(|rows| (rows.rows.len(), rows.affected))
        .collect();
    assert_eq!(shown, [(0, 1), (1, 1), (2, 2), (0, 3), (3, 3)]);
    assert_eq!(answers[1].rows[0].text(0).unwrap(), "a");
    assert_eq!(answers[2].rows[1].integer(0).unwrap(), 3);
    assert_eq!(answers[4].rows[2].text(0).unwrap(), "c!");
}
