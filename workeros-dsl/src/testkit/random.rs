use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

use super::{Fields, Row, operands};
use crate::{Key, Timestamp, Type, Variables};

/// A random table and what is asked of it.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its fields. Names need quoting.
    pub fields: Fields,
    /// Its rows.
    pub rows: Vec<Row>,
    /// Valid filters, each with the variables of who asks.
    pub questions: Vec<Question>,
}

/// A filter and who asks.
#[derive(Debug, Clone)]
pub struct Question {
    /// A valid filter, conveniences included.
    pub filter: Json,
    /// Each present or absent.
    pub variables: Variables,
}

/// Random tables, each with that many rows and questions.
pub fn tables(rows: usize, questions: usize) -> impl Strategy<Value = Table> {
    fields().prop_flat_map(move |fields| {
        let question = (filter(&fields), variables())
            .prop_map(|(filter, variables)| Question { filter, variables });
        (vec(row(&fields), rows), vec(question, questions)).prop_map(move |(rows, questions)| {
            Table {
                fields: fields.clone(),
                rows,
                questions,
            }
        })
    })
}

fn fields() -> impl Strategy<Value = Fields> {
    const NAMES: [&str; 8] = ["a", "b", "c", "d", "_eq", "x.y", "quo\"te", "Über"];
    const TYPES: [Type; 11] = [
        Type::Text,
        Type::Longtext,
        Type::Integer,
        Type::Number,
        Type::Boolean,
        Type::Json,
        Type::Timestamp,
        Type::Uuid,
        Type::Relation(Key::Uuid),
        Type::Relation(Key::Integer),
        Type::Relation(Key::Text),
    ];
    btree_map(
        select(&NAMES[..]).prop_map(str::to_owned),
        select(&TYPES[..]),
        1..5,
    )
}

fn row(fields: &Fields) -> impl Strategy<Value = Row> + use<> {
    let values: Vec<_> = fields
        .iter()
        .map(|(name, ty)| {
            let (name, ty) = (name.clone(), *ty);
            prop_oneof![1 => Just(Json::Null), 4 => operands::value(ty)].prop_map(move |json| {
                let value = ty.value_from_json(&json).expect("the value fits");
                (name.clone(), value)
            })
        })
        .collect();
    values.prop_map(Row::from_iter)
}

fn variables() -> impl Strategy<Value = Variables> {
    let id = || {
        option::of(prop_oneof![
            operands::uuid(),
            operands::text(),
            id_of_another_kind()
        ])
    };
    let now = option::of(prop_oneof![
        Just("2024-06-01T12:00:00Z"),
        Just("2024-03-31T00:00:00Z"),
        Just("9999-12-31T00:00:00Z"),
    ]);
    let roles = option::of(vec(operands::text(), 0..4));
    let who = (id(), option::of(operands::text()), roles, option::of(ids()));
    let org = (id(), option::of(operands::text()));
    (who, org, id(), now).prop_map(|(who, org, tenant, now)| {
        let (user, email, roles, orgs) = who;
        let (org, role) = org;
        Variables::default()
            .with_user_id(user)
            .with_user_email(email)
            .with_user_roles(roles)
            .with_user_orgs(orgs)
            .with_org_id(org)
            .with_org_role(role)
            .with_tenant_id(tenant)
            .with_now(now.and_then(Timestamp::parse))
    })
}

/// Ids of one kind and of several: one that a field cannot hold makes the
/// whole list unknown to it.
fn ids() -> impl Strategy<Value = Vec<String>> {
    let integer = select(&["10", "0", "-1", "1"][..]).prop_map(str::to_owned);
    let any = prop_oneof![operands::uuid(), operands::text(), id_of_another_kind()];
    prop_oneof![
        vec(operands::uuid(), 0..4),
        vec(operands::text(), 0..4),
        vec(integer, 0..4),
        vec(any, 0..4),
    ]
}

/// Keys of adopted tables, and what no database takes.
fn id_of_another_kind() -> impl Strategy<Value = String> {
    select(&["10", "0", "-1", "+1", "01", "a\0b"][..]).prop_map(str::to_owned)
}

fn filter(fields: &Fields) -> impl Strategy<Value = Json> + use<> {
    let leaves = fields.iter().map(|(name, ty)| leaf(name, *ty));
    let leaf = proptest::strategy::Union::new(leaves).boxed();
    leaf.prop_recursive(4, 12, 3, |inner| {
        let list = || vec(inner.clone(), 0..3).prop_map(Json::from);
        let logical = |names: &'static [&'static str]| select(names);
        prop_oneof![
            (logical(&["$and", "_and"]), list()).prop_map(|(key, list)| member(key, list)),
            (logical(&["$or", "_or"]), list()).prop_map(|(key, list)| member(key, list)),
            (logical(&["$not", "_not"]), inner.clone()).prop_map(|(key, json)| member(key, json)),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| side_by_side(left, right)),
        ]
    })
}

