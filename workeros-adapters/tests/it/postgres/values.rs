//! What is written is read back, as values and as JSON.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;
use workeros_adapters::Postgres;
use workeros_core::{
    Batch, Capability, Column, Database, Dialect, ErrorKind, Result, Rows, Shape, Statement,
    Timestamp, Type, Value, Violation,
};

use super::{execute, rows, single, source, statement, temporary, try_execute, value};

fn timestamp(text: &str) -> Value {
    Value::Timestamp(Timestamp::parse(text).unwrap())
}

fn texts(list: &[&str]) -> Value {
    Value::TextList(list.iter().map(|text| (*text).to_owned()).collect())
}

/// One value of each kind.
fn one_of_each() -> Vec<Value> {
    vec![
        Value::Boolean(true),
        Value::Integer(i64::MIN),
        Value::Number(71_427.142_857_142_86),
        Value::Text("\u{1F600} 'quoted' \\ \"x\"".to_owned()),
        timestamp("0001-01-01T00:00:00.000001Z"),
        Value::Uuid(Uuid::from_u128(0x0123_4567_89AB_CDEF_0123_4567_89AB_CDEF)),
        Value::Json("{\"a\": [1, null, \"é\"]}".to_owned()),
        Value::Bytes(vec![0, 255, 1]),
        texts(&["", "a,b", "{\"}"]),
    ]
}

const CREATE_EACH: &str = "CREATE TABLE each (\
    a boolean, b bigint, c double precision, d text, e timestamptz, f uuid, g jsonb, h bytea, i text[])";
const INSERT_EACH: &str = "INSERT INTO each VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const CAST_EACH: &str = "SELECT CAST($1 AS boolean), CAST($2 AS bigint), \
    CAST($3 AS double precision), CAST($4 AS text), CAST($5 AS timestamptz), CAST($6 AS uuid), \
    CAST($7 AS jsonb), CAST($8 AS bytea), CAST($9 AS text[])";

#[tokio::test]
async fn a_null_and_a_value_go_through_one_prepared_statement() {
    let nulls = vec![Value::Null; 9];
    for order in [[nulls.clone(), one_of_each()], [one_of_each(), nulls]] {
        let Some((database, _schema)) = single().await else {
            return;
        };
        execute(&database, CREATE_EACH, []).await;
        for values in &order {
            execute(&database, INSERT_EACH, values.clone()).await;
            let cast = database
                .fetch(statement(CAST_EACH, values.clone()))
                .await
                .unwrap();
            assert_eq!(cast.rows[0].values(), values);
        }
        let stored = rows(&database, "SELECT * FROM each").await;
        let stored = stored
            .iter()
            .map(|row| row.values().to_vec())
            .collect::<Vec<_>>();
        assert_eq!(stored, order);
    }
}

#[tokio::test]
async fn values_fit_narrower_columns_also_after_a_null() {
    let Some((database, _schema)) = single().await else {
        return;
    };
    let create = "CREATE TABLE narrow (a smallint, b integer, c real, d numeric(12, 4), e numeric, \
        f varchar(3), g date, h timestamp, i json, j varchar(9)[])";
    execute(&database, create, []).await;
    let insert = "INSERT INTO narrow VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    execute(&database, insert, vec![Value::Null; 10]).await;
    let values = vec![
        Value::Integer(-32_768),
        Value::Integer(2_147_483_647),
        Value::Number(0.5),
        Value::Number(-12_345_678.123_4),
        Value::Integer(100_000_001),
        Value::Text("abc".to_owned()),
        timestamp("1999-12-31T00:00:00Z"),
        timestamp("2038-01-19T03:14:08.5Z"),
        Value::Json("{\"b\":1,\"a\":2}".to_owned()),
        texts(&["x"]),
    ];
    execute(&database, insert, values.clone()).await;
    let stored = rows(&database, "SELECT * FROM narrow WHERE a IS NOT NULL").await;
    let mut expected = values;
    expected[4] = Value::Number(100_000_001.0);
    assert_eq!(stored[0].values(), expected);
}

#[tokio::test]
async fn values_the_column_cannot_hold_are_a_conflict() {
    let Some((database, _schema)) = single().await else {
        return;
    };
    execute(
        &database,
        "CREATE TABLE narrow (a smallint, b integer, c real, d varchar(3))",
        [],
    )
    .await;
    // Prepared with nulls the adapter meets the limit, prepared with values
    // the server does.
    for insert in [
        "INSERT INTO narrow VALUES ($1, $2, $3, $4)",
        "INSERT INTO narrow VALUES (CAST($1 AS bigint), CAST($2 AS bigint), \
         CAST($3 AS double precision), $4)",
    ] {
        execute(&database, insert, vec![Value::Null; 4]).await;
        for (index, value) in [
            (0, Value::Integer(32_768)),
            (1, Value::Integer(-2_147_483_649)),
            (2, Value::Number(1e300)),
            (3, Value::Text("abcd".to_owned())),
        ] {
            let mut values = vec![Value::Null; 4];
            values[index] = value;
            let error = try_execute(&database, insert, values).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict, "{insert} {index}");
            assert_eq!(
                error.violation(),
                Some(&Violation::Check),
                "{insert} {index}"
            );
        }
    }
}

