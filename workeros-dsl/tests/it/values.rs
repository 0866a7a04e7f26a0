//! Values as they are written to fields, and back.

use serde_json::{Value as Json, json};
use workeros_dsl::{FilterErrorCode, Key, Type, Value};

#[track_caller]
fn check(ty: Type, json: &Json, expected: Value) {
    assert_eq!(ty.value_from_json(json), Ok(expected), "{ty} {json}");
}

#[track_caller]
fn refuse(ty: Type, json: &Json, code: FilterErrorCode) {
    let error = ty.value_from_json(json).unwrap_err();
    assert_eq!(error.code(), code, "{ty} {json}: {error}");
}

#[test]
fn values_are_normalised() {
    let uuid = "0190b6f0-0000-7000-8000-0000000000a1"
        .parse()
        .map(Value::Uuid)
        .unwrap();
    check(Type::Text, &json!("$user.id"), Value::from("$user.id"));
    check(Type::Integer, &json!(10.0), Value::Integer(10));
    check(
        Type::Integer,
        &json!(9_007_199_254_740_993_i64),
        Value::Integer(9_007_199_254_740_993),
    );
    check(Type::Integer, &json!(i64::MIN), Value::Integer(i64::MIN));
    check(
        Type::Number,
        &json!(u64::MAX),
        Value::Number(18_446_744_073_709_551_615.0),
    );
    check(
        Type::Json,
        &json!({"b": [1, null]}),
        Value::Json("{\"b\":[1,null]}".to_owned()),
    );
    check(Type::Json, &json!("x"), Value::Json("\"x\"".to_owned()));
    check(
        Type::Uuid,
        &json!("0190B6F0-0000-7000-8000-0000000000A1"),
        uuid,
    );
    check(Type::Relation(Key::Integer), &json!(7), Value::Integer(7));
    check(Type::Relation(Key::Text), &json!("x"), Value::from("x"));
}

#[test]
fn null_is_null_for_every_type() {
    for ty in [
        Type::Text,
        Type::Json,
        Type::Boolean,
        Type::Relation(Key::Uuid),
    ] {
        check(ty, &Json::Null, Value::Null);
        assert_eq!(ty.value_to_json(&Value::Null), Json::Null);
    }
}

#[test]
fn nothing_is_coerced() {
    refuse(Type::Text, &json!(1), FilterErrorCode::TypeMismatch);
    refuse(Type::Integer, &json!("1"), FilterErrorCode::TypeMismatch);
    refuse(Type::Integer, &json!(1.5), FilterErrorCode::InvalidValue);
    refuse(
        Type::Integer,
        &json!(9_007_199_254_740_994.0),
        FilterErrorCode::InvalidValue,
    );
    refuse(
        Type::Integer,
        &json!(u64::MAX),
        FilterErrorCode::InvalidValue,
    );
    refuse(Type::Boolean, &json!(0), FilterErrorCode::TypeMismatch);
    refuse(
        Type::Uuid,
        &json!("0190b6f0000070008000000000000001"),
        FilterErrorCode::InvalidValue,
    );
    refuse(
        Type::Uuid,
        &json!("{0190b6f0-0000-7000-8000-00000000000}"),
        FilterErrorCode::InvalidValue,
    );
    refuse(
        Type::Relation(Key::Integer),
        &json!("7"),
        FilterErrorCode::TypeMismatch,
    );
}

#[test]
fn no_value_holds_u0000() {
    refuse(Type::Longtext, &json!("a\0"), FilterErrorCode::InvalidValue);
    refuse(Type::Json, &json!(["\0"]), FilterErrorCode::InvalidValue);
    refuse(
        Type::Json,
        &json!({"a": {"\0": 1}}),
        FilterErrorCode::InvalidValue,
    );
    check(
        Type::Json,
        &json!("\\u0000"),
        Value::Json("\"\\\\u0000\"".to_owned()),
    );
}

#[test]
fn numbers_keep_every_bit() {
    for text in [
        "0.1",
        "0.30000000000000004",
        "5e-324",
        "1.7976931348623157e308",
        "123456789.12345679",
        "-0.0",
    ] {
        let json: Json = serde_json::from_str(text).unwrap();
        let exact: f64 = text.parse().unwrap();
        let Ok(Value::Number(number)) = Type::Number.value_from_json(&json) else {
            panic!("{text}");
        };
        assert_eq!(number.to_bits(), exact.to_bits(), "{text}");
        let again = Type::Number
            .value_to_json(&Value::Number(number))
            .to_string();
        assert_eq!(
            again.parse::<f64>().unwrap().to_bits(),
            exact.to_bits(),
            "{text}"
        );
    }
}

#[test]
fn values_come_back_as_json() {
    let table = [
        (Type::Boolean, Value::Boolean(true), json!(true)),
        (Type::Boolean, Value::Integer(1), json!(true)),
        (Type::Integer, Value::Integer(i64::MAX), json!(i64::MAX)),
        (
            Type::Json,
            Value::Json("{\"a\":1}".to_owned()),
            json!({"a": 1}),
        ),
        (
            Type::Uuid,
            Value::Uuid(uuid::Uuid::nil()),
            json!("00000000-0000-0000-0000-000000000000"),
        ),
        (
            Type::Timestamp,
            Type::Timestamp
                .value_from_json(&json!("2024-06-01"))
                .unwrap(),
            json!("2024-06-01T00:00:00.000000Z"),
        ),
    ];
    for (ty, value, json) in table {
        assert_eq!(ty.value_to_json(&value), json);
    }
}
