use uuid::Uuid;
use workeros_core::{Error, Result, Value};

/// A part of a list, newest first: so many, older than the one named.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    limit: u32,
    before: Uuid,
}

const MAX_LIMIT: u32 = 200;

impl Page {
    /// At most `limit` (1 to 200) of those made before the one named.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `limit` when it is
    /// out of range.
    pub(crate) fn new(limit: u32, before: Option<Uuid>) -> Result<Self> {
        if !(1..=MAX_LIMIT).contains(&limit) {
            let message = "must be 1 to 200";
            return Err(Error::validation("limit", "out_of_range", message));
        }
        Ok(Self {
            limit,
            before: before.unwrap_or(Uuid::max()),
        })
    }

    /// The id that those on it come before.
    pub(crate) fn before(self) -> Value {
        self.before.into()
    }

    /// How many are read: one more than there are on it, which says whether there
    /// are older ones.
    pub(crate) fn read_limit(self) -> Value {
        i64::from(self.limit + 1).into()
    }

    /// Leaves those that are on it, and says whether there are older ones.
    pub(crate) fn cut<T>(self, read: &mut Vec<T>) -> bool {
        let limit = self.limit as usize;
        let has_more = read.len() > limit;
        read.truncate(limit);
        has_more
    }
}
