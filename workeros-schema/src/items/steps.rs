use std::sync::Arc;

use workeros_core::{Batch, Dialect, ErrorKind, Expect, Result, Statement, Step, Value};
use workeros_dsl::Variables;
use workeros_dsl::sql::Template;

use super::log;
use super::mutation::RowVerb;
use super::statements::{Statements, Verb};
use crate::collection::Collection;

pub(super) const CHANGED: &str = "the item was changed since you read it; read it again";

/// What a set of writes is to run, in order.
#[derive(Debug, Default)]
pub(super) struct Steps {
    parts: Vec<Part>,
    count: usize,
}

#[derive(Debug)]
enum Part {
    Row(RowWrite),
    Step(Step),
}

/// The write of one row of a managed table, with its entry in the log.
#[derive(Debug)]
pub(super) struct RowWrite {
    pub(super) collection: Arc<Collection>,
    pub(super) verb: RowVerb,
    /// The arguments of its statement.
    pub(super) row: Vec<Value>,
    /// The arguments of the entry.
    pub(super) entry: Vec<Value>,
}

impl Steps {
    /// Adds a step.
    pub(super) fn push(&mut self, step: Step) {
        self.parts.push(Part::Step(step));
        self.count += 1;
    }

    /// Adds the write of a row: two steps.
    pub(super) fn push_row(&mut self, write: RowWrite) {
        self.parts.push(Part::Row(write));
        self.count += 2;
    }

    /// How many steps there are, which is where the next one will stand.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The batch. On Postgres, where each step is a round trip, and so is each
    /// end of a transaction, the write of one row and nothing else is a single
    /// statement. It takes one look at the workspace's version, before it waits
    /// for a lock on the row: whoever had the lock and changed the row turns
    /// the write away.
    pub(super) fn into_batch(self, dialect: Dialect, statements: &Statements) -> Result<Batch> {
        let is_alone = self.parts.len() == 1;
        let mut batch = Batch::new();
        for part in self.parts {
            match part {
                Part::Row(write) if is_alone && dialect == Dialect::Postgres => {
                    batch.push(write.logged(statements)?);
                }
                Part::Row(write) => batch.extend(write.steps(dialect, statements)?),
                Part::Step(step) => batch.push(step),
            }
        }
        Ok(batch)
    }
}

impl RowWrite {
    fn steps(self, dialect: Dialect, statements: &Statements) -> Result<[Step; 2]> {
        let (collection, verb) = (&self.collection, &self.verb);
        let write = || verb.template(collection, dialect);
        let template = statements.get_or_write(collection, Verb::Write(verb.clone()), write)?;
        Ok([
            unmoved(bound(&template, &self.row)),
            log::at_version(Step::new(log::append(self.entry, dialect))),
        ])
    }

    fn logged(self, statements: &Statements) -> Result<Step> {
        let (collection, verb) = (&self.collection, &self.verb);
        let write = || verb.logged_template(collection);
        let key = Verb::WriteLogged(verb.clone());
        let template = statements.get_or_write(collection, key, write)?;
        let mut arguments = self.row;
        arguments.extend(self.entry);
        Ok(unmoved(bound(&template, &arguments)).with_own_guard())
    }
}

/// A step of a statement that depends on its arguments alone.
pub(super) fn bound(template: &Template, arguments: &[Value]) -> Step {
    let params = template.bind(&Variables::default(), arguments);
    Step::new(Statement::new(template.sql().clone(), params))
}

/// A step that must meet the row as it was read.
pub(super) fn unmoved(step: Step) -> Step {
    step.expect(Expect::One, ErrorKind::PreconditionFailed, CHANGED)
}
