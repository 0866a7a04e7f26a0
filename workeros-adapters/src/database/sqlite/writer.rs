use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;
use workeros_core::{Batch, Error, Result, Rows};

use super::batch;
use super::connection::{Place, Source};
use super::error::{Failure, closed};
use super::log::Log;
use super::reader::ReadJob;
use super::worker::Workers;

/// How many jobs may wait.
const QUEUE: usize = 4096;
/// How many batches share a commit at most.
const GROUP: usize = 256;

/// Something for the thread that writes.
pub(super) enum Job {
    Write(Write),
    /// A read of a database that has only this connection.
    Read(ReadJob),
}

/// A batch and where its answer goes.
pub(super) struct Write {
    batch: Batch,
    /// What came of it, to be told once it is committed.
    outcome: Option<Result<Vec<Rows>>>,
    answer: oneshot::Sender<Result<Vec<Rows>>>,
}

impl Write {
    pub(super) fn new(batch: Batch) -> (Self, oneshot::Receiver<Result<Vec<Rows>>>) {
        let (answer, receiver) = oneshot::channel();
        (
            Self {
                batch,
                outcome: None,
                answer,
            },
            receiver,
        )
    }

    fn tell(self) {
        // Nobody listens when the caller has gone.
        drop(
            self.answer
                .send(self.outcome.unwrap_or_else(|| Err(closed()))),
        );
    }

    fn fail(mut self, error: Error) {
        self.outcome = Some(Err(error));
        self.tell();
    }
}

/// Starts the thread that writes, with the database open.
pub(super) async fn start(source: Source) -> Result<Workers<Job>> {
    let (queue, jobs) = sync_channel(QUEUE);
    let (opened, ready) = oneshot::channel();
    let handle = thread::Builder::new()
        .name("workeros-write".into())
        .spawn(move || match source.writer() {
            Ok(connection) => {
                drop(opened.send(Ok(())));
                Writer {
                    source,
                    connection: Some(connection),
                    jobs,
                    next: None,
                    log: Log::new(),
                }
                .serve();
            }
            Err(failure) => drop(opened.send(Err(Error::from(failure)))),
        })
        .map_err(Error::internal)?;
    ready.await.unwrap_or_else(|_| Err(closed()))?;
    Ok(Workers::new(queue, vec![handle]))
}

struct Writer {
    source: Source,
    connection: Option<Connection>,
    jobs: Receiver<Job>,
    /// A job that was taken from the queue but does not belong to the group.
    next: Option<Job>,
    log: Log,
}

impl Writer {
    fn serve(mut self) {
        while let Some(job) = self.next.take().or_else(|| self.jobs.recv().ok()) {
            match job {
                Job::Write(write) => self.group(write, GROUP),
                Job::Read(read) => self.read(read),
            }
        }
    }

    fn read(&mut self, job: ReadJob) {
        if let Some(connection) = &self.connection {
            job.run(connection);
        }
    }

    /// Runs this batch and those that queue up meanwhile in one transaction.
    fn group(&mut self, first: Write, limit: usize) {
        let mut writes = vec![first];
        match self.transaction(&mut writes, limit) {
            Ok(()) => {
                writes.into_iter().for_each(Write::tell);
                self.tend_log();
            }
            Err(loss) => self.recover(writes, loss),
        }
    }

    fn transaction(&mut self, writes: &mut Vec<Write>, limit: usize) -> Result<(), Loss> {
        self.open().map_err(Loss::All)?;
        let Self {
            connection: Some(connection),
            jobs,
            next,
            ..
        } = self
        else {
            return Err(Loss::All(Failure::Core(closed())));
        };
        if let Err(failure) = batch::execute(connection, "BEGIN IMMEDIATE") {
            // Those in the queue have waited for the same lock.
            writes.extend(std::iter::from_fn(|| next_write(jobs, next)));
            return Err(Loss::All(failure));
        }
        let mut current = 0;
        while let Some(write) = writes.get_mut(current) {
            write.outcome = Some(batch::run(connection, &write.batch).map_err(Loss::By)?);
            current += 1;
            if current < limit {
                writes.extend(next_write(jobs, next));
            }
        }
        batch::execute(connection, "COMMIT").map_err(|failure| {
            if failure.is_constraint() {
                Loss::By(failure)
            } else {
                Loss::All(failure)
            }
        })
    }

    /// Undoes a transaction that was lost as a whole.
    fn recover(&mut self, writes: Vec<Write>, loss: Loss) {
        self.rollback(&loss);
        match (loss, <[Write; 1]>::try_from(writes)) {
            (Loss::By(failure) | Loss::All(failure), Ok([only])) => only.fail(failure.into()),
            // One of them did it, and the others shall not suffer.
            (Loss::By(_), Err(writes)) => writes.into_iter().for_each(|write| self.group(write, 1)),
            (Loss::All(failure), Err(writes)) => fail_all(writes, failure.into()),
        }
    }

    /// Leaves the connection without a transaction, if need be by opening
    /// another one: what a failed sync left behind is not known to it.
    fn rollback(&mut self, loss: &Loss) {
        let (Loss::By(failure) | Loss::All(failure)) = loss;
        let Some(connection) = &self.connection else {
            return;
        };
        let clean = connection.is_autocommit() || batch::execute(connection, "ROLLBACK").is_ok();
        let replaceable = matches!(self.source.place, Place::File(_));
        if replaceable && (!clean || failure.spoils_connection()) {
            self.connection = None;
        }
    }

    /// Nobody waits for this; what fails here is tried again behind the next
    /// commit.
    fn tend_log(&mut self) {
        let Some(connection) = &self.connection else {
            return;
        };
        let patience = self.source.options.busy_timeout;
        if let Err(failure) = self.log.tend(connection, patience) {
            if failure.spoils_connection() {
                self.connection = None;
            }
            let error = Error::from(failure);
            tracing::warn!(%error, "the write-ahead log could not be emptied");
        }
    }

    fn open(&mut self) -> Result<(), Failure> {
        if self.connection.is_none() {
            tracing::warn!("opening the database again after a failed write");
            self.connection = Some(self.source.writer()?);
        }
        Ok(())
    }
}

/// Why a transaction was lost.
enum Loss {
    /// By one of its batches: another try of each alone shows which.
    By(Failure),
    /// By something that would hit each of them.
    All(Failure),
}

/// The next batch, if one waits.
fn next_write(jobs: &Receiver<Job>, next: &mut Option<Job>) -> Option<Write> {
    match jobs.try_recv().ok()? {
        Job::Write(write) => Some(write),
        read @ Job::Read(_) => {
            *next = Some(read);
            None
        }
    }
}

/// Tells each of them the same; the first gets the cause for the log.
fn fail_all(writes: Vec<Write>, error: Error) {
    let mut writes = writes.into_iter();
    let first = writes.next();
    writes.for_each(|write| write.fail(without_cause(&error)));
    if let Some(first) = first {
        first.fail(error);
    }
}

fn without_cause(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.message().to_owned());
    match error.retry_after_seconds() {
        Some(seconds) => copy.with_retry_after(seconds),
        None => copy,
    }
}
