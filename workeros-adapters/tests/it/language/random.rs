//! Random conditions: the matcher and the database give every row the same
//! three-valued answer.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;
use workeros_dsl::Condition;
use workeros_dsl::testkit::{Table, tables};

use super::executor::Executor;

/// With the questions of each, 5000 cases.
const TABLES: u32 = 250;
/// Where only the order of text could differ.
const ENGLISH_TABLES: u32 = 50;
const ROWS: usize = 10;
const QUESTIONS: usize = 20;

#[test]
fn sqlite_agrees_with_the_matcher() {
    let runtime = Runtime::new().unwrap();
    let executor = runtime.block_on(Executor::sqlite());
    check(&runtime, &executor, TABLES);
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_agrees_with_the_matcher() {
    let runtime = Runtime::new().unwrap();
    if let Some(executor) = runtime.block_on(Executor::postgres()) {
        check(&runtime, &executor, TABLES);
    }
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_agrees_with_the_matcher_whatever_the_collation() {
    let runtime = Runtime::new().unwrap();
    if let Some(executor) = runtime.block_on(Executor::postgres_english()) {
        check(&runtime, &executor, ENGLISH_TABLES);
    }
}

fn check(runtime: &Runtime, executor: &Executor, cases: u32) {
    let config = Config {
        source_file: Some(file!()),
        max_shrink_time: 20_000,
        ..Config::with_cases(cases)
    };
    TestRunner::new(config)
        .run(&tables(ROWS, QUESTIONS), |table| {
            runtime.block_on(compare(executor, &table))
        })
        .unwrap();
}

async fn compare(executor: &Executor, table: &Table) -> Result<(), TestCaseError> {
    executor.fill(&table.fields, &table.rows).await;
    for question in &table.questions {
        let variables = &question.variables;
        let condition = Condition::parse(&question.filter, &table.fields)
            .map_err(|error| TestCaseError::fail(format!("{error}: {}", question.filter)))?;
        let in_memory: Vec<_> = table
            .rows
            .iter()
            .map(|row| condition.evaluate(row, variables))
            .collect();
        let in_database = executor.evaluate(&condition, variables).await;
        prop_assert_eq!(&in_database, &in_memory, "{:?}", question);
        let matching: Vec<_> = (0..table.rows.len())
            .filter(|index| in_memory[*index].is_true())
            .collect();
        let selected = executor.select(&condition, variables).await;
        prop_assert_eq!(selected, matching, "{:?}", question);
    }
    Ok(())
}
