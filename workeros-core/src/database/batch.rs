use std::borrow::Cow;
use std::fmt;

use super::{Rows, Statement};
use crate::{Error, ErrorKind, Result};

/// Statements that run atomically, in order: the transaction primitive.
///
/// A batch is complete when it is sent: nothing is decided by the caller
/// between its steps. That is what lets an adapter group many batches into one
/// commit, or send one in a single round trip.
///
/// ```
/// use workeros_core::{Batch, ErrorKind, Expect, Statement, Step};
///
/// let batch = Batch::new()
///     .step(
///         Step::new(Statement::new(
///             "UPDATE account SET balance = balance - $1 WHERE id = $2 AND balance >= $1",
///             vec![5.into(), "ann".into()],
///         ))
///         .expect(Expect::One, ErrorKind::Conflict, "the balance is too low"),
///     )
///     .step(Step::new(Statement::new(
///         "UPDATE account SET balance = balance + $1 WHERE id = $2",
///         vec![5.into(), "bob".into()],
///     )));
/// assert_eq!(batch.steps().len(), 2);
/// ```
#[derive(Debug, Default)]
pub struct Batch {
    steps: Vec<Step>,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Appends a step.
    pub fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The steps in order, owned.
    #[must_use]
    pub fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// Whether any step is derived.
    #[must_use]
    pub fn has_derived(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step.work, Work::Derived(_)))
    }
}

impl Extend<Step> for Batch {
    fn extend<T: IntoIterator<Item = Step>>(&mut self, steps: T) {
        self.steps.extend(steps);
    }
}

/// One step of a [`Batch`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Step {
    /// What to run.
    pub work: Work,
    /// How many rows it must give or write.
    pub expect: Expect,
    /// What it means when it does not.
    pub failure: (ErrorKind, Cow<'static, str>),
    /// Whether a statement that does not give so many has changed nothing; see
    /// [`with_own_guard`](Self::with_own_guard).
    pub own_guard: bool,
}

/// What a step runs.
#[derive(Debug)]
pub enum Work {
    /// A statement that is known beforehand.
    Statement(Statement),
    /// A statement that follows from the rows of earlier steps; needs
    /// [`Capability::derived_steps`](super::Capability::derived_steps).
    Derived(Derive),
}

type DeriveFn = dyn Fn(&[Rows]) -> Result<Statement> + Send + Sync;

/// A pure function from the rows of all earlier steps to a statement. An error
/// rolls the batch back and is its result. An adapter that has to run a batch
/// again (a neighbour took the transaction along, a serialization failure)
/// calls it again.
pub struct Derive(Box<DeriveFn>);

impl Derive {
    /// Runs the function.
    ///
    /// # Errors
    ///
    /// What the function answers.
    pub fn statement(&self, earlier: &[Rows]) -> Result<Statement> {
        (self.0)(earlier)
    }
}

impl fmt::Debug for Derive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Derive(..)")
    }
}

/// How many rows a step must return (for statements that return rows) or
/// write (for others).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expect {
    /// Any number.
    #[default]
    Any,
    /// None.
    None,
    /// Exactly one.
    One,
    /// At least one.
    Some,
}

impl Expect {
    fn admits(self, rows: u64) -> bool {
        match self {
            Self::Any => true,
            Self::None => rows == 0,
            Self::One => rows == 1,
            Self::Some => rows >= 1,
        }
    }
}

impl Step {
    /// A step that runs the statement and expects nothing of it.
    #[must_use]
    pub fn new(statement: Statement) -> Self {
        Self::of(Work::Statement(statement))
    }

    /// A step whose statement follows from the rows of earlier steps.
    pub fn derived(derive: impl Fn(&[Rows]) -> Result<Statement> + Send + Sync + 'static) -> Self {
        Self::of(Work::Derived(Derive(Box::new(derive))))
    }

    fn of(work: Work) -> Self {
        Self {
            work,
            expect: Expect::Any,
            failure: (ErrorKind::Internal, Cow::Borrowed("")),
            own_guard: false,
        }
    }

    /// Sets how many rows are expected, and what it means when it is not so.
    #[must_use]
    pub fn expect(
        mut self,
        expect: Expect,
        kind: ErrorKind,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.expect = expect;
        self.failure = (kind, message.into());
        self
    }

    /// Promises that the statement has changed nothing whenever the
    /// expectation is not met. That is so when it can count at most one row,
    /// is expected to count one, and does whatever else it does only together
    /// with that row.
    ///
    /// It lets an adapter run the step without a transaction around it where
    /// it is all of a batch. The adapter does not check the promise, and may as
    /// well make nothing of it: the batch means the same either way.
    ///
    /// ```
    /// # use workeros_core::{ErrorKind, Expect, Statement, Step};
    /// let claim = "UPDATE job SET owner = $1 WHERE id = $2 AND owner IS NULL";
    /// let step = Step::new(Statement::new(claim, vec!["ann".into(), 7.into()]))
    ///     .expect(Expect::One, ErrorKind::Conflict, "the job is taken")
    ///     .with_own_guard();
    /// assert!(step.is_atomic_alone());
    /// ```
    #[must_use]
    pub fn with_own_guard(mut self) -> Self {
        self.own_guard = true;
        self
    }

    /// Whether a batch of this step alone is all or nothing also without a
    /// transaction around it; for adapters.
    #[must_use]
    pub fn is_atomic_alone(&self) -> bool {
        self.own_guard || self.expect == Expect::Any
    }

    /// Checks what the step gave against what it expects; for adapters.
    ///
    /// # Errors
    ///
    /// The error the step names.
    pub fn verify(&self, rows: &Rows) -> Result<()> {
        let count = (rows.rows.len() as u64).max(rows.affected);
        if self.expect.admits(count) {
            return Ok(());
        }
        let (kind, message) = &self.failure;
        Err(Error::new(*kind, message.clone()))
    }
}
