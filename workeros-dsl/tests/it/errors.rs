//! What is refused, where the error points, what it says, and within which
//! limits.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use workeros_dsl::{Condition, FilterError, FilterErrorCode, Key, Type};

fn fields() -> BTreeMap<String, Type> {
    [
        ("title", Type::Text),
        ("views", Type::Integer),
        ("score", Type::Number),
        ("open", Type::Boolean),
        ("meta", Type::Json),
        ("at", Type::Timestamp),
        ("key", Type::Uuid),
        ("owner", Type::Relation(Key::Uuid)),
        ("number", Type::Relation(Key::Integer)),
        ("a/b~c", Type::Text),
    ]
    .map(|(name, ty)| (name.to_owned(), ty))
    .into()
}

fn refuse(filter: &Json) -> FilterError {
    match Condition::parse(filter, &fields()) {
        Ok(condition) => panic!("{filter} was taken as {condition:?}"),
        Err(error) => error,
    }
}

fn refuse_str(filter: &str) -> FilterError {
    Condition::parse_str(filter, &fields()).unwrap_err()
}

#[track_caller]
fn check(filter: &Json, code: &str, pointer: &str) {
    let error = refuse(filter);
    let found = (error.code.as_str(), error.pointer.as_str());
    assert_eq!(found, (code, pointer), "{filter}");
}

#[test]
fn errors_point_at_the_fault() {
    let table = [
        (json!([]), "invalid_filter", ""),
        (json!({"title": {}}), "invalid_filter", "/title"),
        (json!({"$and": {}}), "invalid_filter", "/$and"),
        (
            json!({"_or": [{"open": true}, 1]}),
            "invalid_filter",
            "/_or/1",
        ),
        (
            json!({"$not": {"$or": [{}]}}),
            "invalid_filter",
            "/$not/$or/0",
        ),
        (
            json!({"$or": [{"nope": 1}]}),
            "unknown_field",
            "/$or/0/nope",
        ),
        (json!({"title.x": 1}), "unknown_field", "/title.x"),
        (json!({"owner.name": 1}), "unknown_field", "/owner.name"),
        (json!({"$xor": []}), "unknown_operator", "/$xor"),
        (json!({"_id": 1}), "unknown_operator", "/_id"),
        (
            json!({"title": {"_like": "x"}}),
            "unknown_operator",
            "/title/_like",
        ),
        (
            json!({"meta": {"a": {"_eq": 1}}}),
            "unknown_operator",
            "/meta/a",
        ),
        (
            json!({"owner": {"name": "x"}}),
            "unknown_operator",
            "/owner/name",
        ),
        (
            json!({"at": {"$now": {"sub": {"days": 1}}}}),
            "unknown_operator",
            "/at/$now",
        ),
        (
            json!({"open": {"_gt": true}}),
            "operator_not_allowed",
            "/open/_gt",
        ),
        (
            json!({"open": {"_between": [1, 2]}}),
            "operator_not_allowed",
            "/open/_between",
        ),
        (
            json!({"views": {"_empty": true}}),
            "operator_not_allowed",
            "/views/_empty",
        ),
        (json!({"meta": 1}), "operator_not_allowed", "/meta"),
        (json!({"meta": [1]}), "operator_not_allowed", "/meta"),
        (json!({"title": {"_eq": 1}}), "type_mismatch", "/title/_eq"),
        (json!({"title": 1}), "type_mismatch", "/title"),
        (json!({"number": "x"}), "type_mismatch", "/number"),
        (
            json!({"views": {"_in": [1, [2]]}}),
            "type_mismatch",
            "/views/_in/1",
        ),
        (json!({"title": "$user.roles"}), "type_mismatch", "/title"),
        (json!({"owner": "$user.orgs"}), "type_mismatch", "/owner"),
        (
            json!({"owner": {"_in": ["$user.orgs"]}}),
            "type_mismatch",
            "/owner/_in/0",
        ),
        (
            json!({"views": {"_in": "$user.orgs"}}),
            "type_mismatch",
            "/views/_in",
        ),
        (
            json!({"views": {"_eq": "$org.id"}}),
            "type_mismatch",
            "/views/_eq",
        ),
        (
            json!({"key": {"_eq": "$org.role"}}),
            "type_mismatch",
            "/key/_eq",
        ),
        (json!({"title": "$org.name"}), "unknown_variable", "/title"),
        (json!({"title": "$org"}), "unknown_variable", "/title"),
        (
            json!({"number": {"_in": "$user.roles"}}),
            "type_mismatch",
            "/number/_in",
        ),
        (
            json!({"views": {"_nnull": 1}}),
            "type_mismatch",
            "/views/_nnull",
        ),
        (
            json!({"views": {"_between": 1}}),
            "type_mismatch",
            "/views/_between",
        ),
        (
            json!({"views": {"_between": [1, "x"]}}),
            "type_mismatch",
            "/views/_between/1",
        ),
        (json!({"views": "$now(-1 day)"}), "type_mismatch", "/views"),
        (
            json!({"at": {"_gt": {"sub": {"days": 1}}}}),
            "type_mismatch",
            "/at/_gt",
        ),
        (
            json!({"views": {"_gt": {"$now": {"sub": {"days": 1}}}}}),
            "type_mismatch",
            "/views/_gt/$now",
        ),
        (
            json!({"views": {"_between": [1]}}),
            "invalid_value",
            "/views/_between",
        ),
        (
            json!({"score": {"_in": [0, 1.5], "_eq": "x"}}),
            "type_mismatch",
            "/score/_eq",
        ),
        (json!({"key": "$$x"}), "invalid_value", "/key"),
        (json!({"a/b~c": "\0"}), "invalid_value", "/a~1b~0c"),
        (json!({"at": "$now(30 fortnights)"}), "invalid_value", "/at"),
        (json!({"at": "$now(days)"}), "invalid_value", "/at"),
        (json!({"at": "$now(-1.5 days)"}), "invalid_value", "/at"),
        (json!({"at": "$now(- -1 days)"}), "invalid_value", "/at"),
        (
            json!({"at": {"_gt": {"$now": {"sub": {"days": -1}}}}}),
            "invalid_value",
            "/at/_gt/$now",
        ),
        (
            json!({"at": {"_gt": {"$now": {"sub": {}}}}}),
            "invalid_value",
            "/at/_gt/$now",
        ),
        (
            json!({"at": {"_gt": {"$now": {}}}}),
            "invalid_value",
            "/at/_gt/$now",
        ),
        (
            json!({"at": {"_gt": {"$now": {"sub": {"days": 1}, "add": {"days": 1}}}}}),
            "invalid_value",
            "/at/_gt/$now",
        ),
        (
            json!({"at": {"_lt": {"$then": 1}}}),
            "unknown_variable",
            "/at/_lt",
        ),
        (json!({"at": "$Now"}), "unknown_variable", "/at"),
        (json!({"at": "$now(1 day"}), "unknown_variable", "/at"),
        (
            json!({"title": {"_in": "$roles"}}),
            "unknown_variable",
            "/title/_in",
        ),
        (json!({"title": null}), "null_operand", "/title"),
        (
            json!({"title": {"_in": null}}),
            "null_operand",
            "/title/_in",
        ),
        (
            json!({"views": {"_between": [1, null]}}),
            "null_operand",
            "/views/_between/1",
        ),
    ];
    for (filter, code, pointer) in table {
        check(&filter, code, pointer);
    }
}

