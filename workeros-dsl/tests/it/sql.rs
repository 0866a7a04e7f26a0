//! The SQL of each operator, both dialects side by side, and what is bound.

use std::collections::BTreeMap;

use sea_query::{Alias, Expr, ExprTrait, Query};
use serde_json::{Value as Json, json};
use workeros_dsl::sql::{Columns, Slots, SqlError, Template};
use workeros_dsl::{Condition, Dialect, Key, Timestamp, Type, Value, Variables};

use crate::database::Quoted;

fn fields() -> BTreeMap<String, Type> {
    [
        ("t", Type::Text),
        ("n", Type::Integer),
        ("x", Type::Number),
        ("b", Type::Boolean),
        ("j", Type::Json),
        ("at", Type::Timestamp),
        ("u", Type::Uuid),
        ("r", Type::Relation(Key::Uuid)),
        ("quo\"te", Type::Integer),
    ]
    .map(|(name, ty)| (name.to_owned(), ty))
    .into()
}

fn ann() -> Variables {
    Variables::default()
        .with_user_id("u1".to_owned())
        .with_user_roles(vec!["editor".to_owned(), "\"".to_owned()])
        .with_user_orgs(vec!["0190B6F0-0000-7000-8000-0000000000D1".to_owned()])
        .with_org_id("0190B6F0-0000-7000-8000-0000000000D1".to_owned())
        .with_org_role("owner".to_owned())
        .with_tenant_id("0190B6F0-0000-7000-8000-000000000071".to_owned())
        .with_now(Timestamp::parse("2024-03-31"))
}

fn template(filter: &Json, dialect: Dialect) -> Template {
    let condition = Condition::parse(filter, &fields()).unwrap();
    let mut slots = Slots::new(dialect);
    let condition = condition.to_sql(&Quoted, &mut slots).unwrap();
    let select = Query::select().expr(condition).take();
    slots.finish(&select).unwrap()
}

/// The expression on both dialects, and what Ann binds.
fn both(filter: &Json) -> String {
    [Dialect::Sqlite, Dialect::Postgres]
        .map(|dialect| {
            let template = template(filter, dialect);
            let text = template
                .sql()
                .as_str()
                .strip_prefix("SELECT ")
                .unwrap()
                .to_owned();
            format!("{text}\n  {:?}", template.bind(&ann(), &[]))
        })
        .join("\n")
}

