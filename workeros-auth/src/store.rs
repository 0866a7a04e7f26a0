use std::sync::Arc;

use workeros_core::{Batch, Database, Result, Rows, Statement, Step};

use crate::changes::{Affected, Change, Changes, Moment, NOBODY, Place};
use crate::feed::Feed;
use crate::{Plane, Platform};

/// The one door of this crate to the database: whoever writes says what of it
/// may be remembered somewhere.
#[derive(Debug)]
pub(crate) struct Store {
    database: Arc<dyn Database>,
    changes: Changes,
    feed: Feed,
}

impl Store {
    pub(crate) fn new(database: Arc<dyn Database>) -> Self {
        Self {
            feed: Feed::new(database.dialect()),
            changes: Changes::new(),
            database,
        }
    }

    pub(crate) async fn fetch(&self, statement: Statement) -> Result<Rows> {
        self.database.fetch(statement).await
    }

    /// Runs a batch after which what is remembered of the affected does not
    /// hold: here from now on, in other instances within a second.
    pub(crate) async fn apply<P: Plane>(&self, affected: &[Affected], batch: Batch) -> Result<()> {
        self.apply_and_read::<P>(affected, batch).await.map(drop)
    }

    /// The same, with what the last step gave.
    pub(crate) async fn apply_and_read<P: Plane>(
        &self,
        affected: &[Affected],
        batch: Batch,
    ) -> Result<Rows> {
        let (_change, mut steps) = self.begin::<P>(affected);
        steps.extend(batch.into_steps());
        let mut batch = Batch::new();
        batch.extend(steps);
        let mut rows = self.database.apply(batch).await?;
        Ok(rows.pop().unwrap_or_default())
    }

    /// Begins a write of somebody else's, with the steps that must stand in its
    /// batch before others. The change is to be held until the batch was
    /// applied.
    pub(crate) fn begin<P: Plane>(&self, affected: &[Affected]) -> (Change<'_>, Vec<Step>) {
        let steps = affected.iter().map(Affected::record::<P>).collect();
        (self.changes.begin(affected), steps)
    }

    /// The moment to remember a read by, taken before it; `None` while it is
    /// not known what other instances change.
    pub(crate) fn moment(&self) -> Option<Moment> {
        self.feed.is_fresh().then(|| self.changes.moment())
    }

    /// Whether what was read at that moment can be answered with.
    pub(crate) fn holds_since(&self, moment: Moment, about: &[Place]) -> bool {
        self.feed.is_fresh() && self.changes.hold_since(moment, about)
    }

    /// Learns what other instances changed since the last time.
    pub(crate) async fn refresh(&self) -> Result<()> {
        let sweep = self.feed.refresh(&*self.database, &self.changes).await?;
        match sweep {
            Some(sweep) => {
                self.apply::<Platform>(&NOBODY, Batch::new().step(sweep))
                    .await
            }
            None => Ok(()),
        }
    }
}
