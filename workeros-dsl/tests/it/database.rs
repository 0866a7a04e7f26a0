//! SQLite as an executor of conditions.

use rusqlite::types::Value as SqliteValue;
use rusqlite::{Connection, params_from_iter};
use sea_query::{Alias, ColumnDef, Expr, Index, Order, Query, SelectStatement, Table};
use workeros_dsl::sql::{Columns, Slots, Sql, Template};
use workeros_dsl::testkit::{Fields, Row};
use workeros_dsl::{Condition, Dialect, Key, Truth, Type, Value, Variables};

/// One table, filled anew for each question.
pub(crate) struct Database(Connection);

/// Quoted columns, whatever the field is called.
pub(crate) struct Quoted;

impl Columns for Quoted {
    fn column(&self, field: &str) -> Option<Expr> {
        Some(Expr::col(Alias::new(field)))
    }
}

const TABLE: &str = "rows";
const INDEX: &str = "the index of the row";

impl Database {
    pub(crate) fn open() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.set_prepared_statement_cache_capacity(0);
        Self(connection)
    }

    /// Replaces the table.
    pub(crate) fn fill(&self, fields: &Fields, rows: &[Row]) {
        self.fill_as(fields, rows, "TEXT");
    }

    /// Replaces the table by one that somebody else has made.
    pub(crate) fn fill_ignoring_case(&self, fields: &Fields, rows: &[Row]) {
        self.fill_as(fields, rows, "TEXT COLLATE NOCASE");
    }

    fn fill_as(&self, fields: &Fields, rows: &[Row], text: &'static str) {
        self.0.execute_batch("DROP TABLE IF EXISTS rows").unwrap();
        let table = create_table(fields, text);
        self.0
            .execute_batch(Sql::schema(&table, Dialect::Sqlite).as_str())
            .unwrap();
        for (index, row) in rows.iter().enumerate() {
            self.insert(index, row, fields);
        }
    }

    /// The indices of the rows that match.
    pub(crate) fn select(&self, condition: &Condition, variables: &Variables) -> Vec<usize> {
        let mut slots = Slots::new(Dialect::Sqlite);
        let condition = condition.to_sql(&Quoted, &mut slots).unwrap();
        let select = select().and_where(condition).take();
        self.query(&slots.finish(&select).unwrap(), variables, |row| {
            usize::try_from(row.get::<_, i64>(0).unwrap()).unwrap()
        })
    }

    /// What the condition says about each row.
    pub(crate) fn evaluate(&self, condition: &Condition, variables: &Variables) -> Vec<Truth> {
        let mut slots = Slots::new(Dialect::Sqlite);
        let condition = condition.to_sql(&Quoted, &mut slots).unwrap();
        let select = select().expr(condition).take();
        self.query(&slots.finish(&select).unwrap(), variables, |row| {
            Truth::from(row.get::<_, Option<bool>>(1).unwrap())
        })
    }

    /// How SQLite would find the rows that match.
    pub(crate) fn plan(&self, condition: &Condition, variables: &Variables) -> String {
        let mut slots = Slots::new(Dialect::Sqlite);
        let condition = condition.to_sql(&Quoted, &mut slots).unwrap();
        let select = Query::select()
            .column(INDEX)
            .from(TABLE)
            .and_where(condition)
            .take();
        let template = slots.finish(&select).unwrap();
        let values = template.bind(variables, &[]);
        let explain = ["EXPLAIN QUERY PLAN ", template.sql().as_str()].concat();
        let mut statement = self.0.prepare(&explain).unwrap();
        statement
            .query_row(params_from_iter(values.iter().map(to_sqlite)), |row| {
                row.get("detail")
            })
            .unwrap()
    }

    pub(crate) fn index(&self, field: &str) {
        let index = Index::create()
            .name(field)
            .table(TABLE)
            .col(Alias::new(field))
            .take();
        self.0
            .execute_batch(Sql::schema(&index, Dialect::Sqlite).as_str())
            .unwrap();
    }

    fn insert(&self, index: usize, row: &Row, fields: &Fields) {
        let mut slots = Slots::new(Dialect::Sqlite);
        let mut columns = vec![Alias::new(INDEX)];
        let mut values = vec![slots.value(Value::Integer(index as i64), Type::Integer)];
        let mut arguments = Vec::new();
        for (name, value) in row {
            columns.push(Alias::new(name));
            values.push(slots.argument(arguments.len(), fields[name]));
            arguments.push(value.clone());
        }
        let insert = Query::insert()
            .into_table(TABLE)
            .columns(columns)
            .values_panic(values)
            .take();
        let template = slots.finish(&insert).unwrap();
        let values = template.bind(&Variables::default(), &arguments);
        self.0
            .execute(
                template.sql().as_str(),
                params_from_iter(values.iter().map(to_sqlite)),
            )
            .unwrap();
    }

    fn query<T>(
        &self,
        template: &Template,
        variables: &Variables,
        read: impl Fn(&rusqlite::Row<'_>) -> T,
    ) -> Vec<T> {
        let values = template.bind(variables, &[]);
        let mut statement = self
            .0
            .prepare(template.sql().as_str())
            .unwrap_or_else(|error| panic!("{error}: {:?}", template.sql()));
        statement
            .query_map(params_from_iter(values.iter().map(to_sqlite)), |row| {
                Ok(read(row))
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }
}

fn select() -> SelectStatement {
    Query::select()
        .column(INDEX)
        .from(TABLE)
        .order_by(INDEX, Order::Asc)
        .take()
}

fn create_table(fields: &Fields, text: &'static str) -> sea_query::TableCreateStatement {
    let mut table = Table::create().table(TABLE).take();
    table.col(ColumnDef::new(INDEX).big_integer().primary_key());
    for (name, ty) in fields {
        let mut column = ColumnDef::new(Alias::new(name));
        match ty {
            Type::Integer | Type::Relation(Key::Integer) => column.big_integer(),
            Type::Number => column.custom("REAL"),
            Type::Boolean => column.boolean(),
            Type::Text
            | Type::Longtext
            | Type::Json
            | Type::Timestamp
            | Type::Uuid
            | Type::Relation(Key::Uuid | Key::Text) => column.custom(text),
        };
        table.col(column);
    }
    table
}

fn to_sqlite(value: &Value) -> SqliteValue {
    match value {
        Value::Null => SqliteValue::Null,
        Value::Boolean(boolean) => SqliteValue::Integer(i64::from(*boolean)),
        Value::Integer(integer) => SqliteValue::Integer(*integer),
        Value::Number(number) => SqliteValue::Real(*number),
        Value::Text(text) | Value::Json(text) => SqliteValue::Text(text.clone()),
        Value::Timestamp(timestamp) => SqliteValue::Text(timestamp.to_string()),
        Value::Uuid(uuid) => SqliteValue::Text(uuid.to_string()),
        Value::Bytes(bytes) => SqliteValue::Blob(bytes.clone()),
        Value::TextList(texts) => {
            SqliteValue::Text(serde_json::Value::from(texts.as_slice()).to_string())
        }
    }
}
