//! What holds for every filter.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use workeros_dsl::testkit::{Fields, Row, Table, tables};
use workeros_dsl::{Condition, Truth, Type, Variables};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Replacing what is unknown by anything never takes back a TRUE: an
    /// absent user can only hide rows.
    #[test]
    fn unknown_never_grants(table in tables(4, 8), bits in any::<u64>()) {
        for question in &table.questions {
            let condition = parse(&question.filter, &table);
            for row in &table.rows {
                if condition.matches(row, &question.variables) {
                    let mut bits = bits;
                    let certain = without_unknown(&condition.to_json(), &table, row, &question.variables, &mut bits);
                    prop_assert!(parse(&certain, &table).matches(row, &question.variables), "{certain}");
                }
            }
        }
    }

    /// A caller without variables sees no row that every subject would not.
    #[test]
    fn anonymous_sees_what_everyone_sees(table in tables(4, 8)) {
        for question in &table.questions {
            let condition = parse(&question.filter, &table);
            for row in &table.rows {
                if condition.matches(row, &Variables::default()) {
                    prop_assert!(condition.matches(row, &question.variables), "{:?}", question);
                }
            }
        }
    }

    #[test]
    fn the_canonical_form_means_the_same(table in tables(4, 8)) {
        for question in &table.questions {
            let condition = parse(&question.filter, &table);
            let again = parse(&condition.to_json(), &table);
            prop_assert_eq!(&again, &condition);
            prop_assert_eq!(again.to_json(), condition.to_json());
            prop_assert_eq!(&Condition::parse_str(&condition.to_json().to_string(), &table.fields), &Ok(condition.clone()));
            for row in &table.rows {
                prop_assert_eq!(
                    again.evaluate(row, &question.variables),
                    condition.evaluate(row, &question.variables)
                );
            }
        }
    }

    #[test]
    fn and_or_combine_answers(table in tables(4, 2)) {
        let [left, right] = [0, 1].map(|index| parse(&table.questions[index].filter, &table));
        let variables = &table.questions[0].variables;
        let both = left.clone().and(right.clone());
        let either = left.clone().or(right.clone());
        for row in &table.rows {
            let (left, right) = (left.evaluate(row, variables), right.evaluate(row, variables));
            prop_assert_eq!(both.evaluate(row, variables), left.and(right));
            prop_assert_eq!(either.evaluate(row, variables), left.or(right));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = Condition::parse_str(&text, &every_type());
    }

    #[test]
    fn any_json_is_read_or_refused(json in json_like_a_filter()) {
        let fields = every_type();
        let parsed = Condition::parse(&json, &fields);
        prop_assert_eq!(&Condition::parse_str(&json.to_string(), &fields), &parsed);
        if let Ok(condition) = parsed {
            prop_assert_eq!(Condition::parse(&condition.to_json(), &fields), Ok(condition));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let _ = Condition::parse_str(text, &every_type());
        }
    }
}

#[test]
fn all_and_none_are_the_identities() {
    let condition = Condition::parse(&json!({"a": 1}), &every_integer()).unwrap();
    assert_eq!(Condition::all().and(condition.clone()), condition);
    assert_eq!(Condition::none().or(condition.clone()), condition);
    assert!(Condition::all().or(condition.clone()).is_all());
    assert!(
        Condition::parse(&json!({}), &every_integer())
            .unwrap()
            .is_all()
    );
    assert!(!Condition::none().is_all());
    assert!(!condition.is_all());
    assert_eq!(Condition::all().to_json(), json!({}));
    assert_eq!(Condition::none().to_json(), json!({"$or": []}));
}

