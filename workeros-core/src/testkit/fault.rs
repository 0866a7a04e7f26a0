//! Adapters that fail on demand.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use workeros_dsl::Dialect;

use crate::{
    Batch, Capability, Database, Email, Error, ErrorKind, Mailer, Page, Result, Rows, Shape,
    Statement,
};

/// When a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before it took effect.
    Before,
    /// After it took effect: the answer is lost.
    After,
}

/// Which calls are to fail. All calls of one wrapper count together.
#[derive(Debug, Default)]
struct Plan(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    calls: u64,
    faults: Vec<(u64, Moment)>,
}

impl Plan {
    fn add(&self, nth: u64, moment: Moment) {
        let mut state = self.lock();
        let call = state.calls + nth;
        state.faults.push((call, moment));
    }

    fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Counts a call and says how it fails.
    fn next(&self) -> Option<Moment> {
        let mut state = self.lock();
        state.calls += 1;
        let call = state.calls;
        let index = state.faults.iter().position(|(nth, _)| *nth == call)?;
        Some(state.faults.swap_remove(index).1)
    }

    async fn run<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        match self.next() {
            None => call.await,
            Some(Moment::Before) => Err(fault()),
            Some(Moment::After) => call.await.and_then(|_| Err(fault())),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fault() -> Error {
    Error::new(ErrorKind::Unavailable, "a fault was asked for")
}

/// A database whose calls fail on demand, with
/// [`Unavailable`](ErrorKind::Unavailable).
#[derive(Debug)]
pub struct FaultyDatabase<D> {
    inner: D,
    plan: Plan,
}

impl<D> FaultyDatabase<D> {
    /// Wraps a database; nothing fails yet.
    pub fn new(inner: D) -> Self {
        Self {
            inner,
            plan: Plan::default(),
        }
    }

    /// Lets the `nth` call from now fail; 1 is the next one.
    pub fn fail(&self, nth: u64, moment: Moment) {
        self.plan.add(nth, moment);
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.plan.calls()
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<D: Database> Database for FaultyDatabase<D> {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    async fn fetch(&self, statement: Statement) -> Result<Rows> {
        self.plan.run(self.inner.fetch(statement)).await
    }

    async fn fetch_json(&self, statement: Statement, shape: Arc<Shape>) -> Result<Page> {
        self.plan.run(self.inner.fetch_json(statement, shape)).await
    }

    async fn apply(&self, batch: Batch) -> Result<Vec<Rows>> {
        self.plan.run(self.inner.apply(batch)).await
    }
}

/// A mailer whose calls fail on demand, with
/// [`Unavailable`](ErrorKind::Unavailable).
#[derive(Debug)]
pub struct FaultyMailer<M> {
    inner: M,
    plan: Plan,
}

impl<M> FaultyMailer<M> {
    /// Wraps a mailer; nothing fails yet.
    pub fn new(inner: M) -> Self {
        Self {
            inner,
            plan: Plan::default(),
        }
    }

    /// Lets the `nth` call from now fail; 1 is the next one.
    pub fn fail(&self, nth: u64, moment: Moment) {
        self.plan.add(nth, moment);
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.plan.calls()
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<M: Mailer> Mailer for FaultyMailer<M> {
    async fn send(&self, email: Email) -> Result<()> {
        self.plan.run(self.inner.send(email)).await
    }
}
