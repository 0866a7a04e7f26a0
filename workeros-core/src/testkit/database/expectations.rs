use super::{insert_item, integer, make_item, step};
use crate::{Batch, Database, ErrorKind, Expect, Step};

/// Expectations of statements that write and return nothing.
pub async fn writes_are_counted(db: &dyn Database) {
    check(db, |wanted| {
        step(
            "UPDATE item SET name = name WHERE id <= $1",
            [wanted.into()],
        )
    })
    .await;
}

/// Expectations of statements that write and return what they wrote.
pub async fn returned_rows_are_counted(db: &dyn Database) {
    check(db, |wanted| {
        step(
            "UPDATE item SET name = name WHERE id <= $1 RETURNING id",
            [wanted.into()],
        )
    })
    .await;
}

/// Expectations of statements that only read.
pub async fn read_rows_are_counted(db: &dyn Database) {
    check(db, |wanted| {
        step("SELECT id FROM item WHERE id <= $1", [wanted.into()])
    })
    .await;
}

/// Checks each expectation on a statement that gives 0, 1 and 2 rows. Rows
/// written by an earlier step must not be counted along.
async fn check(db: &dyn Database, statement: impl Fn(i64) -> Step) {
    make_item(db).await;
    let items = (1..=5).map(|id| insert_item(id, &format!("item {id}")));
    db.apply(items.fold(Batch::new(), Batch::step))
        .await
        .unwrap();
    let table = [
        (Expect::Any, [true, true, true]),
        (Expect::None, [true, false, false]),
        (Expect::One, [false, true, false]),
        (Expect::Some, [false, true, true]),
    ];
    for (expect, admits) in table {
        for (wanted, admitted) in (0..).zip(admits) {
            let batch = Batch::new()
                .step(step("UPDATE item SET name = name WHERE id > 2", []))
                .step(statement(wanted).expect(
                    expect,
                    ErrorKind::PreconditionFailed,
                    "not so many",
                ));
            let result = db.apply(batch).await;
            assert_eq!(
                result.is_ok(),
                admitted,
                "{expect:?} of {wanted}: {result:?}"
            );
        }
    }
}

/// The error carries the kind and the message of the step that failed first.
pub async fn a_failed_expectation_is_the_error_the_step_names(db: &dyn Database) {
    make_item(db).await;
    for kind in [
        ErrorKind::NotFound,
        ErrorKind::Forbidden,
        ErrorKind::Conflict,
        ErrorKind::PreconditionFailed,
        ErrorKind::Gone,
    ] {
        let batch = Batch::new()
            .step(insert_item(1, "a").expect(Expect::One, ErrorKind::Internal, "not this"))
            .step(step("DELETE FROM item WHERE id = 7", []).expect(Expect::One, kind, "this one"))
            .step(step("DELETE FROM item", []).expect(
                Expect::None,
                ErrorKind::Internal,
                "too late",
            ));
        let error = db.apply(batch).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (kind, "this one"));
        assert!(error.violation().is_none());
    }
    assert_eq!(integer(db, "SELECT count(*) FROM item").await, 0);
}