#[test]
fn messages_say_what_to_do() {
    let filters = [
        json!({"title": null}),
        json!({"nope": 1}),
        json!({"title": {"like": "x"}}),
        json!({"owner": {"_gt": "x"}}),
        json!({"title": "$user.name"}),
        json!({"views": "$user.id"}),
        json!({"views": "10"}),
        json!({"views": 1.5}),
        json!({"at": "yesterday"}),
        json!({"at": "$now(yesterday)"}),
        json!({"key": "1"}),
        json!({"views": {"_in": 1}}),
        json!({"$or": [{}]}),
        json!({"title": {}}),
    ];
    let messages: Vec<_> = filters
        .iter()
        .map(|filter| refuse(filter).to_string())
        .collect();
    insta::assert_snapshot!(messages.join("\n"), @r#"
    `null` cannot be compared; use `_null` (at `/title`)
    `nope` is not a field (at `/nope`)
    `like` is not an operator (at `/title/like`)
    a field of type `relation` has no `_gt`; use one of `_eq`, `_neq`, `_in`, `_nin`, `_null` (at `/owner/_gt`)
    `$user.name` is not a variable; write `$$` for a literal `$` at the start (at `/title`)
    `$user.id` cannot be compared with a field of type `integer` here (at `/views`)
    expected an integer (at `/views`)
    expected a 64-bit integer (at `/views`)
    expected a timestamp such as `2024-06-01T12:00:00Z` or `2024-06-01` (at `/at`)
    expected an offset such as `{"sub": {"days": 30}}` or `$now(-30 days)` (at `/at`)
    expected a UUID with hyphens (at `/key`)
    expected an array, `$user.roles` or `$user.orgs` (at `/views/_in`)
    an empty object says nothing here; leave it out (at `/$or/0`)
    expected an operator such as `_eq` (at `/title`)
    "#);
}

#[test]
fn text_that_is_not_json_has_its_own_code() {
    for text in [
        "",
        "{",
        "{} {}",
        "{'a': 1}",
        "{\"title\": \"\\ud800\"}",
        "nul",
        "[1,]",
    ] {
        let error = refuse_str(text);
        assert_eq!(error.code, FilterErrorCode::MalformedJson, "{text}");
    }
    insta::assert_snapshot!(refuse_str("{\"title\": }"), @r#"
    the filter is not JSON from line 1 column 11 on
    "#);
}

#[test]
fn a_key_may_not_stand_twice() {
    let table = [
        (r#"{"title": "a", "title": "b"}"#, "/title"),
        (r#"{"title": "a", "\u0074itle": "b"}"#, "/title"),
        (r#"{"views": {"_gt": 1, "_gt": 2}}"#, "/views/_gt"),
        (
            r#"{"$or": [{"open": true}, {"open": true, "open": false}]}"#,
            "/$or/1/open",
        ),
        (
            r#"{"at": {"_gt": {"$now": {"sub": {"days": 1, "days": 2}}}}}"#,
            "/at/_gt/$now/sub/days",
        ),
        (r#"{"nope": {"x": {"y": 1, "y": 1}}}"#, "/nope/x/y"),
    ];
    for (filter, pointer) in table {
        let error = refuse_str(filter);
        assert_eq!(error.code, FilterErrorCode::InvalidFilter, "{filter}");
        assert_eq!(error.pointer, pointer, "{filter}");
    }
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    for (open, close) in [
        ("[", "]"),
        ("{\"$not\":", "}"),
        ("{\"$and\":[", "]}"),
        ("{\"owner\":", "}"),
    ] {
        for depth in [64, 65, 127, 128, 129, 6_000] {
            let filter = [open.repeat(depth), "1".to_owned(), close.repeat(depth)].concat();
            let error = refuse_str(&filter);
            let shallow = depth == 64 && matches!(open, "[" | "{\"owner\":");
            if !shallow {
                assert_eq!(error.code, FilterErrorCode::LimitExceeded, "{open} {depth}");
            }
        }
    }
    let unclosed = refuse_str(&"[".repeat(10_000));
    assert_eq!(unclosed.code, FilterErrorCode::LimitExceeded);
}

#[test]
fn a_value_nested_deep_is_an_error() {
    let mut filter = json!({"open": true});
    for _ in 0..10_000 {
        filter = Json::from_iter([("$not", filter)]);
    }
    assert_eq!(refuse(&filter).code, FilterErrorCode::LimitExceeded);
    // Dropping it the usual way would overflow the stack of the test.
    while let Some(inner) = filter.get_mut("$not").map(Json::take) {
        filter = inner;
    }
}

fn taken(filter: &Json) -> bool {
    match Condition::parse(filter, &fields()) {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.code, FilterErrorCode::LimitExceeded, "{error}");
            false
        }
    }
}

fn nested(depth: usize, inner: Json) -> Json {
    (0..depth).fold(inner, |filter, _| json!({ "$not": filter }))
}

#[test]
fn limits_are_exact() {
    assert!(taken(&nested(16, json!({"open": true, "views": 1}))));
    assert!(!taken(&nested(17, json!({"open": true}))));

    let conditions =
        |count| Json::from_iter([("$or", Json::from(vec![json!({"open": true}); count]))]);
    assert!(taken(&conditions(256)));
    assert!(!taken(&conditions(257)));

    assert!(taken(&json!({"views": vec![1; 1000]})));
    assert!(!taken(&json!({"views": vec![1; 1001]})));

    assert!(taken(&json!({"title": "x".repeat(8192)})));
    let escaped = ["$$", &"x".repeat(8191)].concat();
    assert!(taken(&json!({ "title": escaped })));
    assert!(!taken(&json!({"title": "x".repeat(8193)})));
    assert!(!taken(&json!({"title": "é".repeat(4097)})));
}

#[test]
fn conveniences_count_as_what_they_stand_for() {
    let empty = |count| {
        Json::from_iter([(
            "$or",
            Json::from(vec![json!({"title": {"_empty": true}}); count]),
        )])
    };
    assert!(taken(&empty(128)));
    assert!(!taken(&empty(129)));

    let between_twice = json!({"views": {"_gte": 1, "_between": [0, 5]}});
    assert!(taken(&nested(15, between_twice.clone())));
    assert!(!taken(&nested(16, between_twice)));
    assert!(taken(&nested(16, json!({"views": {"_between": [0, 5]}}))));
    assert!(taken(&nested(15, json!({"title": {"_empty": true}}))));
    assert!(!taken(&nested(16, json!({"title": {"_empty": true}}))));
}

#[test]
fn text_is_limited_to_64_kib() {
    let filter = json!({"open": true}).to_string();
    let padded = |length: usize| {
        [&filter, &" ".repeat(length - filter.len())]
            .map(String::as_str)
            .concat()
    };
    assert!(Condition::parse_str(&padded(65_536), &fields()).is_ok());
    assert_eq!(
        refuse_str(&padded(65_537)).code,
        FilterErrorCode::LimitExceeded
    );
}
