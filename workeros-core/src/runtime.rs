use std::sync::Arc;

use workeros_dsl::Timestamp;

use crate::{Clock, Database, IdGenerator, Random, SystemClock, SystemIds, SystemRandom};

/// What every part of an instance shares: its database, and where time, ids
/// and randomness come from. Cheap to clone.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Runtime {
    /// The database.
    pub database: Arc<dyn Database>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn IdGenerator>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
}

impl Runtime {
    /// This database, with the system's clock, ids and randomness.
    #[must_use]
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self {
            database,
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            random: Arc::new(SystemRandom),
        }
    }

    /// Sets the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the generator of ids.
    #[must_use]
    pub fn with_ids(mut self, ids: Arc<dyn IdGenerator>) -> Self {
        self.ids = ids;
        self
    }

    /// Sets the source of random bytes.
    #[must_use]
    pub fn with_random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// The current instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
