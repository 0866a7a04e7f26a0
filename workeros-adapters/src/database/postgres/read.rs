//! Reads: as values, and as JSON in one pass.

use sqlx::Connection as _;
use sqlx::postgres::PgRow;
use workeros_core::{Page, PageWriter, Result, Row, Rows, Shape, Statement};

use super::Postgres;
use super::decode::{cell, kinds, value};
use super::failure::Failure;
use super::kind::Kind;
use super::query::{Sink, Values, run};

impl Postgres {
    pub(super) async fn read_rows(&self, statement: &Statement) -> Result<Rows> {
        let (values, affected) = self.read(statement, Values::default).await?;
        Ok(Rows::new(values.rows, affected))
    }

    pub(super) async fn read_page(&self, statement: &Statement, shape: &Shape) -> Result<Page> {
        let (page, _) = self.read(statement, || JsonPage::new(shape)).await?;
        Ok(page.writer.finish())
    }

    /// Runs a read into a new sink. A read does no harm twice, so it is run
    /// again on another connection when the first one turns out to be dead, as
    /// all are after the server was restarted.
    async fn read<S: Sink>(
        &self,
        statement: &Statement,
        sink: impl Fn() -> S + Send,
    ) -> Result<(S, u64)> {
        let mut attempts = 1;
        loop {
            let mut connection = self.pool.acquire().await.map_err(Failure::Driver)?;
            let mut rows = sink();
            let failure =
                match run(&mut connection, self.keeps_statements, statement, &mut rows).await {
                    Ok(affected) => return Ok((rows, affected)),
                    Err(failure) => failure,
                };
            if failure.is_lost() {
                connection.close_on_drop();
            } else if failure.is_stale() {
                connection
                    .clear_cached_statements()
                    .await
                    .map_err(Failure::Driver)?;
            } else {
                return Err(failure.into());
            }
            if attempts > self.pool.options().get_max_connections() {
                return Err(failure.into());
            }
            attempts += 1;
        }
    }
}

/// Writes rows as JSON.
struct JsonPage<'a> {
    writer: PageWriter<'a>,
    shape: &'a Shape,
    kinds: Vec<Kind>,
}

impl<'a> JsonPage<'a> {
    fn new(shape: &'a Shape) -> Self {
        Self {
            writer: PageWriter::new(shape),
            shape,
            kinds: Vec::new(),
        }
    }

    /// Whether the guard at that position lets a member be written.
    fn admits(&self, row: &PgRow, guard: Option<usize>) -> Result<bool> {
        let Some(guard) = guard else {
            return Ok(true);
        };
        let guard = Row::new(vec![value(row, &self.kinds, guard)?]);
        if guard.is_null(0) {
            Ok(false)
        } else {
            guard.boolean(0)
        }
    }
}

impl Sink for JsonPage<'_> {
    fn push(&mut self, row: &PgRow) -> Result<bool> {
        if self.kinds.is_empty() {
            self.kinds = kinds(row)?;
        }
        if !self.writer.start_row() {
            return Ok(false);
        }
        for column in &self.shape.columns {
            if !self.admits(row, column.guard)? {
                continue;
            }
            let (kind, bytes) = cell(row, &self.kinds, column.index)?;
            let out = self.writer.member(column);
            match bytes {
                Some(bytes) => kind.write_json(bytes, column.ty, out)?,
                None => out.extend_from_slice(b"null"),
            }
        }
        let kinds = &self.kinds;
        self.writer
            .end_row(|index, ty| Row::new(vec![value(row, kinds, index)?]).read(0, ty))?;
        Ok(true)
    }
}
