//! The contract of [`Database`] as a suite. Each case wants an empty database:
//! a new file, a new schema.

use workeros_dsl::{Dialect, Value};

use crate::{Batch, Database, Result, Row, Rows, Statement, Step};

mod atomicity;
mod concurrency;
mod derived;
mod expectations;
mod guards;
mod json;
mod reads;
mod values;
mod violations;

pub use atomicity::*;
pub use concurrency::*;
pub use derived::*;
pub use expectations::*;
pub use guards::*;
pub use json::*;
pub use reads::*;
pub use values::*;
pub use violations::*;

/// Makes a test of each case of [`testkit::database`](crate::testkit::database).
///
/// The first argument is a future that gives an empty database, or an `Option`
/// of one where there may be none to test. The second, an async closure that
/// takes it back after the case, can be left out.
#[macro_export]
macro_rules! database_conformance {
    ($open:expr) => {
        $crate::database_conformance!($open, async |_| {});
    };
    ($open:expr, $close:expr) => {
        $crate::__conformance!(Database, database, $open, $close, [
            a_violated_constraint_undoes_the_batch
            a_failed_expectation_undoes_the_batch
            a_broken_statement_undoes_the_batch
            a_failed_batch_undoes_its_ddl
            ddl_takes_effect_within_its_batch
            prepared_statements_survive_ddl
            an_empty_batch_is_fine
            each_step_answers_its_rows

            writes_are_counted
            returned_rows_are_counted
            read_rows_are_counted
            a_failed_expectation_is_the_error_the_step_names

            a_guarded_step_alone_is_done_or_leaves_nothing
            a_guarded_step_is_undone_with_its_batch
            of_racing_guarded_steps_one_wins

            a_derived_step_sees_the_rows_before_it
            an_error_of_a_derived_step_undoes_the_batch

            a_read_sees_what_was_applied
            a_read_without_rows_is_empty
            text_is_ordered_by_code_point
            text_is_compared_exactly
            placeholders_can_repeat_and_stand_in_any_order

            unique_violations_name_their_columns
            primary_keys_are_unique
            foreign_keys_are_enforced
            deferred_foreign_keys_fail_the_batch
            not_null_violations_name_their_column
            check_constraints_are_conflicts
            other_faults_are_internal

            integers_survive
            numbers_survive
            texts_survive
            booleans_survive
            timestamps_survive
            uuids_survive
            json_survives
            bytes_survive
            nulls_survive
            a_null_and_a_value_share_a_statement
            a_list_is_one_parameter

            json_is_what_the_default_writes
            json_escapes_what_it_must
            json_members_obey_their_guards
            json_pages_note_that_there_is_more
            json_carries_the_last_row
            json_of_a_single_row_is_an_object

            failing_batches_leave_their_neighbours_alone
            no_increment_is_lost
            a_dropped_future_leaves_no_half_batch
        ]);
    };
}

/// The statement of the database's dialect.
fn by_dialect(db: &dyn Database, sqlite: &'static str, postgres: &'static str) -> Statement {
    let sql = match db.dialect() {
        Dialect::Sqlite => sqlite,
        Dialect::Postgres => postgres,
    };
    Statement::new(sql, Vec::new())
}

fn statement<const N: usize>(sql: &'static str, params: [Value; N]) -> Statement {
    Statement::new(sql, params.into())
}

fn step<const N: usize>(sql: &'static str, params: [Value; N]) -> Step {
    Step::new(statement(sql, params))
}

/// Applies one statement that must succeed.
async fn run<const N: usize>(db: &dyn Database, sql: &'static str, params: [Value; N]) -> Rows {
    only(db.apply(Batch::new().step(step(sql, params))).await)
}

async fn run_statement(db: &dyn Database, statement: Statement) -> Rows {
    only(db.apply(Batch::new().step(Step::new(statement))).await)
}

fn only(rows: Result<Vec<Rows>>) -> Rows {
    let mut rows = rows.unwrap();
    assert_eq!(rows.len(), 1, "a batch of one step answers one set of rows");
    rows.remove(0)
}

async fn rows<const N: usize>(
    db: &dyn Database,
    sql: &'static str,
    params: [Value; N],
) -> Vec<Row> {
    db.fetch(statement(sql, params)).await.unwrap().rows
}

/// Reads the one integer of a statement without parameters.
async fn integer(db: &dyn Database, sql: &'static str) -> i64 {
    rows(db, sql, []).await[0].integer(0).unwrap()
}

/// Reads the texts of the first column of a statement without parameters.
async fn texts(db: &dyn Database, sql: &'static str) -> Vec<String> {
    rows(db, sql, [])
        .await
        .iter()
        .map(|row| row.text(0).unwrap().to_owned())
        .collect()
}

/// Makes the table `item (id, name)` with unique names.
async fn make_item(db: &dyn Database) {
    run(
        db,
        "CREATE TABLE item (id bigint NOT NULL PRIMARY KEY, name text UNIQUE)",
        [],
    )
    .await;
}

fn insert_item(id: i64, name: &str) -> Step {
    step(
        "INSERT INTO item (id, name) VALUES ($1, $2)",
        [id.into(), name.into()],
    )
}
