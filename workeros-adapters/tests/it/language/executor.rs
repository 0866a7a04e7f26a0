//! A database as an executor of conditions.

use std::sync::Arc;

use sea_query::{Alias, ColumnDef, ColumnType, Expr, Order, Query, SelectStatement, Table};
use workeros_adapters::Sqlite;
#[cfg(feature = "postgres")]
use workeros_adapters::testkit::Schema;
use workeros_core::{Batch, Database, Dialect, Rows, Statement, Step, Type, Value};
use workeros_dsl::sql::{Columns, Slots, Sql};
use workeros_dsl::testkit::{Fields, Row};
use workeros_dsl::{Condition, Key, Truth, Variables};

const TABLE: &str = "rows";
const INDEX: &str = "the index of the row";

/// One table, filled anew for each question or set of questions.
pub(super) struct Executor {
    database: Arc<dyn Database>,
    /// The SQL type of text columns.
    text: &'static str,
    #[cfg(feature = "postgres")]
    _schema: Option<Schema>,
}

impl Executor {
    pub(super) async fn sqlite() -> Self {
        Self::in_memory("TEXT").await
    }

    /// Text columns that tell no case, as an adopted table may have them.
    pub(super) async fn sqlite_ignoring_case() -> Self {
        Self::in_memory("TEXT COLLATE NOCASE").await
    }

    async fn in_memory(text: &'static str) -> Self {
        Self {
            database: Arc::new(Sqlite::memory().await.unwrap()),
            text,
            #[cfg(feature = "postgres")]
            _schema: None,
        }
    }

