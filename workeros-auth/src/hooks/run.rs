//! Calling a hook so that nothing it does can hurt.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use tokio::task::JoinSet;
use workeros_core::{Error, ErrorKind, Result};

/// How long a hook may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs a hook as a task of its own: one that panics, or blocks its thread, does
/// not take along who waits for it. It ends with who waits.
///
/// # Errors
///
/// [`Unavailable`](ErrorKind::Unavailable) with code `HOOK_UNAVAILABLE`, however
/// it fails.
pub(super) async fn run<T: Send + 'static>(
    name: &'static str,
    call: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let mut task = JoinSet::new();
    task.spawn(call);
    match tokio::time::timeout(PATIENCE, task.join_next()).await {
        Ok(Some(Ok(answer))) => answer.map_err(|error| unavailable(name, error)),
        Ok(Some(Err(panicked))) => Err(unavailable(name, panicked)),
        Ok(None) => Err(Error::internal("a hook that was never called")),
        Err(late) => Err(unavailable(name, late)),
    }
}

pub(super) fn unavailable(name: &'static str, error: impl Into<Source>) -> Error {
    let source = Failed {
        name,
        source: error.into(),
    };
    Error::new(
        ErrorKind::Unavailable,
        "a part of this server does not answer; try again",
    )
    .with_code("HOOK_UNAVAILABLE")
    .with_source(source)
}

type Source = Box<dyn StdError + Send + Sync>;

/// Which hook has failed, for the log.
#[derive(Debug)]
struct Failed {
    name: &'static str,
    source: Source,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the hook `{}` has failed", self.name)
    }
}

impl StdError for Failed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}
