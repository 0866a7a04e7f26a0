use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rusqlite::Connection;
use tokio::sync::oneshot;
use workeros_core::{Error, Result};

use super::connection::Source;
use super::error::{Failure, closed};
use super::worker::Workers;

/// How many reads may wait.
const QUEUE: usize = 1024;
/// How many steps of the virtual machine pass between two looks at whether
/// anybody still waits.
const TICK: i32 = 10_000;

/// A read for a thread that may take its time.
pub(super) struct ReadJob {
    run: Box<Run>,
    abandoned: Arc<AtomicBool>,
}

type Run = dyn FnOnce(Result<&Connection, Failure>) -> Spoilt + Send;

/// Whether a connection is to be opened anew.
type Spoilt = bool;

/// The answer to a [`ReadJob`]. Dropping it stops the read.
pub(super) struct Pending<T> {
    answer: oneshot::Receiver<Result<T>>,
    abandoned: Arc<AtomicBool>,
}

impl ReadJob {
    pub(super) fn new<T: Send + 'static>(
        read: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> (Self, Pending<T>) {
        let (sender, answer) = oneshot::channel();
        let abandoned = Arc::new(AtomicBool::new(false));
        let run = move |connection: Result<&Connection, Failure>| {
            let read = AssertUnwindSafe(|| connection.and_then(read));
            let result = catch_unwind(read)
                .unwrap_or_else(|_| Err(Failure::Core(Error::internal("a read panicked"))));
            let spoilt = result.as_ref().is_err_and(Failure::spoils_connection);
            // Nobody listens when the caller has gone.
            drop(sender.send(result.map_err(Error::from)));
            spoilt
        };
        let job = Self {
            run: Box::new(run),
            abandoned: Arc::clone(&abandoned),
        };
        (job, Pending { answer, abandoned })
    }

    /// Runs the read, as long as somebody waits for it.
    pub(super) fn run(self, connection: &Connection) -> Spoilt {
        let Self { run, abandoned } = self;
        if abandoned.load(Ordering::Relaxed) {
            return false;
        }
        let stop = move || abandoned.load(Ordering::Relaxed);
        if let Err(error) = connection.progress_handler(TICK, Some(stop)) {
            return run(Err(error.into()));
        }
        let spoilt = run(Ok(connection));
        spoilt
            || connection
                .progress_handler(0, None::<fn() -> bool>)
                .is_err()
    }
}

impl<T> Pending<T> {
    pub(super) async fn wait(mut self) -> Result<T> {
        (&mut self.answer).await.unwrap_or_else(|_| Err(closed()))
    }
}

impl<T> Drop for Pending<T> {
    fn drop(&mut self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }
}

/// Starts the threads that serve long reads.
pub(super) fn start(source: &Source) -> std::io::Result<Workers<ReadJob>> {
    let (queue, jobs) = sync_channel(QUEUE);
    let jobs = Arc::new(Mutex::new(jobs));
    let threads = (0..source.options.readers)
        .map(|_| {
            let (source, jobs) = (source.clone(), Arc::clone(&jobs));
            thread::Builder::new()
                .name("workeros-read".into())
                .spawn(move || serve(&source, &jobs))
        })
        .collect::<std::io::Result<_>>()?;
    Ok(Workers::new(queue, threads))
}

fn serve(source: &Source, jobs: &Mutex<Receiver<ReadJob>>) {
    let mut connection = None;
    loop {
        // One thread waits on the queue, the others for the lock.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        connection = read(source, connection, job);
    }
}

/// Runs the job and gives the connection back, if it is still good.
fn read(source: &Source, connection: Option<Connection>, job: ReadJob) -> Option<Connection> {
    match connection.map_or_else(|| source.reader(), Ok) {
        Ok(connection) => (!job.run(&connection)).then_some(connection),
        Err(failure) => {
            (job.run)(Err(failure));
            None
        }
    }
}
