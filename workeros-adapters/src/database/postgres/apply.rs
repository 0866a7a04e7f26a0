//! Batches: one transaction each.

use sqlx::Connection as _;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use workeros_core::{Result, Rows, Statement, Step, Work};

use super::Postgres;
use super::failure::Failure;
use super::query::{Values, run};

/// How often a batch is run that loses against others.
const ATTEMPTS: u32 = 3;

impl Postgres {
    /// Runs the steps in one transaction, again when the server undid it for
    /// the sake of another, or when there was no connection to begin it on.
    pub(super) async fn run_batch(&self, steps: &[Step]) -> Result<Vec<Rows>> {
        let mut attempts = 1;
        loop {
            let failure = match self.attempt(steps).await {
                Ok(rows) => return Ok(rows),
                Err(failure) => failure,
            };
            let limit = match &failure {
                Failure::NotBegun(_) if failure.is_lost() => {
                    self.pool.options().get_max_connections() + 1
                }
                failure if failure.is_race() || failure.is_stale() => ATTEMPTS,
                _ => 1,
            };
            if attempts >= limit {
                return Err(failure.into());
            }
            attempts += 1;
        }
    }

    async fn attempt(&self, steps: &[Step]) -> Result<Vec<Rows>, Failure> {
        match steps {
            [] => Ok(Vec::new()),
            // A statement is atomic by itself, which saves two round trips.
            [
                step @ Step {
                    work: Work::Statement(statement),
                    ..
                },
            ] if step.is_atomic_alone() => {
                let rows = self.run_alone(statement).await?;
                step.verify(&rows)?;
                Ok(vec![rows])
            }
            steps => self.transact(steps).await,
        }
    }

    async fn run_alone(&self, statement: &Statement) -> Result<Rows, Failure> {
        let mut lease = Lease::of(self.pool.acquire().await?);
        let mut values = Values::default();
        let connection = &mut lease.connection;
        let outcome = run(connection, self.keeps_statements, statement, &mut values).await;
        lease.settle(outcome.as_ref().err()).await;
        match outcome {
            Ok(affected) => Ok(Rows::new(values.rows, affected)),
            // It may have been carried out, and only the answer was lost.
            Err(Failure::Driver(error)) => Err(Failure::alone(error, values.done)),
            Err(other) => Err(other),
        }
    }

    async fn transact(&self, steps: &[Step]) -> Result<Vec<Rows>, Failure> {
        let mut lease = Lease::of(self.pool.acquire().await?);
        // `sqlx` does not undo a BEGIN that was sent but not answered when the
        // future is dropped.
        lease.close_on_drop = true;
        let mut transaction = lease.connection.begin().await.map_err(Failure::NotBegun)?;
        lease.close_on_drop = false;
        let outcome = match self.run_steps(&mut transaction, steps).await {
            Ok(rows) => transaction
                .commit()
                .await
                .map(|()| rows)
                .map_err(Failure::at_commit),
            Err(failure) => {
                lease.close_on_drop = transaction.rollback().await.is_err();
                Err(failure)
            }
        };
        lease.settle(outcome.as_ref().err()).await;
        outcome
    }

    async fn run_steps(
        &self,
        connection: &mut PgConnection,
        steps: &[Step],
    ) -> Result<Vec<Rows>, Failure> {
        let mut results = Vec::with_capacity(steps.len());
        for step in steps {
            let rows = match &step.work {
                Work::Statement(statement) => self.run_statement(connection, statement).await?,
                Work::Derived(derive) => {
                    let statement = derive.statement(&results)?;
                    self.run_statement(connection, &statement).await?
                }
            };
            step.verify(&rows)?;
            results.push(rows);
        }
        Ok(results)
    }

    async fn run_statement(
        &self,
        connection: &mut PgConnection,
        statement: &Statement,
    ) -> Result<Rows, Failure> {
        let mut values = Values::default();
        let affected = run(connection, self.keeps_statements, statement, &mut values).await?;
        Ok(Rows::new(values.rows, affected))
    }
}

/// A connection that is closed rather than given back when it is not at rest.
struct Lease {
    connection: PoolConnection<sqlx::Postgres>,
    close_on_drop: bool,
}

impl Lease {
    fn of(connection: PoolConnection<sqlx::Postgres>) -> Self {
        Self {
            connection,
            close_on_drop: false,
        }
    }

    /// Makes the connection fit for its next user.
    async fn settle(&mut self, failure: Option<&Failure>) {
        let Some(failure) = failure else {
            return;
        };
        if failure.is_lost() {
            self.close_on_drop = true;
        } else if failure.is_stale() {
            self.close_on_drop |= self.connection.clear_cached_statements().await.is_err();
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.close_on_drop {
            self.connection.close_on_drop();
        }
    }
}