    /// Text columns as managed collections have them; `None` without a server.
    #[cfg(feature = "postgres")]
    pub(super) async fn postgres() -> Option<Self> {
        let schema = Schema::new().await?;
        let database = Arc::new(schema.connect().await);
        Some(Self::in_schema(schema, database, r#"text COLLATE "C""#))
    }

    /// Text columns whose own order is that of a language, as an adopted table
    /// may have them; `None` without a server that knows languages.
    #[cfg(feature = "postgres")]
    pub(super) async fn postgres_english() -> Option<Self> {
        const KNOWN: &str = "SELECT 1 FROM pg_collation WHERE collname = 'en-US-x-icu'";
        let schema = Schema::new().await?;
        let database = Arc::new(schema.connect().await);
        let known = database.fetch(Statement::new(KNOWN, vec![])).await.unwrap();
        if known.first().is_none() {
            println!("skipped: the server has no ICU collations");
            return None;
        }
        let text = r#"text COLLATE "en-US-x-icu""#;
        Some(Self::in_schema(schema, database, text))
    }

    #[cfg(feature = "postgres")]
    pub(super) fn in_schema(
        schema: Schema,
        database: Arc<dyn Database>,
        text: &'static str,
    ) -> Self {
        Self {
            database,
            text,
            _schema: Some(schema),
        }
    }

    /// Replaces the table.
    pub(super) async fn fill(&self, fields: &Fields, rows: &[Row]) {
        let mut drop = Table::drop();
        drop.table(TABLE).if_exists();
        let dialect = self.database.dialect();
        let mut batch = Batch::new()
            .step(step(Sql::schema(&drop, dialect), vec![]))
            .step(step(Sql::schema(&self.table(fields), dialect), vec![]));
        if !rows.is_empty() {
            batch.push(insert(fields, rows, dialect));
        }
        self.database.apply(batch).await.unwrap();
    }

    /// What the condition says about each row.
    pub(super) async fn evaluate(
        &self,
        condition: &Condition,
        variables: &Variables,
    ) -> Vec<Truth> {
        let select = |condition| select().expr(condition).take();
        let rows = self.fetch(condition, variables, select).await;
        rows.iter()
            .map(|row| match row.is_null(1) {
                true => Truth::Unknown,
                false => Truth::from(row.boolean(1).unwrap()),
            })
            .collect()
    }

    /// The indices of the rows that match.
    pub(super) async fn select(&self, condition: &Condition, variables: &Variables) -> Vec<usize> {
        let select = |condition| select().and_where(condition).take();
        let rows = self.fetch(condition, variables, select).await;
        rows.iter()
            .map(|row| usize::try_from(row.integer(0).unwrap()).unwrap())
            .collect()
    }

    async fn fetch(
        &self,
        condition: &Condition,
        variables: &Variables,
        select: impl Fn(Expr) -> SelectStatement,
    ) -> Rows {
        let mut slots = Slots::new(self.database.dialect());
        let expression = condition.to_sql(&Quoted, &mut slots).unwrap();
        let template = slots.finish(&select(expression)).unwrap();
        let values = template.bind(variables, &[]);
        let statement = Statement::new(template.sql().clone(), values);
        self.database
            .fetch(statement)
            .await
            .unwrap_or_else(|error| panic!("{error:?}: {:?}", template.sql()))
    }

    /// Columns of the types that the fields of managed collections have.
    fn table(&self, fields: &Fields) -> sea_query::TableCreateStatement {
        let dialect = self.database.dialect();
        let column = |name: &str, ty| {
            let sql = ColumnType::custom(self.column_type(ty));
            ColumnDef::new_with_type(Alias::new(name), sql)
        };
        let mut table = Table::create();
        table
            .table(TABLE)
            .col(column(INDEX, Type::Integer).primary_key());
        for (name, ty) in fields {
            table.col(column(name, *ty));
        }
        if dialect == Dialect::Sqlite {
            table.extra("STRICT");
        }
        table
    }

    fn column_type(&self, ty: Type) -> &'static str {
        match (self.database.dialect(), ty) {
            (_, Type::Text | Type::Longtext | Type::Relation(Key::Text)) => self.text,
            (
                Dialect::Sqlite,
                Type::Json | Type::Timestamp | Type::Uuid | Type::Relation(Key::Uuid),
            ) => "TEXT",
            (Dialect::Sqlite, Type::Integer | Type::Boolean | Type::Relation(Key::Integer)) => {
                "INTEGER"
            }
            (Dialect::Sqlite, Type::Number) => "REAL",
            (Dialect::Postgres, Type::Integer | Type::Relation(Key::Integer)) => "bigint",
            (Dialect::Postgres, Type::Number) => "double precision",
            (Dialect::Postgres, Type::Boolean) => "boolean",
            (Dialect::Postgres, Type::Json) => "jsonb",
            (Dialect::Postgres, Type::Timestamp) => "timestamptz",
            (Dialect::Postgres, Type::Uuid | Type::Relation(Key::Uuid)) => "uuid",
        }
    }
}

/// Quoted columns, whatever the field is called.
struct Quoted;

impl Columns for Quoted {
    fn column(&self, field: &str) -> Option<Expr> {
        Some(Expr::col(Alias::new(field)))
    }
}

fn select() -> SelectStatement {
    Query::select()
        .column(INDEX)
        .from(TABLE)
        .order_by(INDEX, Order::Asc)
        .take()
}

fn insert(fields: &Fields, rows: &[Row], dialect: Dialect) -> Step {
    let mut slots = Slots::new(dialect);
    let columns = std::iter::once(INDEX).chain(fields.keys().map(String::as_str));
    let mut insert = Query::insert()
        .into_table(TABLE)
        .columns(columns.map(Alias::new))
        .take();
    for (index, row) in (0_i64..).zip(rows) {
        let mut values = vec![slots.value(Value::Integer(index), Type::Integer)];
        values.extend(
            fields
                .iter()
                .map(|(name, ty)| slots.value(row[name].clone(), *ty)),
        );
        insert.values_panic(values);
    }
    let template = slots.finish(&insert).unwrap();
    let values = template.bind(&Variables::default(), &[]);
    step(template.sql().clone(), values)
}

fn step(sql: Sql, values: Vec<Value>) -> Step {
    Step::new(Statement::new(sql, values))
}
