//! The condition language: parse, match, write SQL, bind.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark reports by panicking"
)]

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sea_query::{Alias, Expr, Query};
use serde_json::json;
use workeros_dsl::sql::{Columns, Slots};
use workeros_dsl::{Condition, Dialect, Timestamp, Type, Value, Variables};

struct Plain;

impl Columns for Plain {
    fn column(&self, field: &str) -> Option<Expr> {
        Some(Expr::col(Alias::new(field)))
    }
}

fn fields() -> BTreeMap<String, Type> {
    let fields = [
        ("title", Type::Text),
        ("status", Type::Text),
        ("views", Type::Integer),
        ("owner", Type::Text),
        ("at", Type::Timestamp),
    ];
    fields.map(|(name, ty)| (name.to_owned(), ty)).into()
}

/// What a permission row of an application looks like.
const FILTER: &str = r#"{"$or": [
    {"owner": {"_eq": "$user.id"}},
    {"$and": [
        {"status": {"_in": ["published", "featured"]}},
        {"at": {"_lte": "$now"}},
        {"views": {"_gt": 10, "_lt": 10000}},
        {"$not": {"title": {"_contains": "secret"}}}
    ]}
]}"#;

fn language(criterion: &mut Criterion) {
    let fields = fields();
    let condition = Condition::parse_str(FILTER, &fields).unwrap();
    let variables = Variables::default()
        .with_user_id("u1".to_owned())
        .with_now(Timestamp::parse("2024-06-01").unwrap());
    let row: BTreeMap<String, Value> = [
        ("title", Value::from("A title of some length")),
        ("status", "published".into()),
        ("views", 100_i64.into()),
        ("owner", "u2".into()),
        ("at", Timestamp::parse("2024-01-01").unwrap().into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    assert!(condition.matches(&row, &variables));

    criterion.bench_function("parse and check", |bencher| {
        bencher.iter(|| Condition::parse_str(black_box(FILTER), &fields).unwrap());
    });
    let json = serde_json::from_str(FILTER).unwrap();
    criterion.bench_function("check what is parsed as JSON", |bencher| {
        bencher.iter(|| Condition::parse(black_box(&json), &fields).unwrap());
    });
    let json = json!({"status": {"_eq": "published"}});
    criterion.bench_function("check one comparison", |bencher| {
        bencher.iter(|| Condition::parse(black_box(&json), &fields).unwrap());
    });
    criterion.bench_function("match a row", |bencher| {
        bencher.iter(|| condition.matches(black_box(&row), &variables));
    });
    for (name, dialect) in [("sqlite", Dialect::Sqlite), ("postgres", Dialect::Postgres)] {
        let write = || {
            let mut slots = Slots::new(dialect);
            let condition = condition.to_sql(&Plain, &mut slots).unwrap();
            let select = Query::select()
                .expr(Expr::cust("1"))
                .and_where(condition)
                .take();
            slots.finish(&select).unwrap()
        };
        criterion.bench_function(&format!("write SQL, {name}"), |bencher| bencher.iter(write));
        let template = write();
        criterion.bench_function(&format!("bind, {name}"), |bencher| {
            bencher.iter(|| template.bind(black_box(&variables), &[]));
        });
    }
}

criterion_group!(benches, language);
criterion_main!(benches);
