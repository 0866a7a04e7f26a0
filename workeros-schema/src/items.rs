use std::sync::Arc;

use workeros_core::{Dialect, Error, Result, Subject, Timestamp};
use workeros_dsl::Variables;

use crate::data_plane::DataPlane;
use crate::snapshot::Snapshot;

mod attempts;
mod batch;
mod cascade;
mod columns;
mod cursor;
mod draft;
mod idempotency;
mod keyset;
pub(crate) mod log;
mod mutation;
mod plan;
mod query;
mod reactions;
mod read;
mod row;
mod statements;
mod steps;
mod violation;
mod write;

pub use log::{Changes, Position};
pub(crate) use plan::PlanCache;
pub use query::{Direction, Query, SortKey};
pub use reactions::Reaction;
pub(crate) use statements::Statements;

/// The rows of one collection, for one subject: the only way to read or write
/// them. Every protocol and the host's own calls come through here, and the
/// subject's grant decides.
#[derive(Debug, Clone)]
pub struct Items {
    plane: DataPlane,
    subject: Subject,
    slug: String,
    request_id: Option<String>,
}

/// A page of items.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct List {
    /// The items: a JSON array.
    pub json: Vec<u8>,
    /// The most items the page could hold.
    pub limit: usize,
    /// How many items were skipped; `None` when paging by cursor.
    pub offset: Option<u64>,
    /// Where the next page starts; `None` on the last, and when not paging by
    /// cursor.
    pub next_cursor: Option<String>,
    /// Whether there is a further item.
    pub has_more: bool,
    /// The counts that were asked for.
    pub meta: Option<Meta>,
}

/// Counts of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meta {
    /// The items that match the filter.
    pub filter_count: Option<u64>,
    /// The items that may be read at all.
    pub total_count: Option<u64>,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Item {
    /// What the caller may read of it: a JSON object.
    pub json: Vec<u8>,
    /// Its strong validator, quoted as in an `ETag`.
    pub etag: String,
}

/// What must hold of an item for a write to be done. It is compared in the
/// statement that writes, so of racing writers exactly one wins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    /// Nothing.
    #[default]
    None,
    /// Its validator is one of these (quoted, or `*` for any).
    IfMatch(Vec<String>),
    /// It was not written after this instant.
    UnmodifiedSince(Timestamp),
}

/// What became of one operation of a batch.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The item was created.
    Created(Item),
    /// The item was updated.
    Updated(Item),
    /// The item was deleted.
    Deleted,
    /// Nothing was done.
    Failed(Error),
}

impl Items {
    pub(crate) fn new(plane: DataPlane, subject: Subject, slug: String) -> Self {
        Self {
            plane,
            subject,
            slug,
            request_id: None,
        }
    }

    /// Names the request the log is to name.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    fn dialect(&self) -> Dialect {
        self.plane.runtime().database.dialect()
    }

    async fn snapshot(&self) -> Result<Arc<Snapshot>> {
        self.plane.snapshot(self.subject.tenant()).await
    }

    /// The values of the variables, with `$now` at this instant.
    fn variables(&self) -> Variables {
        self.subject.variables(self.plane.runtime().now())
    }
}

impl Precondition {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}
