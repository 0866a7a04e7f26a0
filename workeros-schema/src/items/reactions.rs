use workeros_core::{Batch, Error, ErrorKind, Expect, Result, Statement, Step};

use super::log::{Changes, Position};
use crate::data_plane::DataPlane;
use crate::hooks::After;

const SELECT: &str = "SELECT tx, seq FROM workeros_readers WHERE name = $1";
const INSERT: &str = "INSERT INTO workeros_readers (name, tx, seq) VALUES ($1, $2, $3) \
     ON CONFLICT (name) DO NOTHING";
// Two instances may run the same reaction; only one of them takes a step.
const ADVANCE: &str = "UPDATE workeros_readers SET tx = $1, seq = $2 \
     WHERE name = $3 AND tx = $4 AND seq = $5";

/// How many entries are read at once.
const PAGE: u32 = 100;

/// A hook that reacts to committed changes: a reader of the log with a place
/// of its own. It cannot delay or fail another.
#[derive(Debug, Clone)]
pub struct Reaction {
    plane: DataPlane,
    index: usize,
}

impl DataPlane {
    /// The reactions of the instance's hooks. Whoever owns the instance runs
    /// each of them in a task of its own.
    #[must_use]
    pub fn reactions(&self) -> Vec<Reaction> {
        let count = self.0.hooks.reactions().len();
        (0..count)
            .map(|index| Reaction {
                plane: self.clone(),
                index,
            })
            .collect()
    }
}

impl Reaction {
    /// The name its place in the log is kept under.
    #[must_use]
    pub fn name(&self) -> &str {
        self.after().map_or("", |after| after.name.as_str())
    }

    /// Takes its place at the end of the log, if it has none yet.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn start(&self) -> Result<()> {
        let end = self.changes().end().await?;
        let values = vec![
            self.name().into(),
            end.transaction.into(),
            end.sequence.into(),
        ];
        let batch = Batch::new().step(Step::new(Statement::new(INSERT, values)));
        self.plane.runtime().database.apply(batch).await.map(drop)
    }

    /// Hands the next entries to the hook, one page of them. Answers how many
    /// were passed; 0 at the end of the log.
    ///
    /// # Errors
    ///
    /// What the hook answered: the entry comes again. What the database
    /// answers.
    pub async fn run_once(&self) -> Result<usize> {
        let Some(after) = self.after().cloned() else {
            return Ok(0);
        };
        let mut place = self.place().await?;
        let entries = self.changes().read(place, PAGE).await?;
        let count = entries.len();
        let last = entries.last().map(|(position, _)| *position);
        for (position, change) in entries {
            if change.collection != after.collection {
                continue;
            }
            after.hook.after(change).await?;
            self.advance(place, position).await?;
            place = position;
        }
        match last {
            Some(last) if last != place => self.advance(place, last).await?,
            _ => {}
        }
        Ok(count)
    }

    async fn place(&self) -> Result<Position> {
        let statement = Statement::new(SELECT, vec![self.name().into()]);
        let rows = self.plane.runtime().database.fetch(statement).await?;
        let row = rows
            .first()
            .ok_or_else(|| Error::internal("a reaction was not started"))?;
        Ok(Position {
            transaction: row.integer(0)?,
            sequence: row.integer(1)?,
        })
    }

    async fn advance(&self, from: Position, to: Position) -> Result<()> {
        let values = vec![
            to.transaction.into(),
            to.sequence.into(),
            self.name().into(),
            from.transaction.into(),
            from.sequence.into(),
        ];
        let step = Step::new(Statement::new(ADVANCE, values)).expect(
            Expect::One,
            ErrorKind::Unavailable,
            "another instance runs this reaction",
        );
        self.plane
            .runtime()
            .database
            .apply(Batch::new().step(step))
            .await
            .map(drop)
    }

    fn changes(&self) -> Changes {
        self.plane.changes()
    }

    fn after(&self) -> Option<&After> {
        self.plane.0.hooks.reactions().get(self.index)
    }
}
