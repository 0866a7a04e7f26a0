use super::{insert_item, integer, make_item, rows, statement, step};
use crate::{Batch, Database, Error, ErrorKind, Expect, Row, Rows, Statement, Step};

/// A derived step follows from the rows of all steps before it.
pub async fn a_derived_step_sees_the_rows_before_it(db: &dyn Database) {
    make_item(db).await;
    let batch = Batch::new()
        .step(step(
            "INSERT INTO item (id, name) VALUES (4, 'a') RETURNING id",
            [],
        ))
        .step(step("SELECT count(*) FROM item", []))
        .step(Step::derived(sum_as_next_item).expect(Expect::One, ErrorKind::Internal, "one item"))
        .step(Step::derived(|earlier| {
            Ok(statement(
                "SELECT name FROM item WHERE id = $1",
                [earlier[2].rows[0].integer(0)?.into()],
            ))
        }));
    let result = db.apply(batch).await;
    if !db.capability().derived_steps {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(integer(db, "SELECT count(*) FROM item").await, 0);
        return;
    }
    let answers = result.unwrap();
    assert_eq!(answers.len(), 4);
    assert_eq!(answers[3].rows[0].text(0).unwrap(), "derived");
    let ids = rows(db, "SELECT id FROM item ORDER BY id", []).await;
    let ids: Vec<_> = ids
        .iter()
        .map(|row: &Row| row.integer(0).unwrap())
        .collect();
    assert_eq!(ids, [4, 5]);
}

fn sum_as_next_item(earlier: &[Rows]) -> crate::Result<Statement> {
    let sum = earlier[0].rows[0].integer(0)? + earlier[1].rows[0].integer(0)?;
    Ok(statement(
        "INSERT INTO item (id, name) VALUES ($1, 'derived') RETURNING id",
        [sum.into()],
    ))
}

/// An error of the function is the result of the batch, which leaves nothing.
pub async fn an_error_of_a_derived_step_undoes_the_batch(db: &dyn Database) {
    make_item(db).await;
    let batch = Batch::new()
        .step(insert_item(1, "a"))
        .step(Step::derived(|earlier| {
            assert_eq!(earlier.len(), 1);
            Err(Error::new(ErrorKind::QuotaExceeded, "no more items"))
        }));
    let error = db.apply(batch).await.unwrap_err();
    if db.capability().derived_steps {
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::QuotaExceeded, "no more items")
        );
    } else {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
    assert_eq!(integer(db, "SELECT count(*) FROM item").await, 0);
}
