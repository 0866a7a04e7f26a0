use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use workeros_core::{Batch, Error, Rows, Step, Work};

use super::error::Failure;
use super::read;

/// Runs a batch inside the open transaction so that it leaves nothing behind
/// when it fails. The outer error says that the transaction itself is lost.
pub(super) fn run(
    connection: &Connection,
    batch: &Batch,
) -> Result<Result<Vec<Rows>, Error>, Failure> {
    execute(connection, "SAVEPOINT batch")?;
    let steps = AssertUnwindSafe(|| steps(connection, batch));
    let result = catch_unwind(steps)
        .unwrap_or_else(|_| Err(Failure::Core(Error::internal("a derived step panicked"))));
    match result {
        // Some errors, and what a trigger or a constraint may ask for, roll
        // the whole transaction back.
        Err(failure) if connection.is_autocommit() => Err(failure),
        Err(failure) => {
            execute(connection, "ROLLBACK TO batch")?;
            execute(connection, "RELEASE batch")?;
            Ok(Err(failure.into()))
        }
        Ok(rows) => {
            execute(connection, "RELEASE batch")?;
            Ok(Ok(rows))
        }
    }
}

pub(super) fn execute(connection: &Connection, sql: &'static str) -> Result<(), Failure> {
    connection.prepare_cached(sql)?.raw_execute()?;
    Ok(())
}

fn steps(connection: &Connection, batch: &Batch) -> Result<Vec<Rows>, Failure> {
    let mut done = Vec::with_capacity(batch.steps().len());
    for step in batch.steps() {
        let rows = run_step(connection, step, &done)?;
        step.verify(&rows)?;
        done.push(rows);
    }
    Ok(done)
}

fn run_step(connection: &Connection, step: &Step, done: &[Rows]) -> Result<Rows, Failure> {
    match &step.work {
        Work::Statement(statement) => read::run(connection, statement),
        Work::Derived(derive) => read::run(connection, &derive.statement(done)?),
    }
}
