//! Every case of the corpus, in memory and on SQLite.

use workeros_dsl::Condition;
use workeros_dsl::testkit::{Case, Expectation, corpus};

use crate::database::Database;

#[test]
fn the_matcher_agrees_with_the_corpus() {
    check(|case, condition| {
        let rows = case.fixture.rows.iter();
        rows.filter(|(_, row)| condition.matches(row, &case.variables))
            .map(|(label, _)| label.clone())
            .collect()
    });
}

#[test]
fn sqlite_agrees_with_the_corpus() {
    let database = Database::open();
    check(|case, condition| {
        let rows: Vec<_> = case
            .fixture
            .rows
            .iter()
            .map(|(_, row)| row.clone())
            .collect();
        database.fill(&case.fixture.fields, &rows);
        let matching = database.select(condition, &case.variables);
        let rows = case.fixture.rows.iter().enumerate();
        rows.filter(|(index, _)| matching.contains(index))
            .map(|(_, (label, _))| label.clone())
            .collect()
    });
}

#[test]
fn canonical_forms_mean_the_same() {
    check(|case, condition| {
        let again = Condition::parse(&condition.to_json(), &case.fixture.fields)
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(&again, condition, "{}", case.name);
        let rows = case.fixture.rows.iter();
        rows.filter(|(_, row)| again.matches(row, &case.variables))
            .map(|(label, _)| label.clone())
            .collect()
    });
}

/// Compares the answers of an executor with the corpus. What the parser
/// refuses, it refuses as value and as text.
#[track_caller]
fn check(answer: impl Fn(&Case, &Condition) -> Vec<String>) {
    let cases = corpus();
    assert!(cases.len() >= 444, "the corpus has lost cases");
    let mut wrong = Vec::new();
    for case in &cases {
        let fields = &case.fixture.fields;
        let parsed = Condition::parse(&case.filter, fields);
        assert_eq!(
            parsed,
            Condition::parse_str(&case.filter.to_string(), fields),
            "{}",
            case.name
        );
        let got = match parsed {
            Ok(condition) => Expectation::Rows(answer(case, &condition)),
            Err(error) => Expectation::Error(error.code.to_string()),
        };
        if got != case.expectation {
            wrong.push(format!(
                "{}: {}\n  expected {:?}\n       got {got:?}",
                case.name, case.filter, case.expectation
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
