use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use workeros_core::{Batch, Capability, Database, Dialect, Page, Result, Rows, Shape, Statement};

/// A read of a page, as it was asked for, and what came.
#[derive(Debug, Clone)]
pub struct Read {
    /// The statement, with its values.
    pub statement: Statement,
    /// How its rows were written.
    pub shape: Arc<Shape>,
    /// The page.
    pub page: Page,
}

/// A database that remembers the last page it was asked for.
#[derive(Debug)]
pub struct Watched {
    inner: Box<dyn Database>,
    last: Mutex<Option<Read>>,
    mode: Mutex<Mode>,
}

#[derive(Debug, Clone)]
enum Mode {
    Watch,
    Pass,
    Repeat(Page),
}

impl Watched {
    pub(crate) fn new(inner: impl Database) -> Self {
        Self {
            inner: Box::new(inner),
            last: Mutex::default(),
            mode: Mutex::new(Mode::Watch),
        }
    }

    /// The last page that was read while it watched.
    pub fn last(&self) -> Read {
        self.last.lock().unwrap().clone().unwrap()
    }

    /// Reads from here on, and remembers nothing: what is measured then is the
    /// database alone.
    pub fn pass(&self) {
        *self.mode.lock().unwrap() = Mode::Pass;
    }

    /// Answers with the last page from here on, and reads nothing: what is
    /// measured then is all that stands around a read.
    pub fn repeat(&self) {
        *self.mode.lock().unwrap() = Mode::Repeat(self.last().page);
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
        self.inner.fetch(statement).await
    }

    async fn fetch_json(&self, statement: Statement, shape: Arc<Shape>) -> Result<Page> {
        let mode = self.mode.lock().unwrap().clone();
        match mode {
            Mode::Pass => self.inner.fetch_json(statement, shape).await,
            Mode::Repeat(page) => Ok(page),
            Mode::Watch => {
                let read = self.inner.fetch_json(statement.clone(), Arc::clone(&shape));
                let page = read.await?;
                let read = Read {
                    statement,
                    shape,
                    page: page.clone(),
                };
                *self.last.lock().unwrap() = Some(read);
                Ok(page)
            }
        }
    }

    async fn apply(&self, batch: Batch) -> Result<Vec<Rows>> {
        self.inner.apply(batch).await
    }
}
