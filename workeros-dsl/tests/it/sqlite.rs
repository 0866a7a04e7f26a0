//! The matcher and SQLite give every row the same three-valued answer.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use workeros_dsl::Condition;
use workeros_dsl::testkit::{Table, tables};

use crate::database::Database;

const TABLES: u32 = 800;
const ROWS: usize = 10;
const QUESTIONS: usize = 30;

#[test]
fn the_matcher_agrees_with_sqlite() {
    let database = Database::open();
    let config = Config {
        max_shrink_iters: 2_000,
        ..Config::with_cases(TABLES)
    };
    TestRunner::new(config)
        .run(&tables(ROWS, QUESTIONS), |table| compare(&database, &table))
        .unwrap();
}

fn compare(database: &Database, table: &Table) -> Result<(), TestCaseError> {
    database.fill(&table.fields, &table.rows);
    for question in &table.questions {
        let condition = Condition::parse(&question.filter, &table.fields)
            .map_err(|error| TestCaseError::fail(format!("{error}: {}", question.filter)))?;
        let in_memory: Vec<_> = table
            .rows
            .iter()
            .map(|row| condition.evaluate(row, &question.variables))
            .collect();
        let in_database = database.evaluate(&condition, &question.variables);
        prop_assert_eq!(&in_memory, &in_database, "{:?}", question);
        let matching: Vec<_> = in_memory
            .iter()
            .enumerate()
            .filter(|(_, truth)| truth.is_true())
            .map(|(index, _)| index)
            .collect();
        let selected = database.select(&condition, &question.variables);
        prop_assert_eq!(matching, selected, "{:?}", question);
    }
    Ok(())
}
