//! Timestamps: what is read, and arithmetic from `$now`.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use workeros_dsl::{Condition, Timestamp, Type, Value, Variables};

#[test]
fn accepted_forms_are_one_instant_at_microseconds() {
    let table = [
        ("2024-06-01", "2024-06-01T00:00:00.000000Z"),
        ("2024-06-01T12:00:00Z", "2024-06-01T12:00:00.000000Z"),
        ("2024-06-01T14:30:00+02:30", "2024-06-01T12:00:00.000000Z"),
        ("2024-06-01T12:00:00-00:00", "2024-06-01T12:00:00.000000Z"),
        ("2024-12-31T23:30:00-01:00", "2025-01-01T00:30:00.000000Z"),
        ("2024-06-01T12:00:00.5Z", "2024-06-01T12:00:00.500000Z"),
        (
            "2024-06-01T12:00:00.9999999Z",
            "2024-06-01T12:00:00.999999Z",
        ),
        (
            "1969-12-31T23:59:59.9999999Z",
            "1969-12-31T23:59:59.999999Z",
        ),
        ("0001-01-01", "0001-01-01T00:00:00.000000Z"),
        (
            "9999-12-31T23:59:59.999999999Z",
            "9999-12-31T23:59:59.999999Z",
        ),
        ("2000-02-29", "2000-02-29T00:00:00.000000Z"),
    ];
    for (text, canonical) in table {
        let timestamp = Timestamp::parse(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(timestamp.to_string(), canonical);
        assert_eq!(Timestamp::parse(canonical), Some(timestamp));
        assert_eq!(Timestamp::from_micros(timestamp.micros()), Some(timestamp));
    }
}

#[test]
fn everything_else_is_refused() {
    let table = [
        "",
        "2024",
        "2024-6-1",
        "2024-06-31",
        "1900-02-29",
        "0000-01-01",
        "10000-01-01",
        "-2024-06-01",
        "2024-06-01T",
        "2024-06-01T12",
        "2024-06-01T12:00Z",
        "2024-06-01T12:00:00",
        "2024-06-01 12:00:00Z",
        "2024-06-01T12:00:00 Z",
        "2024-06-01T12:00:00z",
        "2024-06-01t12:00:00Z",
        "2024-06-01T24:00:00Z",
        "2024-06-01T23:60:00Z",
        "2024-06-01T23:59:60Z",
        "2024-06-01T12:00:00.Z",
        "2024-06-01T12:00:00,5Z",
        "2024-06-01T12:00:00+2:00",
        "2024-06-01T12:00:00+0200",
        "2024-06-01T12:00:00+24:00",
        "2024-06-01T12:00:00+00:60",
        "2024-06-01T12:00:00ZZ",
        "2024-06-01Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "２024-06-01",
    ];
    for text in table {
        assert_eq!(Timestamp::parse(text), None, "{text}");
    }
}

#[test]
fn arithmetic_stays_in_range() {
    assert_eq!(Timestamp::from_micros(i64::MIN), None);
    assert_eq!(Timestamp::from_micros(Timestamp::MAX.micros() + 1), None);
    assert_eq!(
        Timestamp::MAX.saturating_add_micros(i64::MAX),
        Timestamp::MAX
    );
    assert_eq!(
        Timestamp::MIN.saturating_add_micros(i64::MIN),
        Timestamp::MIN
    );
    assert_eq!(Timestamp::MIN.to_string(), "0001-01-01T00:00:00.000000Z");
    assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999999Z");
}

/// Whether the operand, taken at `now`, is `expected`; `None` is unknown.
#[track_caller]
fn check(operand: &Json, now: &str, expected: Option<&str>) {
    let fields = BTreeMap::from([("at".to_owned(), Type::Timestamp)]);
    let condition = Condition::parse(&json!({"at": {"_eq": operand}}), &fields).unwrap();
    let variables = Variables::default().with_now(Timestamp::parse(now));
    let row = |at: &str| BTreeMap::from([("at".to_owned(), Value::from(Timestamp::parse(at)))]);
    match expected {
        Some(expected) => assert!(condition.matches(&row(expected), &variables), "{operand}"),
        None => {
            let not = Condition::parse(&json!({"$not": condition.to_json()}), &fields).unwrap();
            assert!(
                !condition.matches(&row("2024-01-01"), &variables),
                "{operand}"
            );
            assert!(!not.matches(&row("2024-01-01"), &variables), "{operand}");
        }
    }
}

#[test]
fn now_takes_an_offset() {
    let noon = "2024-06-01T12:00:00.000001Z";
    check(&json!("$now"), noon, Some(noon));
    check(
        &json!("$now(-30 days)"),
        noon,
        Some("2024-05-02T12:00:00.000001Z"),
    );
    check(
        &json!("$NOW(-1 day)"),
        noon,
        Some("2024-05-31T12:00:00.000001Z"),
    );
    check(
        &json!("$now(+2 weeks)"),
        noon,
        Some("2024-06-15T12:00:00.000001Z"),
    );
    check(
        &json!("$now( 90 seconds )"),
        noon,
        Some("2024-06-01T12:01:30.000001Z"),
    );
    let mixed = json!({"$now": {"sub": {"years": 1, "months": 1, "hours": 13, "minutes": 1}}});
    check(&mixed, noon, Some("2023-04-30T22:59:00.000001Z"));
}

#[test]
fn the_end_of_a_month_is_held() {
    let month = |direction: &str, months: u32| json!({"$now": {direction: {"months": months}}});
    check(&month("add", 1), "2023-01-31", Some("2023-02-28"));
    check(&month("add", 1), "2024-01-31", Some("2024-02-29"));
    check(
        &month("sub", 1),
        "2024-03-31T10:00:00Z",
        Some("2024-02-29T10:00:00Z"),
    );
    check(&month("sub", 12), "2024-02-29", Some("2023-02-28"));
    check(&json!("$now(-1 year)"), "2024-02-29", Some("2023-02-28"));
    check(
        &month("add", 11),
        "1969-12-31T01:00:00Z",
        Some("1970-11-30T01:00:00Z"),
    );
}

#[test]
fn an_instant_out_of_range_is_unknown() {
    check(&json!("$now(+1 day)"), "9999-12-31", None);
    check(&json!("$now(-1 month)"), "0001-01-31", None);
    for unit in ["years", "months", "weeks", "seconds"] {
        check(
            &json!({"$now": {"add": {unit: u32::MAX}}}),
            "9999-01-01",
            None,
        );
    }
}
