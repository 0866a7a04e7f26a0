//! The matcher and SQLite give every row the same three-valued answer.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use workeros_dsl::testkit::{Table, tables};
use workeros_dsl::{Condition, Type, Value, Variables};

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

#[test]
fn comparisons_use_an_index() {
    let database = Database::open();
    let fields = [("t", Type::Text), ("n", Type::Integer)]
        .map(|(name, ty)| (name.to_owned(), ty))
        .into();
    database.fill(&fields, &[]);
    database.index("t");
    database.index("n");
    for (filter, constraint) in [
        (json!({"t": "a"}), "(t=?)"),
        (json!({"t": "$user.id"}), "(t=?)"),
        (json!({"t": ["a", "b"]}), "(t=?)"),
        (json!({"t": {"_starts_with": "a"}}), "(t>? AND t<?)"),
        (json!({"t": {"_gte": "a"}}), "(t>?)"),
        (json!({"t": {"_null": true}}), "(t=?)"),
        (json!({"n": {"_between": [1, 2]}}), "(n>? AND n<?)"),
    ] {
        let condition = Condition::parse(&filter, &fields).unwrap();
        let plan = database.plan(&condition, &Variables::default());
        assert!(
            plan.starts_with("SEARCH") && plan.ends_with(constraint),
            "{filter}: {plan}"
        );
    }
}

/// An adopted table may compare its text without regard to case.
#[test]
fn the_collation_of_a_column_does_not_matter() {
    let database = Database::open();
    let fields = [("t".to_owned(), Type::Text)].into();
    let rows = ["a", "A", "b", "B"].map(|text| [("t".to_owned(), Value::from(text))].into());
    database.fill_ignoring_case(&fields, &rows);
    for (filter, expected) in [
        (json!({"t": "a"}), vec![0]),
        (json!({"t": {"_neq": "a"}}), vec![1, 2, 3]),
        (json!({"t": ["a", "B"]}), vec![0, 3]),
        (json!({"t": {"_in": "$user.roles"}}), vec![0]),
        (json!({"t": {"_gt": "B"}}), vec![0, 2]),
        (json!({"t": {"_starts_with": "a"}}), vec![0]),
        (json!({"t": {"_starts_with": "$user.id"}}), vec![0]),
        (json!({"t": {"_ends_with": "a"}}), vec![0]),
        (json!({"t": {"_contains": "a"}}), vec![0]),
    ] {
        let condition = Condition::parse(&filter, &fields).unwrap();
        let variables = Variables::default()
            .with_user_id("a".to_owned())
            .with_user_roles(vec!["a".to_owned()]);
        assert_eq!(
            database.select(&condition, &variables),
            expected,
            "{filter}"
        );
    }
}