#[test]
fn equality() {
    insta::assert_snapshot!(both(&json!({"t": {"_eq": "a"}})), @r#"
    ("t" COLLATE BINARY) = ?
      [Text("a")]
    "t" = CAST($1 AS text)
      [Text("a")]
    "#);
    insta::assert_snapshot!(both(&json!({"n": {"_neq": 1}})), @r#"
    "n" <> ?
      [Integer(1)]
    "n" <> CAST($1 AS bigint)
      [Integer(1)]
    "#);
}

#[test]
fn order() {
    insta::assert_snapshot!(both(&json!({"t": {"_gt": "a"}})), @r#"
    ("t" COLLATE BINARY) > ?
      [Text("a")]
    ("t" COLLATE "C") > CAST($1 AS text)
      [Text("a")]
    "#);
    insta::assert_snapshot!(both(&json!({"x": {"_lte": 0.5}})), @r#"
    "x" <= ?
      [Number(0.5)]
    "x" <= CAST($1 AS double precision)
      [Number(0.5)]
    "#);
}

#[test]
fn lists() {
    insta::assert_snapshot!(both(&json!({"n": {"_in": [1, 2]}})), @r#"
    "n" IN (?, ?)
      [Integer(1), Integer(2)]
    "n" IN (CAST($1 AS bigint), CAST($2 AS bigint))
      [Integer(1), Integer(2)]
    "#);
    insta::assert_snapshot!(both(&json!({"t": {"_nin": ["a", "$user.id"]}})), @r#"
    NOT (("t" COLLATE BINARY) IN (?, ?))
      [Text("a"), Text("u1")]
    NOT ("t" IN (CAST($1 AS text), CAST($2 AS text)))
      [Text("a"), Text("u1")]
    "#);
    insta::assert_snapshot!(both(&json!({"n": {"_nin": []}})), @r#"
    NOT (FALSE)
      []
    NOT (FALSE)
      []
    "#);
    insta::assert_snapshot!(both(&json!({"t": {"_in": "$user.roles"}})), @r#"
    (CASE WHEN (? IS NULL) THEN NULL ELSE ("t" COLLATE BINARY) IN (SELECT "value" FROM json_each(?) AS "list") END)
      [TextList(["editor", "\""]), TextList(["editor", "\""])]
    "t" = ANY(CAST($1 AS text[]))
      [TextList(["editor", "\""])]
    "#);
}

/// The column is left as it is, so that its index serves.
#[test]
fn lists_of_ids() {
    insta::assert_snapshot!(both(&json!({"t": {"_in": "$user.orgs"}})), @r#"
    (CASE WHEN (? IS NULL) THEN NULL ELSE ("t" COLLATE BINARY) IN (SELECT "value" FROM json_each(?) AS "list") END)
      [TextList(["0190B6F0-0000-7000-8000-0000000000D1"]), TextList(["0190B6F0-0000-7000-8000-0000000000D1"])]
    "t" = ANY(CAST($1 AS text[]))
      [TextList(["0190B6F0-0000-7000-8000-0000000000D1"])]
    "#);
    insta::assert_snapshot!(both(&json!({"u": {"_nin": "$user.orgs"}})), @r#"
    NOT ((CASE WHEN (? IS NULL) THEN NULL ELSE "u" IN (SELECT "value" FROM json_each(?) AS "list") END))
      [TextList(["0190b6f0-0000-7000-8000-0000000000d1"]), TextList(["0190b6f0-0000-7000-8000-0000000000d1"])]
    NOT ("u" = ANY(CAST(CAST($1 AS text[]) AS uuid[])))
      [TextList(["0190b6f0-0000-7000-8000-0000000000d1"])]
    "#);
}

#[test]
fn substrings() {
    insta::assert_snapshot!(both(&json!({"t": {"_contains": "%"}})), @r#"
    instr("t" COLLATE BINARY, ?) > 0
      [Text("%")]
    strpos("t" COLLATE "C", CAST($1 AS text)) > 0
      [Text("%")]
    "#);
    insta::assert_snapshot!(both(&json!({"t": {"_ends_with": "a"}})), @r#"
    substr("t" COLLATE BINARY, (length("t" COLLATE BINARY) - length(?)) + 1) = ?
      [Text("a"), Text("a")]
    right("t" COLLATE "C", length(CAST($1 AS text))) = CAST($2 AS text)
      [Text("a"), Text("a")]
    "#);
    insta::assert_snapshot!(both(&json!({"t": {"_starts_with": "$user.id"}})), @r#"
    substr("t" COLLATE BINARY, 1, length(?)) = ?
      [Text("u1"), Text("u1")]
    starts_with("t" COLLATE "C", CAST($1 AS text))
      [Text("u1")]
    "#);
}

#[test]
fn a_literal_prefix_is_a_range() {
    insta::assert_snapshot!(both(&json!({"t": {"_starts_with": "ab"}})), @r#"
    ("t" COLLATE BINARY) >= ? AND ("t" COLLATE BINARY) < ?
      [Text("ab"), Text("ac")]
    ("t" COLLATE "C") >= CAST($1 AS text) AND ("t" COLLATE "C") < CAST($2 AS text)
      [Text("ab"), Text("ac")]
    "#);
    insta::assert_snapshot!(both(&json!({"t": {"_starts_with": ""}})), @r#"
    ("t" COLLATE BINARY) >= ?
      [Text("")]
    ("t" COLLATE "C") >= CAST($1 AS text)
      [Text("")]
    "#);
    insta::assert_snapshot!(both(&json!({"t": {"_starts_with": "\u{10ffff}"}})), @r#"
    ("t" COLLATE BINARY) >= ?
      [Text("\u{10ffff}")]
    ("t" COLLATE "C") >= CAST($1 AS text)
      [Text("\u{10ffff}")]
    "#);
    insta::assert_snapshot!(both(&json!({"t": {"_starts_with": "a\u{d7ff}\u{10ffff}"}})), @r#"
    ("t" COLLATE BINARY) >= ? AND ("t" COLLATE BINARY) < ?
      [Text("a\u{d7ff}\u{10ffff}"), Text("a\u{e000}")]
    ("t" COLLATE "C") >= CAST($1 AS text) AND ("t" COLLATE "C") < CAST($2 AS text)
      [Text("a\u{d7ff}\u{10ffff}"), Text("a\u{e000}")]
    "#);
}

#[test]
fn null() {
    insta::assert_snapshot!(both(&json!({"j": {"_null": true}, "quo\"te": {"_null": false}})), @r#"
    "j" IS NULL AND "quo""te" IS NOT NULL
      []
    "j" IS NULL AND "quo""te" IS NOT NULL
      []
    "#);
}

#[test]
fn logic_is_parenthesised() {
    let a = json!({"b": true});
    insta::assert_snapshot!(both(&json!({"$not": {"$or": [a, {"$and": [a, a, {"$not": a}]}], "n": 1}})), @r#"
    NOT (("b" = ? OR ("b" = ? AND "b" = ? AND (NOT ("b" = ?)))) AND "n" = ?)
      [Boolean(true), Boolean(true), Boolean(true), Boolean(true), Integer(1)]
    NOT (("b" = CAST($1 AS boolean) OR ("b" = CAST($2 AS boolean) AND "b" = CAST($3 AS boolean) AND (NOT ("b" = CAST($4 AS boolean))))) AND "n" = CAST($5 AS bigint))
      [Boolean(true), Boolean(true), Boolean(true), Boolean(true), Integer(1)]
    "#);
    insta::assert_snapshot!(both(&json!({"$and": [{"$or": [a, a]}, {"$or": [a, a]}]})), @r#"
    ("b" = ? OR "b" = ?) AND ("b" = ? OR "b" = ?)
      [Boolean(true), Boolean(true), Boolean(true), Boolean(true)]
    ("b" = CAST($1 AS boolean) OR "b" = CAST($2 AS boolean)) AND ("b" = CAST($3 AS boolean) OR "b" = CAST($4 AS boolean))
      [Boolean(true), Boolean(true), Boolean(true), Boolean(true)]
    "#);
    insta::assert_snapshot!(both(&json!({})), @r#"
    TRUE
      []
    TRUE
      []
    "#);
    insta::assert_snapshot!(both(&json!({"$not": {"$or": []}})), @r#"
    NOT (FALSE)
      []
    NOT (FALSE)
      []
    "#);
}

#[test]
fn variables_become_the_type_of_the_field() {
    insta::assert_snapshot!(both(&json!({"r": "$user.id", "u": "$tenant.id", "t": "$tenant.id"})), @r#"
    "r" = ? AND ("t" COLLATE BINARY) = ? AND "u" = ?
      [Null, Text("0190B6F0-0000-7000-8000-000000000071"), Uuid(0190b6f0-0000-7000-8000-000000000071)]
    "r" = CAST($1 AS uuid) AND "t" = CAST($2 AS text) AND "u" = CAST($3 AS uuid)
      [Null, Text("0190B6F0-0000-7000-8000-000000000071"), Uuid(0190b6f0-0000-7000-8000-000000000071)]
    "#);
    insta::assert_snapshot!(both(&json!({"at": {"_gte": "$now(-1 month)"}})), @r#"
    "at" >= ?
      [Timestamp(2024-02-29T00:00:00.000000Z)]
    "at" >= CAST($1 AS timestamptz)
      [Timestamp(2024-02-29T00:00:00.000000Z)]
    "#);
}

#[test]
fn the_text_does_not_depend_on_the_subject() {
    let filter = json!({
        "t": {"_in": "$user.roles", "_neq": "$user.id", "_eq": "$org.role"},
        "u": {"_in": "$user.orgs"},
        "r": "$org.id",
        "at": "$now",
    });
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let template = template(&filter, dialect);
        let values = template.bind(&Variables::default(), &[]);
        assert!(values.iter().all(Value::is_null), "{values:?}");
        assert_eq!(values.len(), template.bind(&ann(), &[]).len());
    }
}

#[test]
fn what_no_database_takes_is_unknown() {
    let variables = Variables::default()
        .with_user_id("a\0".to_owned())
        .with_user_roles(vec!["a".to_owned(), "\0".to_owned()]);
    let filter = json!({"t": {"_in": "$user.roles", "_neq": "$user.id"}});
    let values = template(&filter, Dialect::Postgres).bind(&variables, &[]);
    assert!(values.iter().all(Value::is_null), "{values:?}");
}

#[test]
fn a_statement_mixes_all_kinds_of_values() {
    for (dialect, text) in [
        (
            Dialect::Sqlite,
            r#"SELECT "n" FROM "rows" WHERE "n" = ? AND "t" = ? AND "r" = ? ORDER BY ? ASC LIMIT ? OFFSET ?"#,
        ),
        (
            Dialect::Postgres,
            r#"SELECT "n" FROM "rows" WHERE "n" = CAST($1 AS bigint) AND "t" = CAST($2 AS text) AND "r" = CAST($3 AS uuid) ORDER BY CAST($4 AS bigint) ASC LIMIT $5 OFFSET $6"#,
        ),
    ] {
        let mut slots = Slots::new(dialect);
        let argument = slots.argument(1, Type::Integer);
        let literal = slots.value(Value::from("a"), Type::Text);
        let variable = slots
            .variable("$user.id", Type::Relation(Key::Uuid))
            .unwrap();
        let select = Query::select()
            .column("n")
            .from("rows")
            .and_where(Expr::col("n").eq(argument.clone()))
            .and_where(Expr::col("t").eq(literal))
            .and_where(Expr::col("r").eq(variable))
            .order_by_expr(argument, sea_query::Order::Asc)
            .limit(10)
            .offset(20)
            .take();
        let template = slots.finish(&select).unwrap();
        assert_eq!(template.sql().as_str(), text);
        let id = "0190b6f0-0000-7000-8000-0000000000a1";
        let values = template.bind(
            &Variables::default().with_user_id(id.to_owned()),
            &[Value::Null, Value::Integer(7)],
        );
        let uuid = Value::Uuid(id.parse().unwrap());
        let expected = [
            Value::Integer(7),
            Value::from("a"),
            uuid,
            Value::Integer(7),
            Value::Integer(10),
            Value::Integer(20),
        ];
        assert_eq!(values, expected);
    }
}

#[test]
fn variables_that_do_not_fit_have_no_slot() {
    let mut slots = Slots::new(Dialect::Sqlite);
    assert!(slots.variable("$user.idd", Type::Text).is_none());
    assert!(slots.variable("$user.id", Type::Integer).is_none());
    assert!(slots.variable("$user.roles", Type::Text).is_none());
}

#[test]
fn a_list_is_one_value() {
    let mut slots = Slots::new(Dialect::Sqlite);
    let list = slots.text_list_argument(0);
    let found = slots.is_any_of(Expr::col("t"), list);
    let template = slots.finish(&Query::select().expr(found).take()).unwrap();
    insta::assert_snapshot!(template.sql().as_str(), @r#"
    SELECT (CASE WHEN (? IS NULL) THEN NULL ELSE "t" IN (SELECT "value" FROM json_each(?) AS "list") END)
    "#);

    let mut slots = Slots::new(Dialect::Postgres);
    let list = slots.text_list(vec!["a".to_owned()]);
    let found = slots.is_any_of(Expr::col("t"), list);
    let template = slots.finish(&Query::select().expr(found).take()).unwrap();
    insta::assert_snapshot!(template.sql().as_str(), @r#"
    SELECT "t" = ANY(CAST($1 AS text[]))
    "#);
}

#[test]
fn values_from_elsewhere_are_refused() {
    let foreign = [
        Expr::val("x"),
        Expr::val(1_i64),
        Expr::val(1_i32),
        Expr::val(u64::MAX),
    ];
    for value in foreign {
        let select = Query::select().expr(value).take();
        let refused = Slots::new(Dialect::Postgres).finish(&select);
        assert_eq!(refused.unwrap_err(), SqlError::ForeignValue);
    }
    let mut other = Slots::new(Dialect::Postgres);
    let select = Query::select().expr(other.argument(0, Type::Text)).take();
    let refused = Slots::new(Dialect::Postgres).finish(&select);
    assert_eq!(refused.unwrap_err(), SqlError::ForeignValue);
}

#[test]
fn too_many_values_are_refused() {
    let count = |count: usize, dialect| {
        let mut slots = Slots::new(dialect);
        let values: Vec<_> = (0..count)
            .map(|index| slots.argument(index, Type::Integer))
            .collect();
        slots.finish(&Query::select().exprs(values).take())
    };
    assert!(count(32_766, Dialect::Sqlite).is_ok());
    assert_eq!(
        count(32_767, Dialect::Sqlite).unwrap_err(),
        SqlError::TooManyValues
    );
    assert!(count(65_535, Dialect::Postgres).is_ok());
    assert_eq!(
        count(65_536, Dialect::Postgres).unwrap_err(),
        SqlError::TooManyValues
    );
}

#[test]
fn a_field_without_a_column_is_an_error() {
    struct OnlyN;
    impl Columns for OnlyN {
        fn column(&self, field: &str) -> Option<Expr> {
            (field == "n").then(|| Expr::col(Alias::new(field)))
        }
    }
    let condition = Condition::parse(&json!({"n": 1, "t": "a"}), &fields()).unwrap();
    let refused = condition.to_sql(&OnlyN, &mut Slots::new(Dialect::Sqlite));
    assert_eq!(refused, Err(SqlError::UnknownColumn("t".to_owned())));
}

#[test]
fn a_guarded_field_is_unknown_where_the_guard_does_not_hold() {
    struct OwnOnly;
    impl Columns for OwnOnly {
        fn column(&self, field: &str) -> Option<Expr> {
            Some(Expr::col(Alias::new(field)))
        }

        fn guard(&self, field: &str, slots: &mut Slots) -> Result<Option<Expr>, SqlError> {
            let user = slots.variable("$user.id", Type::Relation(Key::Uuid));
            Ok(user
                .filter(|_| field == "n")
                .map(|user| Expr::col("r").eq(user)))
        }
    }
    let filter = json!({"n": {"_null": true}, "t": "a"});
    let condition = Condition::parse(&filter, &fields()).unwrap();
    let mut slots = Slots::new(Dialect::Postgres);
    let condition = condition.to_sql(&OwnOnly, &mut slots).unwrap();
    let template = slots
        .finish(&Query::select().expr(condition).take())
        .unwrap();
    insta::assert_snapshot!(template.sql().as_str(), @r#"
    SELECT (CASE WHEN ("r" = CAST($1 AS uuid)) THEN "n" IS NULL END) AND "t" = CAST($2 AS text)
    "#);
    assert_eq!(template.bind(&Variables::default(), &[]).len(), 2);
}