#[test]
fn the_canonical_form_has_no_conveniences() {
    let fields: Fields = [
        ("t", Type::Text),
        ("n", Type::Integer),
        ("at", Type::Timestamp),
    ]
    .map(|(name, ty)| (name.to_owned(), ty))
    .into();
    let table = [
        (json!({"t": "$$x"}), json!({"t": {"_eq": "$$x"}})),
        (
            json!({"t": ["a", "$user.tenant_id"]}),
            json!({"t": {"_in": ["a", "$tenant.id"]}}),
        ),
        (
            json!({"_not": {"n": {"_nnull": true}}}),
            json!({"$not": {"n": {"_null": false}}}),
        ),
        (
            json!({"n": {"_between": [1, 2.0]}}),
            json!({"n": {"_gte": 1, "_lte": 2}}),
        ),
        (
            json!({"n": {"_gte": 0, "_between": [1, 2]}}),
            json!({"$and": [{"n": {"_gte": 1}}, {"n": {"_lte": 2}}, {"n": {"_gte": 0}}]}),
        ),
        (
            json!({"t": {"_empty": true}}),
            json!({"$or": [{"t": {"_null": true}}, {"t": {"_eq": ""}}]}),
        ),
        (
            json!({"t": {"_nempty": true}}),
            json!({"t": {"_null": false, "_neq": ""}}),
        ),
        (
            json!({"at": {"_gt": "$NOW(-1 month)"}}),
            json!({"at": {"_gt": {"$now": {"sub": {"months": 1}}}}}),
        ),
        (
            json!({"at": "$now(0 days)"}),
            json!({"at": {"_eq": {"$now": {"add": {"days": 0}}}}}),
        ),
        (
            json!({"at": "2024-06-01"}),
            json!({"at": {"_eq": "2024-06-01T00:00:00.000000Z"}}),
        ),
        (
            json!({"$and": [{"n": 1}, {"$and": [{"t": "a"}, {"$not": {"n": 2}}]}]}),
            json!({"n": {"_eq": 1}, "t": {"_eq": "a"}, "$not": {"n": {"_eq": 2}}}),
        ),
        (json!({"$or": [{"$and": []}]}), json!({})),
    ];
    for (filter, canonical) in table {
        let condition = Condition::parse(&filter, &fields).unwrap();
        let form = condition.to_json();
        if filter.to_string().contains("_between") {
            // Object members come in the order of the map.
            assert_eq!(
                Condition::parse(&form, &fields),
                Condition::parse(&canonical, &fields)
            );
        } else {
            assert_eq!(form, canonical, "{filter}");
        }
    }
}

fn parse(filter: &Json, table: &Table) -> Condition {
    Condition::parse(filter, &table.fields).unwrap_or_else(|error| panic!("{filter}: {error}"))
}

/// The canonical form with every unknown condition replaced by TRUE or FALSE,
/// as the bits have it.
fn without_unknown(
    json: &Json,
    table: &Table,
    row: &Row,
    variables: &Variables,
    bits: &mut u64,
) -> Json {
    let mut conditions = Vec::new();
    for (key, value) in json.as_object().unwrap() {
        let mut replaced = |json| without_unknown(json, table, row, variables, bits);
        match key.as_str() {
            "$and" | "$or" => {
                let list: Vec<_> = value.as_array().unwrap().iter().map(replaced).collect();
                conditions.push(member(key, list));
            }
            "$not" => {
                let inner = replaced(value);
                conditions.push(member(key, inner));
            }
            field => {
                for (op, operand) in value.as_object().unwrap() {
                    let leaf = member(field, member(op, operand.clone()));
                    conditions.push(certain(leaf, table, row, variables, bits));
                }
            }
        }
    }
    member("$and", conditions)
}

fn certain(leaf: Json, table: &Table, row: &Row, variables: &Variables, bits: &mut u64) -> Json {
    if parse(&leaf, table).evaluate(row, variables) != Truth::Unknown {
        return leaf;
    }
    *bits = bits.rotate_left(1);
    let constant = if *bits & 1 == 1 { "$and" } else { "$or" };
    member(constant, Vec::<Json>::new())
}

fn member(key: &str, value: impl Into<Json>) -> Json {
    Json::Object(Map::from_iter([(key.to_owned(), value.into())]))
}

fn every_integer() -> Fields {
    [("a".to_owned(), Type::Integer)].into()
}

fn every_type() -> Fields {
    [
        ("t", Type::Text),
        ("n", Type::Integer),
        ("x", Type::Number),
        ("at", Type::Timestamp),
        ("u", Type::Uuid),
        ("j", Type::Json),
    ]
    .map(|(name, ty)| (name.to_owned(), ty))
    .into()
}

/// JSON made of the words of the language.
fn json_like_a_filter() -> impl Strategy<Value = Json> {
    let word = proptest::sample::select(vec![
        "$and",
        "$or",
        "$not",
        "_and",
        "_eq",
        "_in",
        "_nin",
        "_null",
        "_between",
        "_empty",
        "_gt",
        "_contains",
        "$user.id",
        "$user.roles",
        "$user.orgs",
        "$org.id",
        "$org.role",
        "$now",
        "$now(-1 day)",
        "$",
        "$$",
        "sub",
        "days",
        "t",
        "n",
        "x",
        "at",
        "u",
        "j",
        "t.n",
        "",
        "_",
        "2024-01-01",
    ]);
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        word.clone().prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 32, 3, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            proptest::collection::vec((word.clone(), inner), 0..3).prop_map(|members| {
                members
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            }),
        ]
    })
}
