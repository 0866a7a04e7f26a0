use uuid::Uuid;
use workeros_dsl::{Dialect, Timestamp, Type, Value};

use super::{by_dialect, rows, run, run_statement, statement, step};
use crate::{Batch, Database, Row, Statement};

/// Makes the table `kept`, with a column for each type.
pub(super) async fn make_kept(db: &dyn Database) {
    let table = by_dialect(
        db,
        "CREATE TABLE kept (id bigint PRIMARY KEY, flag integer, whole integer, number real, word text, at text, uid text, doc text, raw blob)",
        r#"CREATE TABLE kept (id bigint PRIMARY KEY, flag boolean, whole bigint, number double precision, word text COLLATE "C", at timestamptz, uid uuid, doc jsonb, raw bytea)"#,
    );
    run_statement(db, table).await;
}

/// Integers are exact to the ends of their range.
pub async fn integers_survive(db: &dyn Database) {
    make_kept(db).await;
    let insert = "INSERT INTO kept (id, whole) VALUES ($1, $2)";
    let wholes = [
        0,
        1,
        -1,
        9_007_199_254_740_993,
        -9_007_199_254_740_993,
        i64::MAX,
        i64::MIN,
    ];
    keep(db, insert, wholes.map(Value::from)).await;
    let read = kept(db, "SELECT whole FROM kept ORDER BY id").await;
    assert_eq!(read.map_rows(|row| row.integer(0).unwrap()), wholes);
    for whole in wholes {
        let found = rows(db, "SELECT id FROM kept WHERE whole = $1", [whole.into()]).await;
        assert_eq!(found.len(), 1, "{whole}");
    }
}

/// Doubles survive to the last bit, zero with its sign where the database has
/// one.
pub async fn numbers_survive(db: &dyn Database) {
    make_kept(db).await;
    let insert = "INSERT INTO kept (id, number) VALUES ($1, $2)";
    let numbers = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        0.1 + 0.2,
        71_427.142_857_142_86,
        9_007_199_254_740_993.0,
        1e21,
        1e-7,
        f64::EPSILON,
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        f64::MIN,
    ];
    keep(db, insert, numbers.map(Value::from)).await;
    let read = kept(db, "SELECT number FROM kept ORDER BY id").await;
    let read = read.map_rows(|row| row.number(0).unwrap());
    for (read, number) in read.iter().zip(numbers) {
        assert_eq!(*read, number);
        assert!(
            number == 0.0 || read.to_bits() == number.to_bits(),
            "{number:e}"
        );
    }
    assert_eq!(
        rows(
            db,
            "SELECT id FROM kept WHERE number = $1",
            [Value::from(0.0)]
        )
        .await
        .len(),
        2
    );
}

/// Text survives letter by letter.
pub async fn texts_survive(db: &dyn Database) {
    make_kept(db).await;
    let insert = "INSERT INTO kept (id, word) VALUES ($1, $2)";
    let long = "日本語 ".repeat(20_000);
    let words = [
        "",
        " ",
        "plain",
        "it's \"quoted\" \\ back`tick",
        "line\nfeed\ttab\r\u{1}\u{1f}\u{7f}",
        "Grüße 日本語 😀 e\u{301} \u{202e}",
        "\u{feff}\u{fffd}\u{10ffff}",
        "$1 ? :name %s {} --",
        "0012",
        long.as_str(),
    ];
    keep(db, insert, words.map(Value::from)).await;
    let read = kept(db, "SELECT word FROM kept ORDER BY id").await;
    assert_eq!(read.map_rows(|row| row.text(0).unwrap().to_owned()), words);
}

/// Truth values survive.
pub async fn booleans_survive(db: &dyn Database) {
    make_kept(db).await;
    keep(
        db,
        "INSERT INTO kept (id, flag) VALUES ($1, $2)",
        [true, false].map(Value::from),
    )
    .await;
    let read = kept(db, "SELECT flag FROM kept ORDER BY id").await;
    assert_eq!(read.map_rows(|row| row.boolean(0).unwrap()), [true, false]);
    let found = rows(db, "SELECT id FROM kept WHERE flag = $1", [true.into()]).await;
    assert_eq!(found[0].integer(0).unwrap(), 1);
}

