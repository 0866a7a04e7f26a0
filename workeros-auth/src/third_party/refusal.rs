//! The errors of tokens of somebody else. What is wrong with one is for the log.

use workeros_core::{Error, ErrorKind};

use crate::refusal::invalid_credentials;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// The issuer does not tell its keys. Nobody but those who come with its tokens
/// is concerned.
pub(super) fn unavailable(why: impl Into<Source>) -> Error {
    let message = "the issuer of the token is not available";
    Error::new(ErrorKind::Unavailable, message)
        .with_code("ISSUER_UNAVAILABLE")
        .with_source(why)
}

/// The token does not hold.
pub(super) fn refused(why: impl Into<Source>) -> Error {
    invalid_credentials().with_source(why)
}

/// The token may be good, but for which workspace nobody says.
pub(super) fn no_workspace() -> Error {
    let message = "the token is good in several workspaces; name one";
    Error::new(ErrorKind::Unauthorized, message).with_code("WORKSPACE_REQUIRED")
}
