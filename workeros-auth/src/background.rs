use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::task::JoinSet;

/// Work that no caller waits for. It ends with its owner, and there is never
/// more of it than a bound: what goes beyond is left out, so only work that
/// comes up again belongs here.
#[derive(Debug, Default)]
pub(crate) struct Background(Mutex<JoinSet<()>>);

const MAX_JOBS: usize = 64;

impl Background {
    pub(crate) fn spawn(&self, job: impl Future<Output = ()> + Send + 'static) {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while jobs.try_join_next().is_some() {}
        if jobs.len() < MAX_JOBS {
            jobs.spawn(job);
        }
    }

    /// Waits until all work is done.
    pub(crate) async fn drain(&self) {
        let mut jobs = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        while jobs.join_next().await.is_some() {}
    }
}
