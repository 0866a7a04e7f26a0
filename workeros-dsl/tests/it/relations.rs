//! Paths over relations.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use workeros_dsl::sql::{Slots, SqlError};
use workeros_dsl::{
    Condition, Dialect, Field, Fields, FilterErrorCode, Key, Path, Truth, Type, Value, Variables,
};

use crate::database::Quoted;

/// People who have a boss, who is one of them.
struct People;

impl Fields for People {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        match name {
            "name" | "odd.name" | "_eq" => Some(Field::new(Type::Text)),
            "boss" | "dotted.boss" => Some(Field::relation(Type::Relation(Key::Uuid), &Self)),
            "secret" => Some(Field::new(Type::Relation(Key::Uuid))),
            _ => None,
        }
    }
}

fn parse(filter: &Json) -> Condition {
    Condition::parse(filter, &People).unwrap_or_else(|error| panic!("{filter}: {error}"))
}

#[test]
fn a_nested_object_is_a_path() {
    let dotted = parse(&json!({"boss.boss.name": {"_eq": "A"}}));
    for filter in [
        json!({"boss": {"boss": {"name": {"_eq": "A"}}}}),
        json!({"boss": {"boss.name": {"_eq": "A"}}}),
        json!({"boss.boss": {"name": "A"}}),
    ] {
        assert_eq!(parse(&filter), dotted);
    }
    assert_eq!(dotted.to_json(), json!({"boss.boss.name": {"_eq": "A"}}));
    let paths: Vec<&Path> = dotted.fields().collect();
    assert_eq!(paths[0].as_str(), "boss.boss.name");
    assert!(paths[0].is_relation());
    assert_eq!(
        paths[0].segments().collect::<Vec<_>>(),
        ["boss", "boss", "name"]
    );
}

#[test]
fn operators_and_paths_stand_side_by_side() {
    let condition = parse(&json!({"boss": {"_null": false, "name": {"_neq": "A"}}}));
    assert_eq!(
        condition.to_json(),
        json!({"boss": {"_null": false}, "boss.name": {"_neq": "A"}})
    );
}

#[test]
fn a_field_with_a_dot_wins_over_a_path() {
    let condition = parse(&json!({"odd.name": "A", "boss.odd.name": "B"}));
    let mut paths: Vec<Vec<&str>> = condition
        .fields()
        .map(|path| path.segments().collect())
        .collect();
    paths.sort();
    assert_eq!(paths, [vec!["boss", "odd.name"], vec!["odd.name"]]);
    assert_eq!(
        Condition::parse(&condition.to_json(), &People),
        Ok(condition)
    );
}

#[test]
fn paths_that_lead_nowhere_are_refused() {
    let table = [
        (
            json!({"boss.nope": 1}),
            FilterErrorCode::UnknownField,
            "/boss.nope",
        ),
        (
            json!({"boss": {"nope": 1}}),
            FilterErrorCode::UnknownField,
            "/boss/nope",
        ),
        (
            json!({"boss": {"$or": []}}),
            FilterErrorCode::UnknownOperator,
            "/boss/$or",
        ),
        (
            json!({"secret.name": "A"}),
            FilterErrorCode::UnknownField,
            "/secret.name",
        ),
        (
            json!({"secret": {"name": "A"}}),
            FilterErrorCode::UnknownOperator,
            "/secret/name",
        ),
        (
            json!({"name.name": "A"}),
            FilterErrorCode::UnknownField,
            "/name.name",
        ),
        (
            json!({"dotted.boss": {"name": "A"}}),
            FilterErrorCode::UnknownOperator,
            "/dotted.boss/name",
        ),
        (json!({".": 1}), FilterErrorCode::UnknownField, "/."),
        (json!({"boss.": 1}), FilterErrorCode::UnknownField, "/boss."),
        (
            json!({"boss": {"boss": {}}}),
            FilterErrorCode::InvalidFilter,
            "/boss/boss",
        ),
    ];
    for (filter, code, pointer) in table {
        let error = Condition::parse(&filter, &People).unwrap_err();
        assert_eq!(
            (error.code, error.pointer.as_str()),
            (code, pointer),
            "{filter}"
        );
    }
}

#[test]
fn a_path_crosses_three_relations_at_most() {
    parse(&json!({"boss.boss.boss.name": "A"}));
    parse(&json!({"boss": {"boss": {"boss": {"name": "A"}}}}));
    parse(&json!({"boss.boss.boss.boss": {"_null": true}}));
    for filter in [
        json!({"boss.boss.boss.boss.name": "A"}),
        json!({"boss": {"boss": {"boss": {"boss": {"name": "A"}}}}}),
        json!({"boss.boss": {"boss.boss": {"name": "A"}}}),
    ] {
        let error = Condition::parse(&filter, &People).unwrap_err();
        assert_eq!(error.code, FilterErrorCode::LimitExceeded, "{filter}");
    }
}

#[test]
fn a_row_that_does_not_know_the_path_is_unknown() {
    let condition = parse(&json!({"boss.name": {"_null": true}}));
    let mut row = BTreeMap::new();
    assert_eq!(
        condition.evaluate(&row, &Variables::default()),
        Truth::Unknown
    );
    row.insert("boss.name".to_owned(), Value::Null);
    assert_eq!(condition.evaluate(&row, &Variables::default()), Truth::True);
}

#[test]
fn a_path_has_no_sql() {
    let condition = parse(&json!({"$or": [{"name": "A"}, {"boss.name": "A"}]}));
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        assert_eq!(
            condition.to_sql(&Quoted, &mut Slots::new(dialect)),
            Err(SqlError::RelationPath("boss.name".to_owned()))
        );
    }
}

#[test]
fn a_field_named_like_an_operator_is_a_field() {
    let condition = parse(&json!({"_eq": {"_eq": "A"}}));
    let row = BTreeMap::from([("_eq".to_owned(), Value::from("A"))]);
    assert!(condition.matches(&row, &Variables::default()));
}
