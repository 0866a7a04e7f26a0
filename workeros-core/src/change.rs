use std::fmt;

use workeros_dsl::Timestamp;

use crate::TenantId;

/// One row of the change log: what a write did.
///
/// Every write of data appends one in the same batch, so there is no write
/// without its change and no change without its write. `before` and `after`
/// hold no private field.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The workspace.
    pub tenant: TenantId,
    /// The slug of the collection.
    pub collection: String,
    /// The item's id, as text.
    pub item: String,
    /// What was done.
    pub action: Action,
    /// The row before, as a JSON object; `None` for a create.
    pub before: Option<String>,
    /// The row after, as a JSON object; `None` for a delete.
    pub after: Option<String>,
    /// Who did it; see [`Subject::actor`](crate::Subject::actor).
    pub actor: String,
    /// The request it came with, if it came with one.
    pub request_id: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Change {
    /// A change without images.
    pub fn new(
        tenant: TenantId,
        collection: impl Into<String>,
        item: impl Into<String>,
        action: Action,
        actor: impl Into<String>,
        at: Timestamp,
    ) -> Self {
        Self {
            tenant,
            collection: collection.into(),
            item: item.into(),
            action,
            before: None,
            after: None,
            actor: actor.into(),
            request_id: None,
            at,
        }
    }

    /// Sets the row before and after, as JSON objects.
    #[must_use]
    pub fn with_images(mut self, before: Option<String>, after: Option<String>) -> Self {
        self.before = before;
        self.after = after;
        self
    }

    /// Sets the request it came with.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }
}

/// What is done to rows, and what a permission is given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Reading.
    Read,
    /// Making a new row.
    Create,
    /// Changing a row.
    Update,
    /// Removing a row.
    Delete,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Create, Self::Update, Self::Delete];

    /// The word used in permission rows and in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The action of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
