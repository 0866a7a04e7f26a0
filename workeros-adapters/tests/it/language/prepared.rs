//! One statement for everybody: whether a variable has a value changes
//! nothing about the text, and the server prepares it once.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workeros_adapters::testkit::Schema;
use workeros_adapters::{Postgres, PostgresOptions};
use workeros_core::{Database as _, Statement, Timestamp, Type, Value};
use workeros_dsl::testkit::Row;
use workeros_dsl::{Condition, Key, Variables};

use super::executor::Executor;

const UUID: &str = "0190b6f0-0000-7000-8000-0000000000a1";

/// How many questions the connection has prepared.
const PREPARED: &str = "SELECT count(*) FROM pg_prepared_statements \
    WHERE statement LIKE 'SELECT \"the index of the row\"%'";

#[tokio::test]
async fn a_variable_without_a_value_shares_the_statement() {
    let relation = Type::Relation(Key::Uuid);
    for (ty, json, filter) in [
        (Type::Text, json!(UUID), json!({"f": "$user.id"})),
        (
            Type::Longtext,
            json!("an"),
            json!({"f": {"_lt": "$user.email"}}),
        ),
        (
            Type::Text,
            json!("a"),
            json!({"f": {"_starts_with": "$user.id"}}),
        ),
        (
            Type::Text,
            json!("editor"),
            json!({"f": {"_nin": "$user.roles"}}),
        ),
        (Type::Uuid, json!(UUID), json!({"f": ["$tenant.id"]})),
        (Type::Uuid, json!(UUID), json!({"f": {"_in": "$user.orgs"}})),
        (relation, json!(UUID), json!({"f": "$org.id"})),
        (relation, json!(UUID), json!({"f": {"_neq": "$user.id"}})),
        (
            Type::Relation(Key::Integer),
            json!(7),
            json!({"f": "$user.tenant_id"}),
        ),
        (
            Type::Timestamp,
            json!("2024-06-01"),
            json!({"f": {"_lte": "$now"}}),
        ),
    ] {
        let value = ty.value_from_json(&json).unwrap();
        let nobody = Variables::default();
        for order in [[&nobody, &somebody()], [&somebody(), &nobody]] {
            check(ty, &value, &filter, order).await;
        }
    }
}

fn somebody() -> Variables {
    Variables::default()
        .with_user_id(UUID.to_owned())
        .with_user_email("ann@example.com".to_owned())
        .with_user_roles(vec!["editor".to_owned()])
        .with_user_orgs(vec![UUID.to_owned()])
        .with_org_id(UUID.to_owned())
        .with_tenant_id(UUID.to_owned())
        .with_now(Timestamp::parse("2024-06-01"))
}

/// Asks on a single connection for one after the other.
async fn check(ty: Type, value: &Value, filter: &Json, order: [&Variables; 2]) {
    let Some(schema) = Schema::new().await else {
        return;
    };
    let options = PostgresOptions::default()
        .with_schema(&schema.name)
        .with_max_connections(1);
    let database = Postgres::connect_with(&schema.url, options).await.unwrap();
    let database = Arc::new(database);
    let executor = Executor::in_schema(schema, Arc::clone(&database) as _, "text");
    let fields = [("f".to_owned(), ty)].into();
    let rows = [value, &Value::Null].map(|value| Row::from([("f".to_owned(), value.clone())]));
    executor.fill(&fields, &rows).await;
    let condition = Condition::parse(filter, &fields).unwrap();
    for variables in order.into_iter().chain(order) {
        let in_memory = rows
            .each_ref()
            .map(|row| condition.evaluate(row, variables));
        let in_database = executor.evaluate(&condition, variables).await;
        assert_eq!(in_database, in_memory, "{filter} for {variables:?}");
    }
    let prepared = database
        .fetch(Statement::new(PREPARED, vec![]))
        .await
        .unwrap();
    assert_eq!(prepared.rows[0].integer(0).unwrap(), 1, "{filter}");
}
