//! One statement on one connection.

use futures::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgConnection, PgRow, PgTypeInfo};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Either, Executor as _, SqlSafeStr as _, Statement as _};
use workeros_core::{Result, Row, Statement};

use super::decode::{kinds, value};
use super::encode::arguments;
use super::failure::Failure;
use super::kind::{Kind, parameter_type};

/// Where rows go.
pub(super) trait Sink: Send {
    /// Takes a row. Answers `false` when it wants no more.
    fn push(&mut self, row: &PgRow) -> Result<bool>;

    /// Takes note that the server is done with the statement. What it wrote is
    /// committed only after that, if no transaction is open.
    fn done(&mut self) {}
}

/// Runs a statement and says how many rows it wrote (or returned, for a read).
pub(super) async fn run(
    connection: &mut PgConnection,
    keeps_statements: bool,
    statement: &Statement,
    sink: &mut impl Sink,
) -> Result<u64, Failure> {
    // Text that was written in the source or made by sea-query: `Sql` cannot
    // be made from anything else.
    let sql = AssertSqlSafe(statement.sql.as_str()).into_sql_str();
    let types = statement
        .params
        .iter()
        .map(parameter_type)
        .collect::<Vec<_>>();
    if !keeps_statements {
        let arguments = arguments(&statement.params, &types)?;
        let query = sqlx::query_with(sql, arguments).persistent(false);
        return drain(connection, query, sink).await;
    }
    // A round trip the first time only.
    let prepared = connection.prepare_with(sql, &types).await?;
    let arguments = arguments(&statement.params, parameters(&prepared))?;
    drain(connection, prepared.query_with(arguments), sink).await
}

fn parameters(prepared: &sqlx::postgres::PgStatement) -> &[PgTypeInfo] {
    prepared
        .parameters()
        .and_then(Either::left)
        .unwrap_or_default()
}

async fn drain(
    connection: &mut PgConnection,
    query: Query<'_, sqlx::Postgres, PgArguments>,
    sink: &mut impl Sink,
) -> Result<u64, Failure> {
    let mut answers = connection.fetch_many(query);
    let mut affected = 0;
    while let Some(answer) = answers.try_next().await? {
        match answer {
            Either::Left(done) => {
                affected += done.rows_affected();
                sink.done();
            }
            Either::Right(row) => {
                if !sink.push(&row)? {
                    break;
                }
            }
        }
    }
    Ok(affected)
}

/// Collects rows as values.
#[derive(Default)]
pub(super) struct Values {
    kinds: Vec<Kind>,
    pub(super) rows: Vec<Row>,
    pub(super) done: bool,
}

impl Sink for Values {
    fn push(&mut self, row: &PgRow) -> Result<bool> {
        if self.rows.is_empty() {
            self.kinds = kinds(row)?;
        }
        let values = (0..self.kinds.len()).map(|index| value(row, &self.kinds, index));
        self.rows.push(Row::new(values.collect::<Result<_>>()?));
        Ok(true)
    }

    fn done(&mut self) {
        self.done = true;
    }
}
