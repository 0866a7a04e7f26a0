use workeros_dsl::Value;
use workeros_dsl::sql::Sql;

/// SQL text with its bound values.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Statement {
    /// The text. There is no way to make it from a run-time string.
    pub sql: Sql,
    /// The values of `$1`, `$2`… in order.
    pub params: Vec<Value>,
    /// How long the caller expects it to run.
    pub cost: Cost,
    /// Whether an adapter may answer a read as it did before, as long as
    /// nothing in the database has changed since: worth it where many rows are
    /// looked at to say little. A hint.
    pub reusable: bool,
}

/// How long a read is expected to run. A hint: an adapter may run short reads
/// where they were asked for and move long ones to threads of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cost {
    /// An indexed read of at most some hundred rows.
    Short,
    /// Anything else.
    #[default]
    Long,
}

impl Statement {
    /// A statement with its values.
    ///
    /// A string that came from elsewhere does not fit:
    ///
    /// ```compile_fail
    /// # use workeros_core::Statement;
    /// let table = String::from("users; DROP TABLE users");
    /// Statement::new(format!("SELECT * FROM {table}"), vec![]);
    /// ```
    #[must_use]
    pub fn new(sql: impl Into<Sql>, params: Vec<Value>) -> Self {
        Self {
            sql: sql.into(),
            params,
            cost: Cost::default(),
            reusable: false,
        }
    }

    /// Lets an adapter [reuse](Self::reusable) an answer.
    #[must_use]
    pub fn reusable(mut self) -> Self {
        self.reusable = true;
        self
    }

    /// Sets the expected run time.
    #[must_use]
    pub fn with_cost(mut self, cost: Cost) -> Self {
        self.cost = cost;
        self
    }
}