/// Instants survive to the microsecond, and their order is that of time.
pub async fn timestamps_survive(db: &dyn Database) {
    make_kept(db).await;
    let insert = "INSERT INTO kept (id, at) VALUES ($1, $2)";
    let instants = [
        Timestamp::MIN,
        Timestamp::from_micros(-1).unwrap(),
        Timestamp::from_micros(0).unwrap(),
        Timestamp::parse("2024-02-29T23:59:59.000001Z").unwrap(),
        Timestamp::parse("2024-03-31T02:30:00Z").unwrap(),
        Timestamp::MAX,
    ];
    keep(db, insert, instants.map(Value::from)).await;
    let read = kept(db, "SELECT at FROM kept ORDER BY at").await;
    assert_eq!(read.map_rows(|row| row.timestamp(0).unwrap()), instants);
    let later = "SELECT id FROM kept WHERE at > $1";
    let found = rows(db, later, [Timestamp::from_micros(0).unwrap().into()]).await;
    assert_eq!(found.len(), 3);
}

/// UUIDs survive.
pub async fn uuids_survive(db: &dyn Database) {
    make_kept(db).await;
    let uuids = [
        Uuid::nil(),
        Uuid::max(),
        Uuid::from_u128(0x018f_d3ec_0600_7abc_8def_0000_0000_0001),
    ];
    keep(
        db,
        "INSERT INTO kept (id, uid) VALUES ($1, $2)",
        uuids.map(Value::from),
    )
    .await;
    let read = kept(db, "SELECT uid FROM kept ORDER BY id").await;
    assert_eq!(read.map_rows(|row| row.uuid(0).unwrap()), uuids);
    let found = rows(db, "SELECT id FROM kept WHERE uid = $1", [uuids[2].into()]).await;
    assert_eq!(found[0].integer(0).unwrap(), 3);
}

/// JSON survives as the value it is, if not to the letter.
pub async fn json_survives(db: &dyn Database) {
    make_kept(db).await;
    let documents = [
        "{}",
        "[]",
        "0",
        "\"\"",
        "false",
        "null",
        r#"{"a":[1,2.5,{"b":null}],"ü":"日本 \"quoted\" \\ \n"}"#,
        "9007199254740993",
    ];
    let values = documents.map(|document| Value::Json(document.to_owned()));
    keep(db, "INSERT INTO kept (id, doc) VALUES ($1, $2)", values).await;
    let read = kept(db, "SELECT doc FROM kept ORDER BY id").await;
    let parse = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
    assert_eq!(
        read.map_rows(|row| parse(row.text(0).unwrap())),
        documents.map(parse)
    );
}

/// Bytes survive.
pub async fn bytes_survive(db: &dyn Database) {
    make_kept(db).await;
    let all: Vec<u8> = (0..=255).collect();
    let blobs = [vec![], vec![0], all.clone(), all.repeat(1000)];
    keep(
        db,
        "INSERT INTO kept (id, raw) VALUES ($1, $2)",
        blobs.clone().map(Value::Bytes),
    )
    .await;
    let read = kept(db, "SELECT raw FROM kept ORDER BY id").await;
    assert_eq!(read.map_rows(|row| row.bytes(0).unwrap().to_vec()), blobs);
}

const INSERT_ALL: &str = "INSERT INTO kept (id, flag, whole, number, word, at, uid, doc, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const SELECT_ALL: &str =
    "SELECT flag, whole, number, word, at, uid, doc, raw FROM kept ORDER BY id";

/// Null is null in a column of any type, and never the empty value.
pub async fn nulls_survive(db: &dyn Database) {
    make_kept(db).await;
    run(db, INSERT_ALL, nulls(1)).await;
    let row = &rows(db, SELECT_ALL, []).await[0];
    assert!((0..8).all(|index| row.is_null(index)), "{row:?}");
    for ty in [
        Type::Boolean,
        Type::Integer,
        Type::Number,
        Type::Text,
        Type::Timestamp,
        Type::Uuid,
        Type::Json,
    ] {
        assert_eq!(row.read(0, ty).unwrap(), Value::Null);
    }
    let empty = step(
        "INSERT INTO kept (id, word, raw) VALUES (2, '', $1)",
        [Value::Bytes(vec![])],
    );
    db.apply(Batch::new().step(empty)).await.unwrap();
    let found = rows(
        db,
        "SELECT id FROM kept WHERE word IS NOT NULL AND raw IS NOT NULL",
        [],
    )
    .await;
    assert_eq!(found.len(), 1);
}

