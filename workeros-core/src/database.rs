use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use workeros_dsl::Dialect;

mod batch;
mod page;
mod rows;
mod statement;

pub use batch::{Batch, Derive, Expect, Step, Work};
pub use page::{Column, Page, PageWriter, Shape};
pub use rows::{Row, Rows};
pub use statement::{Cost, Statement};

use crate::Result;

/// What a database adapter can do beyond the required. Callers look here
/// before they send anything; what is not declared is refused with
/// [`Unsupported`](crate::ErrorKind::Unsupported).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capability {
    /// Whether DDL is rolled back with the batch it stands in.
    pub transactional_ddl: bool,
    /// Whether a batch may hold [derived](Work::Derived) steps.
    pub derived_steps: bool,
}

impl Capability {
    /// Everything this version knows.
    #[must_use]
    pub const fn full() -> Self {
        Self {
            transactional_ddl: true,
            derived_steps: true,
        }
    }

    /// Sets whether a batch may hold derived steps.
    #[must_use]
    pub const fn with_derived_steps(mut self, derived_steps: bool) -> Self {
        self.derived_steps = derived_steps;
        self
    }
}

/// A SQL database.
///
/// # Contract
///
/// * `apply` is atomic: all steps or none, also on a crash. When it answers
///   `Ok`, the batch is on disk (unless the adapter was opened with a named
///   weaker setting).
/// * A failed expectation rolls the batch back and is the error its step
///   names. One failing batch never affects another.
/// * A read that starts after `apply` returned sees its effect.
/// * Foreign keys are enforced. Text equality and order are by code point.
///   The session's time zone is UTC.
/// * Errors: a constraint is [`Conflict`](crate::ErrorKind::Conflict) with a
///   [`Violation`](crate::Violation); a connection that is lost, a lock that
///   is not had in time or a server that is busy is
///   [`Unavailable`](crate::ErrorKind::Unavailable); the rest is
///   [`Internal`](crate::ErrorKind::Internal).
/// * Dropping a future does not leave a batch half done.
///
/// `testkit::database` holds all of this as a suite.
#[async_trait]
pub trait Database: Debug + Send + Sync + 'static {
    /// The dialect to write SQL for.
    fn dialect(&self) -> Dialect;

    /// What the adapter can do.
    fn capability(&self) -> Capability;

    /// Reads rows as values. Values come as the database stores them; the
    /// accessors of [`Row`] read them as the caller needs them.
    async fn fetch(&self, statement: Statement) -> Result<Rows>;

    /// Reads rows as JSON text, written in one pass.
    async fn fetch_json(&self, statement: Statement, shape: Arc<Shape>) -> Result<Page> {
        let rows = self.fetch(statement).await?;
        let mut writer = PageWriter::new(&shape);
        for row in rows.iter() {
            if !writer.push_values(row)? {
                break;
            }
        }
        Ok(writer.finish())
    }

    /// Runs the batch atomically and returns the rows of each step.
    async fn apply(&self, batch: Batch) -> Result<Vec<Rows>>;
}
