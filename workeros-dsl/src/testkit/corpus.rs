use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::{Fields, Row};
use crate::{Key, Timestamp, Type, Variables};

/// One case of the corpus.
#[derive(Debug, Clone)]
pub struct Case {
    /// What the case is about.
    pub name: String,
    /// Who asks.
    pub variables: Variables,
    /// What is asked.
    pub filter: Json,
    /// Of which rows. Cases share fixtures.
    pub fixture: Arc<Fixture>,
    /// The right answer.
    pub expectation: Expectation,
}

/// A table of the corpus.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// Its name in the corpus.
    pub name: String,
    /// Its fields.
    pub fields: Fields,
    /// Its rows, each with its label.
    pub rows: Vec<(String, Row)>,
}

/// The right answer of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// The labels of the rows that match, in the order of the fixture.
    Rows(Vec<String>),
    /// The code of the error.
    Error(String),
}

/// The cases of the language.
#[must_use]
pub fn corpus() -> Vec<Case> {
    let corpus: Json = serde_json::from_str(include_str!("../../corpus/dsl_cases.json"))
        .expect("the corpus is JSON");
    let subjects = members(&corpus["subjects"], |_, subject| variables(subject));
    let fixtures = members(&corpus["fixtures"], |name, json| {
        Arc::new(fixture(name, json))
    });
    elements(&corpus["cases"])
        .map(|case| Case {
            name: text(&case["name"]),
            variables: subjects[&text(&case["subject"])].clone(),
            filter: case["filter"].clone(),
            fixture: Arc::clone(&fixtures[&text(&case["fixture"])]),
            expectation: expectation(case),
        })
        .collect()
}

fn variables(subject: &Json) -> Variables {
    let user = &subject["user"];
    let now = subject["now"].as_str();
    Variables::default()
        .with_user_id(optional_text(&user["id"]))
        .with_user_email(optional_text(&user["email"]))
        .with_user_roles(
            user["roles"]
                .as_array()
                .map(|roles| roles.iter().map(text).collect::<Vec<_>>()),
        )
        .with_user_orgs(
            user["orgs"]
                .as_array()
                .map(|orgs| orgs.iter().map(text).collect::<Vec<_>>()),
        )
        .with_org_id(optional_text(&subject["org"]["id"]))
        .with_org_role(optional_text(&subject["org"]["role"]))
        .with_tenant_id(optional_text(&subject["tenant"]["id"]))
        .with_now(now.map(|now| Timestamp::parse(now).expect("`now` is a timestamp")))
}

fn fixture(name: &str, json: &Json) -> Fixture {
    let fields = members(&json["schema"], |_, ty| field_type(&text(ty)));
    let rows = elements(&json["rows"])
        .map(|row| (text(&row["id"]), normalised(row, &fields)))
        .collect();
    Fixture {
        name: name.to_owned(),
        fields,
        rows,
    }
}

fn normalised(row: &Json, fields: &Fields) -> Row {
    fields
        .iter()
        .map(|(name, ty)| {
            let value = ty
                .value_from_json(&row[name])
                .expect("the row fits its schema");
            (name.clone(), value)
        })
        .collect()
}

fn field_type(name: &str) -> Type {
    match name {
        "text" => Type::Text,
        "longtext" => Type::Longtext,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        "json" => Type::Json,
        "timestamp" => Type::Timestamp,
        "uuid" => Type::Uuid,
        "relation" => Type::Relation(Key::Uuid),
        _ => panic!("`{name}` is not a type"),
    }
}

fn expectation(case: &Json) -> Expectation {
    match case["error"].as_str() {
        Some(code) => Expectation::Error(code.to_owned()),
        None => Expectation::Rows(elements(&case["expect"]).map(text).collect()),
    }
}

fn members<T>(object: &Json, read: impl Fn(&str, &Json) -> T) -> BTreeMap<String, T> {
    let members = object.as_object().expect("an object");
    members
        .iter()
        .map(|(name, json)| (name.clone(), read(name, json)))
        .collect()
}

fn elements(array: &Json) -> impl Iterator<Item = &Json> {
    array.as_array().expect("an array").iter()
}

fn text(json: &Json) -> String {
    json.as_str().expect("a string").to_owned()
}

fn optional_text(json: &Json) -> Option<String> {
    json.as_str().map(str::to_owned)
}
