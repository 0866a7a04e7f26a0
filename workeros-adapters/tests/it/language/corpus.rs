//! Every case of the corpus.

use std::collections::BTreeMap;
use std::fmt::Debug;

use workeros_dsl::Condition;
use workeros_dsl::testkit::{Case, Expectation, Row, corpus};

use super::executor::Executor;

#[tokio::test]
async fn sqlite_agrees_with_the_corpus() {
    check(&Executor::sqlite().await).await;
}

#[tokio::test]
async fn sqlite_agrees_with_the_corpus_whatever_the_collation() {
    check(&Executor::sqlite_ignoring_case().await).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgres_agrees_with_the_corpus() {
    if let Some(executor) = Executor::postgres().await {
        check(&executor).await;
    }
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgres_agrees_with_the_corpus_whatever_the_collation() {
    if let Some(executor) = Executor::postgres_english().await {
        check(&executor).await;
    }
}

/// Compares the answers of the database with the corpus, and with the matcher
/// where the corpus does not tell FALSE from UNKNOWN.
async fn check(executor: &Executor) {
    let cases = corpus();
    assert!(cases.len() >= 397, "the corpus has lost cases");
    let mut by_fixture: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for case in &cases {
        let cases = by_fixture.entry(case.fixture.name.as_str());
        cases.or_default().push(case);
    }
    let mut wrong = Vec::new();
    for cases in by_fixture.values() {
        let fixture = &cases[0].fixture;
        let rows: Vec<Row> = fixture.rows.iter().map(|(_, row)| row.clone()).collect();
        executor.fill(&fixture.fields, &rows).await;
        for case in cases {
            wrong.extend(difference(executor, case).await);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong about the answer, if anything.
async fn difference(executor: &Executor, case: &Case) -> Option<String> {
    let condition = match Condition::parse(&case.filter, &case.fixture.fields) {
        Ok(condition) => condition,
        Err(error) => {
            let got = Expectation::Error(error.code.to_string());
            return unless_equal(case, &got, &case.expectation);
        }
    };
    let rows = case.fixture.rows.iter();
    let in_memory: Vec<_> = rows
        .map(|(_, row)| condition.evaluate(row, &case.variables))
        .collect();
    let in_database = executor.evaluate(&condition, &case.variables).await;
    let matching = executor.select(&condition, &case.variables).await;
    let labels = matching
        .iter()
        .map(|index| case.fixture.rows[*index].0.clone());
    let got = Expectation::Rows(labels.collect());
    unless_equal(case, &got, &case.expectation)
        .or_else(|| unless_equal(case, &in_database, &in_memory))
}

fn unless_equal<T: Debug + PartialEq>(case: &Case, got: &T, expected: &T) -> Option<String> {
    (got != expected).then(|| {
        format!(
            "{}: {}\n  expected {expected:?}\n       got {got:?}",
            case.name, case.filter
        )
    })
}
