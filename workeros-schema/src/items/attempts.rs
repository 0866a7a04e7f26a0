use std::sync::Arc;

use workeros_core::{Error, ErrorKind, Result};

use super::Items;
use super::violation::FOREIGN_KEY;
use super::write::WriteSet;
use crate::snapshot::Snapshot;

/// How often a write that lost a race starts over.
const ATTEMPTS: usize = 64;

/// The attempts at a write. One that lost a race starts over: it reads again
/// what it changes, and what it was allowed. A precondition that a client
/// stated is then checked against what is there now.
pub(crate) struct Attempts<'a> {
    items: &'a Items,
    left: usize,
    last: Option<Arc<Snapshot>>,
}

impl<'a> Attempts<'a> {
    pub(crate) fn of(items: &'a Items) -> Self {
        Self {
            items,
            left: ATTEMPTS,
            last: None,
        }
    }

    /// An empty set of writes.
    pub(crate) async fn next(&mut self) -> Result<WriteSet<'a>> {
        let snapshot = match self.last.take() {
            Some(last) => self.items.plane.compared(last).await?,
            None => self.items.snapshot().await?,
        };
        self.last = Some(Arc::clone(&snapshot));
        Ok(WriteSet::new(self.items, snapshot))
    }

    /// Takes an attempt, or hands the error on if it is no lost race.
    pub(crate) async fn again(&mut self, set: &WriteSet<'_>, error: Error) -> Result<()> {
        let cost = match error.kind() {
            ErrorKind::PreconditionFailed => 1,
            // A row was added that points to one that was to go. But it may as
            // well be another write of the set that is at fault.
            ErrorKind::Validation if set.deletes() && is_foreign_key(&error) => ATTEMPTS / 4,
            // A statement that no longer fits the tables.
            ErrorKind::Internal if self.is_outdated(&set.snapshot).await => 1,
            _ => return Err(error),
        };
        match self.left.checked_sub(cost) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(error),
        }
    }

    async fn is_outdated(&self, snapshot: &Snapshot) -> bool {
        let database = &*self.items.plane.runtime().database;
        let current = Snapshot::read_version(database, snapshot.tenant).await;
        current.is_ok_and(|current| current != snapshot.version)
    }
}

fn is_foreign_key(error: &Error) -> bool {
    error
        .details()
        .iter()
        .any(|detail| detail.code == FOREIGN_KEY)
}
