//! A database whose calls are counted, delayed and broken on demand.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use workeros_core::testkit::SeededRandom;
use workeros_core::{
    Batch, Capability, Database, Dialect, Error, ErrorKind, Page, Result, Rows, Shape, Statement,
    Step, Work,
};

#[derive(Debug)]
pub(crate) struct Watched {
    inner: Arc<dyn Database>,
    reads: AtomicU64,
    unreadable: AtomicBool,
    hold: AtomicBool,
    held: Arc<Held>,
    delays: Mutex<Option<SeededRandom>>,
    asked: Mutex<Vec<String>>,
    meanwhile: Mutex<Option<(&'static str, Batch)>>,
}

/// What happens to a batch that is held.
#[derive(Debug, Default)]
struct Held {
    sent: Notify,
    let_go: Notify,
    applied: Notify,
}

impl Watched {
    pub(crate) fn new(inner: Arc<dyn Database>) -> Self {
        Self {
            inner,
            reads: AtomicU64::new(0),
            unreadable: AtomicBool::new(false),
            hold: AtomicBool::new(false),
            held: Arc::default(),
            delays: Mutex::new(None),
            asked: Mutex::default(),
            meanwhile: Mutex::default(),
        }
    }

    /// How often it was read from.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    /// Whether what instances tell each other cannot be read.
    pub(crate) fn set_unreadable(&self, unreadable: bool) {
        self.unreadable.store(unreadable, Ordering::SeqCst);
    }

    /// The next batch is sent, and applied when it is [let go](Self::let_go),
    /// whether or not somebody still waits for it.
    pub(crate) fn hold_next(&self) {
        self.hold.store(true, Ordering::SeqCst);
    }

    /// Waits until the batch that is to be held was sent.
    pub(crate) async fn has_held(&self) {
        self.held.sent.notified().await;
    }

    /// Has the batch that is held be applied.
    pub(crate) async fn let_go(&self) {
        self.held.let_go.notify_one();
        self.held.applied.notified().await;
    }

    /// Delays answers by up to a millisecond.
    pub(crate) fn delay(&self, seed: u64) {
        *self.delays.lock().unwrap() = Some(SeededRandom::new(seed));
    }

    /// Applies something of somebody else's right before the next batch that
    /// inserts into a table whose name ends so: when it was decided on, and is
    /// not written yet.
    pub(crate) fn before_insert(&self, table: &'static str, batch: Batch) {
        *self.meanwhile.lock().unwrap() = Some((table, batch));
    }

    async fn interrupt(&self, batch: &Batch) {
        let meanwhile = {
            let mut meanwhile = self.meanwhile.lock().unwrap();
            meanwhile
                .take_if(|(table, _)| batch.steps().iter().any(|step| inserts_into(step, table)))
        };
        if let Some((_, others)) = meanwhile {
            self.inner.apply(others).await.unwrap();
        }
    }

    /// The texts of all statements since it was asked last, in order.
    pub(crate) fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn note(&self, statement: &Statement) {
        let text = statement.sql.as_str().to_owned();
        self.asked.lock().unwrap().push(text);
    }

    async fn pause(&self) {
        let micros = {
            let delays = self.delays.lock().unwrap();
            delays.as_ref().map(|random| random.next_u64() % 1000)
        };
        match micros {
            None => {}
            Some(micros) if micros < 300 => tokio::task::yield_now().await,
            Some(micros) => tokio::time::sleep(Duration::from_micros(micros)).await,
        }
    }
}

#[async_trait]
impl Database for Watched {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    async fn fetch(&self, statement: Statement) -> Result<Rows> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.note(&statement);
        let told = format!("{statement:?}").contains("workeros_auth_changes");
        if told && self.unreadable.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Unavailable, "asked for"));
        }
        let rows = self.inner.fetch(statement).await;
        self.pause().await;
        rows
    }

    async fn fetch_json(&self, statement: Statement, shape: Arc<Shape>) -> Result<Page> {
        self.inner.fetch_json(statement, shape).await
    }

    async fn apply(&self, batch: Batch) -> Result<Vec<Rows>> {
        for step in batch.steps() {
            if let Work::Statement(statement) = &step.work {
                self.note(statement);
            }
        }
        if self.hold.swap(false, Ordering::SeqCst) {
            let (inner, held) = (Arc::clone(&self.inner), Arc::clone(&self.held));
            let applied = tokio::spawn(async move {
                held.sent.notify_one();
                held.let_go.notified().await;
                let outcome = inner.apply(batch).await;
                held.applied.notify_one();
                outcome
            });
            return applied.await.unwrap();
        }
        self.pause().await;
        self.interrupt(&batch).await;
        let applied = self.inner.apply(batch).await;
        self.pause().await;
        applied
    }
}

fn inserts_into(step: &Step, table: &str) -> bool {
    let Work::Statement(statement) = &step.work else {
        return false;
    };
    let text = statement.sql.as_str();
    let into = text.strip_prefix("INSERT INTO ");
    into.and_then(|rest| rest.split(' ').next())
        .is_some_and(|named| named.ends_with(table))
}
