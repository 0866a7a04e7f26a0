use std::fmt;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread::{self, JoinHandle};

use workeros_core::Result;

use super::error::{closed, overloaded};

/// Threads behind a bounded queue. Dropping it lets them finish what is
/// queued, and waits for that.
pub(super) struct Workers<J> {
    queue: Option<SyncSender<J>>,
    threads: Vec<JoinHandle<()>>,
}

impl<J> Workers<J> {
    pub(super) fn new(queue: SyncSender<J>, threads: Vec<JoinHandle<()>>) -> Self {
        Self {
            queue: Some(queue),
            threads,
        }
    }

    pub(super) fn send(&self, job: J) -> Result<()> {
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => overloaded(),
            TrySendError::Disconnected(_) => closed(),
        })
    }
}

impl<J> Drop for Workers<J> {
    fn drop(&mut self) {
        self.queue = None;
        for handle in self.threads.drain(..) {
            // A job may hold the last handle to its own database.
            if handle.thread().id() != thread::current().id() {
                // INVARIANT: jobs catch their panics, so there is none to hear of.
                drop(handle.join());
            }
        }
    }
}

impl<J> fmt::Debug for Workers<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers")
            .field("threads", &self.threads.len())
            .finish_non_exhaustive()
    }
}