/// Both in one object, as far as they have different keys.
fn side_by_side(left: Json, right: Json) -> Json {
    match (left, right) {
        (Json::Object(mut left), Json::Object(right)) => {
            for (key, value) in right {
                left.entry(key).or_insert(value);
            }
            Json::Object(left)
        }
        (left, _) => left,
    }
}

/// One field, and an operator or a convenience its type takes.
fn leaf(name: &str, ty: Type) -> BoxedStrategy<Json> {
    let name = name.to_owned();
    let flag = || any::<bool>().prop_map(Json::from).boxed();
    let mut below: Vec<BoxedStrategy<Json>> = Vec::new();
    for op in ty.operators().map(crate::Op::name) {
        let operand = match op {
            "_null" => flag(),
            "_in" | "_nin" => list(ty),
            _ => term(ty),
        };
        below.push(operand.prop_map(move |operand| member(op, operand)).boxed());
    }
    below.push(flag().prop_map(|flag| json!({"_nnull": flag})).boxed());
    if ty.operators().any(|op| op.name() == "_eq") {
        below.push(implicit(ty));
    }
    if ty.operators().any(|op| op.name() == "_gte") {
        below.push(between(ty));
    }
    if ty.operators().any(|op| op.name() == "_contains") {
        let empty = (select(&["_empty", "_nempty"][..]), flag());
        below.push(empty.prop_map(|(key, flag)| member(key, flag)).boxed());
    }
    proptest::strategy::Union::new(below)
        .prop_map(move |below| member(&name, below))
        .boxed()
}

fn implicit(ty: Type) -> BoxedStrategy<Json> {
    prop_oneof![
        term(ty).prop_filter("not an operator", |term| !term.is_object()),
        vec(term(ty), 0..4).prop_map(Json::from),
    ]
    .boxed()
}

/// Bounds, sometimes together with an operator they are rewritten to.
fn between(ty: Type) -> BoxedStrategy<Json> {
    (vec(term(ty), 2), option::of(term(ty)))
        .prop_map(|(bounds, low)| {
            let mut below = Map::from_iter([("_between".to_owned(), Json::from(bounds))]);
            below.extend(low.map(|low| ("_gte".to_owned(), low)));
            Json::Object(below)
        })
        .boxed()
}

fn list(ty: Type) -> BoxedStrategy<Json> {
    let terms = vec(term(ty), 0..4).prop_map(Json::from);
    let orgs = Just(json!("$user.orgs"));
    match ty {
        Type::Text | Type::Longtext => {
            prop_oneof![6 => terms, 2 => Just(json!("$user.roles")), 1 => orgs].boxed()
        }
        Type::Uuid | Type::Relation(_) => prop_oneof![3 => terms, 1 => orgs].boxed(),
        _ => terms.boxed(),
    }
}

/// A literal or a variable.
fn term(ty: Type) -> BoxedStrategy<Json> {
    let literal = operands::value(ty).prop_map(escaped);
    match ty {
        Type::Text | Type::Longtext => {
            let texts = select(&["$user.email", "$org.role"][..]).prop_map(Json::from);
            prop_oneof![4 => literal, 1 => id(), 1 => texts].boxed()
        }
        Type::Uuid | Type::Relation(_) => prop_oneof![3 => literal, 1 => id()].boxed(),
        Type::Timestamp => prop_oneof![3 => literal, 1 => now()].boxed(),
        Type::Integer | Type::Number | Type::Boolean | Type::Json => literal.boxed(),
    }
}

fn escaped(json: Json) -> Json {
    match json.as_str() {
        Some(text) if text.starts_with('$') => Json::from(["$", text].concat()),
        _ => json,
    }
}

fn id() -> BoxedStrategy<Json> {
    select(&["$user.id", "$tenant.id", "$user.tenant_id", "$org.id"][..])
        .prop_map(Json::from)
        .boxed()
}

fn now() -> BoxedStrategy<Json> {
    const UNITS: [&str; 7] = [
        "years", "months", "weeks", "days", "hours", "minutes", "seconds",
    ];
    let amount = prop_oneof![0..40_u32, Just(u32::MAX)];
    let offset = (select(&["add", "sub"][..]), select(&UNITS[..]), amount);
    prop_oneof![
        Just(json!("$now")),
        Just(json!("$NOW(-30 days)")),
        Just(json!("$now(+1 month)")),
        offset.prop_map(|(direction, unit, amount)| json!({"$now": {direction: {unit: amount}}})),
    ]
    .boxed()
}

fn member(key: &str, value: impl Into<Json>) -> Json {
    Json::Object(Map::from_iter([(key.to_owned(), value.into())]))
}