#[tokio::test]
async fn a_value_of_another_type_than_prepared_is_refused() {
    let Some((database, _schema)) = single().await else {
        return;
    };
    let sql = "SELECT CAST($1 AS bigint)";
    database
        .fetch(statement(sql, [Value::Integer(1)]))
        .await
        .unwrap();
    let error = database
        .fetch(statement(sql, [Value::Boolean(true)]))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    let error = database.fetch(statement(sql, [])).await.unwrap_err();
    assert_eq!(source(&error), "0 values for 1 placeholders");
}

#[tokio::test]
async fn each_supported_type_reads_as_documented() {
    let Some((database, _schema)) = temporary().await else {
        return;
    };
    execute(&database, "CREATE TYPE mood AS ENUM ('sad', 'ok')", []).await;
    execute(
        &database,
        "CREATE DOMAIN grade AS smallint CHECK (VALUE > 0)",
        [],
    )
    .await;
    let cases: Vec<(&'static str, Value)> = vec![
        ("SELECT true", Value::Boolean(true)),
        ("SELECT (-2)::smallint", Value::Integer(-2)),
        ("SELECT (-2)::integer", Value::Integer(-2)),
        ("SELECT (-2)::bigint", Value::Integer(-2)),
        ("SELECT 4294967295::oid", Value::Integer(4_294_967_295)),
        ("SELECT 0.1::real", Value::Number(f64::from(0.1_f32))),
        ("SELECT 0.1::double precision", Value::Number(0.1)),
        ("SELECT 'NaN'::double precision", Value::Null),
        (
            "SELECT '-Infinity'::numeric::text::double precision",
            Value::Null,
        ),
        ("SELECT 0::numeric", Value::Number(0.0)),
        (
            "SELECT (-1234567.000089)::numeric",
            Value::Number(-1_234_567.000_089),
        ),
        (
            "SELECT 0.00001234::numeric(20, 12)",
            Value::Number(0.000_012_34),
        ),
        ("SELECT 120000000000000000::numeric", Value::Number(1.2e17)),
        ("SELECT 'NaN'::numeric", Value::Null),
        ("SELECT ('1' || repeat('0', 400))::numeric", Value::Null),
        ("SELECT 'a'", Value::Text("a".to_owned())),
        ("SELECT 'a'::varchar(3)", Value::Text("a".to_owned())),
        ("SELECT 'a'::char(3)", Value::Text("a  ".to_owned())),
        ("SELECT 'a'::name", Value::Text("a".to_owned())),
        ("SELECT 'ok'::mood", Value::Text("ok".to_owned())),
        ("SELECT '<a/>'::xml", Value::Text("<a/>".to_owned())),
        (
            "SELECT '12:34:56.5'::time",
            Value::Text("12:34:56.5".to_owned()),
        ),
        ("SELECT 5::grade", Value::Integer(5)),
        (
            "SELECT '2024-02-29T12:00:00+02'::timestamptz",
            timestamp("2024-02-29T10:00:00Z"),
        ),
        (
            "SELECT '2024-02-29 12:00:00.000001'::timestamp",
            timestamp("2024-02-29T12:00:00.000001Z"),
        ),
        ("SELECT '1999-12-31'::date", timestamp("1999-12-31")),
        (
            "SELECT 'infinity'::timestamptz",
            Value::Timestamp(Timestamp::MAX),
        ),
        ("SELECT '-infinity'::date", Value::Timestamp(Timestamp::MIN)),
        (
            "SELECT '0044-03-15 BC'::date",
            Value::Timestamp(Timestamp::MIN),
        ),
        ("SELECT '[1, 2]'::json", Value::Json("[1, 2]".to_owned())),
        ("SELECT '[1,2]'::jsonb", Value::Json("[1, 2]".to_owned())),
        ("SELECT '\\x00ff'::bytea", Value::Bytes(vec![0, 255])),
        ("SELECT ARRAY['a', 'b']", texts(&["a", "b"])),
        ("SELECT ARRAY['a']::varchar[]", texts(&["a"])),
        ("SELECT ARRAY[]::name[]", texts(&[])),
        ("SELECT pg_advisory_xact_lock(1)", Value::Null),
    ];
    for (sql, expected) in cases {
        assert_eq!(value(&database, sql).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn a_type_that_is_not_supported_is_named() {
    let Some((database, _schema)) = temporary().await else {
        return;
    };
    execute(&database, "CREATE TYPE pair AS (a integer, b integer)", []).await;
    for (sql, reason) in [
        ("SELECT point(1, 2)", "the type `POINT` is not supported"),
        ("SELECT 1::money", "the type `MONEY` is not supported"),
        ("SELECT ROW(1, 2)::pair", "the type `pair` is not supported"),
        ("SELECT ARRAY[1]", "the type `INT4[]` is not supported"),
        (
            "SELECT ARRAY[ARRAY['a']]",
            "an array of arrays is not supported",
        ),
        (
            "SELECT ARRAY['a', NULL]",
            "a null in an array is not supported",
        ),
    ] {
        let error = database.fetch(statement(sql, [])).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{sql}");
        assert_eq!(source(&error), reason, "{sql}");
    }
}

/// An adapter that leaves the JSON to the default of the trait.
#[derive(Debug)]
struct Plain(Postgres);

#[async_trait]
impl Database for Plain {
    fn dialect(&self) -> Dialect {
        self.0.dialect()
    }

    fn capability(&self) -> Capability {
        self.0.capability()
    }

    async fn fetch(&self, statement: Statement) -> Result<Rows> {
        self.0.fetch(statement).await
    }

    async fn apply(&self, batch: Batch) -> Result<Vec<Rows>> {
        self.0.apply(batch).await
    }
}

#[tokio::test]
async fn json_is_what_the_default_implementation_writes() {
    let Some((database, _schema)) = temporary().await else {
        return;
    };
    execute(&database, CREATE_EACH, []).await;
    execute(&database, INSERT_EACH, one_of_each()).await;
    execute(&database, INSERT_EACH, vec![Value::Null; 9]).await;
    execute(&database, INSERT_EACH, one_of_each()).await;
    let columns = [
        Type::Boolean,
        Type::Integer,
        Type::Number,
        Type::Text,
        Type::Timestamp,
        Type::Uuid,
        Type::Json,
        Type::Text,
        Type::Json,
    ];
    let columns = columns.into_iter().enumerate();
    let columns = columns.map(|(index, ty)| Column::new(index, format!("key \"{index}\""), ty));
    let each = Shape::new(columns.collect());
    compare(&database, "SELECT * FROM each", each.clone()).await;
    compare(&database, "SELECT * FROM each", each.clone().with_limit(1)).await;
    compare(&database, "SELECT * FROM each", each.clone().with_limit(3)).await;
    compare(&database, "SELECT * FROM each", each.clone().single()).await;
    compare(&database, "SELECT * FROM each WHERE b = 5", each.clone()).await;
    let carry = vec![
        (1, Type::Integer),
        (4, Type::Timestamp),
        (5, Type::Uuid),
        (1, Type::Number),
    ];
    compare(
        &database,
        "SELECT * FROM each",
        each.with_carry(carry).with_limit(2),
    )
    .await;
}

#[tokio::test]
async fn json_of_other_types_is_what_the_default_implementation_writes() {
    let Some((database, _schema)) = temporary().await else {
        return;
    };
    let sql = "SELECT 1, 0::bigint, 2.50::numeric, 'NaN'::double precision, 0.1::real, \
        '{\"a\":\"\\u00e9\"}'::json, '{\"a\":1}', 'no json', '2024-01-01'::date, '12:00'::time, \
        'infinity'::timestamptz, '\\x00ff'::bytea, ARRAY['a\"'], true, NULL::boolean, false";
    let types = [
        Type::Boolean,
        Type::Boolean,
        Type::Number,
        Type::Number,
        Type::Number,
        Type::Json,
        Type::Json,
        Type::Json,
        Type::Timestamp,
        Type::Text,
        Type::Timestamp,
        Type::Text,
        Type::Json,
        Type::Text,
    ];
    let columns = types.into_iter().enumerate();
    let columns = columns.map(|(index, ty)| Column::new(index, index.to_string(), ty));
    compare(&database, sql, Shape::new(columns.collect())).await;
    // Shown by a true guard (boolean or integer), hidden by null and false.
    let guards = [Some(13), Some(0), Some(14), Some(15), Some(1)];
    let columns = guards.into_iter().enumerate();
    let columns = columns
        .map(|(index, guard)| Column::new(2, index.to_string(), Type::Number).with_guard(guard));
    compare(&database, sql, Shape::new(columns.collect())).await;
}

async fn compare(database: &Postgres, sql: &'static str, shape: Shape) {
    let shape = Arc::new(shape);
    let page = database
        .fetch_json(statement(sql, []), shape.clone())
        .await
        .unwrap();
    let plain = Plain(database.clone());
    let expected = plain.fetch_json(statement(sql, []), shape).await.unwrap();
    let (json, expected_json) = (
        String::from_utf8(page.json.clone()).unwrap(),
        String::from_utf8(expected.json.clone()).unwrap(),
    );
    assert_eq!(json, expected_json, "{sql}");
    assert_eq!(page, expected, "{sql}");
    if !json.is_empty() {
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
    }
}
