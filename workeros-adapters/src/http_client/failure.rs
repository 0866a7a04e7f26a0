use std::error::Error as StdError;
use std::fmt;

use workeros_core::{Error, ErrorKind};

/// No address of a name may be connected to.
#[derive(Debug)]
pub(super) struct Blocked;

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no address of the name is open")
    }
}

impl StdError for Blocked {}

pub(super) fn blocked(why: &'static str) -> Error {
    Error::new(ErrorKind::Forbidden, "the target may not be reached")
        .with_code("EGRESS_BLOCKED")
        .with_source(why)
}

pub(super) fn timed_out() -> Error {
    Error::new(ErrorKind::Unavailable, "the other server takes too long")
        .with_code("EGRESS_TIMEOUT")
}

pub(super) fn too_large() -> Error {
    Error::new(ErrorKind::PayloadTooLarge, "the response is too large")
}

/// What a failure of the client means.
pub(super) fn failed(error: reqwest::Error) -> Error {
    if is_blocked(&error) {
        return blocked("no address of the name is open");
    }
    if error.is_timeout() {
        return timed_out();
    }
    // The URL may hold secrets.
    Error::new(ErrorKind::Unavailable, "the other server cannot be reached")
        .with_source(error.without_url())
}

fn is_blocked(error: &(dyn StdError + 'static)) -> bool {
    error.is::<Blocked>() || error.source().is_some_and(is_blocked)
}