/// The same statement takes a null, then a value, then a null again.
pub async fn a_null_and_a_value_share_a_statement(db: &dyn Database) {
    make_kept(db).await;
    run(db, INSERT_ALL, nulls(1)).await;
    run(db, INSERT_ALL, everything(2)).await;
    run(db, INSERT_ALL, nulls(3)).await;
    run(db, INSERT_ALL, everything(4)).await;
    let read = rows(db, SELECT_ALL, []).await;
    assert_eq!(read[0], read[2]);
    assert_eq!(read[1], read[3]);
    assert!((0..8).all(|index| read[0].is_null(index) && !read[1].is_null(index)));
    assert!(read[1].boolean(0).unwrap());
    assert_eq!(
        read[1].timestamp(4).unwrap(),
        Timestamp::from_micros(1_000_001).unwrap()
    );
}

fn nulls(id: i64) -> [Value; 9] {
    let mut row = [const { Value::Null }; 9];
    row[0] = id.into();
    row
}

/// A row with a value of each type.
pub(super) fn everything(id: i64) -> [Value; 9] {
    [
        id.into(),
        true.into(),
        (-7).into(),
        (0.1 + 0.2).into(),
        "wörd \"quoted\"\n".into(),
        Timestamp::from_micros(1_000_001).into(),
        Uuid::from_u128(0x018f_d3ec_0600_7abc_8def_0000_0000_0001).into(),
        Value::Json(r#"{"a":[1,null,"x"]}"#.to_owned()),
        Value::Bytes(vec![0, 127, 255]),
    ]
}

/// A list of texts is bound as one value, whatever stands in it.
pub async fn a_list_is_one_parameter(db: &dyn Database) {
    make_kept(db).await;
    let words = [
        "a",
        "it's",
        "\"quoted\"",
        "{b,c}",
        "back\\slash",
        "",
        "日本",
        "null",
        "[1]",
    ];
    keep(
        db,
        "INSERT INTO kept (id, word) VALUES ($1, $2)",
        words.map(Value::from),
    )
    .await;
    let sql = match db.dialect() {
        Dialect::Sqlite => {
            "SELECT word FROM kept WHERE word IN (SELECT value FROM json_each($1)) ORDER BY id"
        }
        Dialect::Postgres => "SELECT word FROM kept WHERE word = ANY($1) ORDER BY id",
    };
    for wanted in [&words[..0], &words[..1], &words[1..5], &words[..]] {
        let list = wanted.iter().map(|word| (*word).to_owned()).collect();
        let found = rows(db, sql, [Value::TextList(list)]).await;
        let found: Vec<_> = found.iter().map(|row| row.text(0).unwrap()).collect();
        assert_eq!(found, wanted);
    }
}

/// Inserts the values one by one, with ids from 1.
async fn keep<const N: usize>(db: &dyn Database, insert: &'static str, values: [Value; N]) {
    let batch = (1_i64..)
        .zip(values)
        .fold(Batch::new(), |batch, (id, value)| {
            batch.step(step(insert, [id.into(), value]))
        });
    db.apply(batch).await.unwrap();
}

struct Kept(Vec<Row>);

impl Kept {
    fn map_rows<T>(&self, read: impl Fn(&Row) -> T) -> Vec<T> {
        self.0.iter().map(read).collect()
    }
}

/// Reads by the door for reads and by a batch, which must agree.
async fn kept(db: &dyn Database, sql: &'static str) -> Kept {
    let statement: Statement = statement(sql, []);
    let fetched = db.fetch(statement.clone()).await.unwrap();
    assert_eq!(fetched, run_statement(db, statement).await);
    Kept(fetched.rows)
}
