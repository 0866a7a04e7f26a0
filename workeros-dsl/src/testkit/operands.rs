//! Random JSON values of each type, small in number so that they meet.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

use crate::types::Kind;
use crate::{Timestamp, Type};

/// A value as a client would write it.
pub(super) fn value(ty: Type) -> BoxedStrategy<Json> {
    match ty.kind() {
        Kind::Text => text().prop_map(Json::from).boxed(),
        Kind::Integer => integer(),
        Kind::Number => number(),
        Kind::Boolean => any::<bool>().prop_map(Json::from).boxed(),
        Kind::Json => document(),
        Kind::Timestamp => timestamp(),
        Kind::Uuid => uuid().prop_map(Json::from).boxed(),
    }
}

pub(super) fn text() -> BoxedStrategy<String> {
    const TEXTS: [&str; 40] = [
        "",
        " ",
        "a",
        "A",
        "ab",
        "aB",
        "alpha",
        "Alpha",
        "ALPHA beta",
        " alpha",
        "alpha ",
        "%",
        "a%b",
        "_",
        "a_b",
        "axb",
        "\\",
        "a\\b",
        "'",
        "\"",
        "[a-c]*?",
        "$",
        "$user.id",
        "$$x",
        "u1",
        "u2",
        "10",
        "9",
        "true",
        "null",
        "é",
        "e\u{301}",
        "ß",
        "ss",
        "😀",
        "～",
        "a\n",
        "\u{d7ff}",
        "a\u{10ffff}",
        "\u{10ffff}",
    ];
    prop_oneof![
        6 => select(&TEXTS[..]).prop_map(str::to_owned),
        1 => proptest::collection::vec(character(), 0..4)
            .prop_map(|characters| characters.into_iter().collect()),
    ]
    .boxed()
}

fn character() -> impl Strategy<Value = char> {
    any::<char>().prop_map(|character| if character == '\0' { 'a' } else { character })
}

fn integer() -> BoxedStrategy<Json> {
    let edges = [
        json!(0),
        json!(1),
        json!(-1),
        json!(10),
        json!(10.0),
        json!(1e3),
        json!(9_007_199_254_740_992_i64),
        json!(9_007_199_254_740_993_i64),
        json!(i64::MAX),
        json!(i64::MAX - 1),
        json!(i64::MIN),
    ];
    prop_oneof![4 => select(edges.to_vec()), 1 => any::<i64>().prop_map(Json::from)].boxed()
}

fn number() -> BoxedStrategy<Json> {
    let edges = [
        json!(0),
        json!(-0.0),
        json!(1),
        json!(1.5),
        json!(-2),
        json!(0.1),
        json!(0.3),
        json!(0.1 + 0.2),
        json!(1e308),
        json!(5e-324),
        json!(9_007_199_254_740_992_i64),
        json!(9_007_199_254_740_993_i64),
        json!(u64::MAX),
    ];
    prop_oneof![
        4 => select(edges.to_vec()),
        1 => proptest::num::f64::NORMAL.prop_map(Json::from),
    ]
    .boxed()
}

fn document() -> BoxedStrategy<Json> {
    let documents = [
        json!({}),
        json!([]),
        json!(0),
        json!(false),
        json!(""),
        json!({"a": null}),
    ];
    select(documents.to_vec()).boxed()
}

fn timestamp() -> BoxedStrategy<Json> {
    const TIMESTAMPS: [&str; 12] = [
        "2024-06-01",
        "2024-06-01T00:00:00Z",
        "2024-06-01T12:00:00Z",
        "2024-06-01T14:00:00+02:00",
        "2024-06-01T12:00:00.000001Z",
        "2024-06-01T12:00:00.0000019Z",
        "2024-05-31T23:30:00-00:30",
        "2024-02-29",
        "1969-12-31T23:59:59.999999Z",
        "0001-01-01",
        "0999-12-31T23:59:59.5Z",
        "9999-12-31T23:59:59.999999999Z",
    ];
    prop_oneof![
        4 => select(&TIMESTAMPS[..]).prop_map(Json::from),
        1 => (Timestamp::MIN.micros()..=Timestamp::MAX.micros())
            .prop_filter_map("in range", Timestamp::from_micros)
            .prop_map(|timestamp| Json::from(timestamp.to_string())),
    ]
    .boxed()
}

pub(super) fn uuid() -> BoxedStrategy<String> {
    const UUIDS: [&str; 6] = [
        "00000000-0000-0000-0000-000000000000",
        "0190b6f0-0000-7000-8000-000000000001",
        "0190B6F0-0000-7000-8000-000000000001",
        "0190b6f0-0000-7000-8000-0000000000a1",
        "0190B6F0-0000-7000-8000-0000000000A1",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ];
    select(&UUIDS[..]).prop_map(str::to_owned).boxed()
}
