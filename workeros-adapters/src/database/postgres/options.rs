use std::time::Duration;

/// How to connect to PostgreSQL.
///
/// ```
/// use std::time::Duration;
/// use workeros_adapters::PostgresOptions;
///
/// let options = PostgresOptions::default()
///     .with_max_connections(20)
///     .with_statement_timeout(Duration::from_secs(10));
/// assert_eq!(options.max_connections, 20);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// The most connections to keep. Default 10.
    pub max_connections: u32,
    /// How long to wait for a connection. Default 10 s.
    pub acquire_timeout: Duration,
    /// How long a statement may run; zero for any time. Default 30 s.
    pub statement_timeout: Duration,
    /// How long a statement may wait for a lock; zero for any time. Default
    /// 5 s.
    pub lock_timeout: Duration,
    /// The schema to work in, instead of what the server has set for the user.
    /// It must exist.
    pub schema: Option<String>,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            max_connections: 10,
            acquire_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            schema: None,
        }
    }
}

impl PostgresOptions {
    /// Sets the most connections to keep.
    #[must_use]
    pub fn with_max_connections(mut self, max_connections: u32) -> Self {
        self.max_connections = max_connections;
        self
    }

    /// Sets how long to wait for a connection.
    #[must_use]
    pub fn with_acquire_timeout(mut self, acquire_timeout: Duration) -> Self {
        self.acquire_timeout = acquire_timeout;
        self
    }

    /// Sets how long a statement may run; zero for any time.
    #[must_use]
    pub fn with_statement_timeout(mut self, statement_timeout: Duration) -> Self {
        self.statement_timeout = statement_timeout;
        self
    }

    /// Sets how long a statement may wait for a lock; zero for any time.
    #[must_use]
    pub fn with_lock_timeout(mut self, lock_timeout: Duration) -> Self {
        self.lock_timeout = lock_timeout;
        self
    }

    /// Sets the schema to work in. Tables and types of other schemas are then
    /// not found.
    #[must_use]
    pub fn with_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }
}
