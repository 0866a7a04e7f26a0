//! What goes wrong with passkeys, by the codes that clients of better-auth
//! know.

use workeros_core::{Error, ErrorKind};

pub(super) type Source = Box<dyn std::error::Error + Send + Sync>;

/// One answer for a challenge that was not given, to another browser or for
/// something else, is used, or too old.
pub(crate) fn no_challenge() -> Error {
    Error::new(
        ErrorKind::BadRequest,
        "nothing was asked that this answers, or no longer",
    )
    .with_code("CHALLENGE_NOT_FOUND")
}

/// What a device made is not what was asked for.
pub(crate) fn registration_failed(source: impl Into<Source>) -> Error {
    Error::new(ErrorKind::BadRequest, "the passkey could not be verified")
        .with_code("FAILED_TO_VERIFY_REGISTRATION")
        .with_source(source)
}

/// One answer for a passkey that is unknown, of a disabled user, and for an
/// answer of one that does not hold.
pub(crate) fn assertion_failed(source: impl Into<Source>) -> Error {
    Error::new(ErrorKind::Unauthorized, ASSERTION_FAILED)
        .with_code("AUTHENTICATION_FAILED")
        .with_source(source)
}

pub(crate) const ASSERTION_FAILED: &str = "the passkey does not open anything here";

/// There is no such passkey, or it is somebody else's.
pub(crate) fn no_passkey() -> Error {
    Error::not_found().with_code("PASSKEY_NOT_FOUND")
}

/// The device is one of somebody's already.
pub(crate) fn previously_registered(source: Error) -> Error {
    Error::new(ErrorKind::Conflict, "the passkey is registered already")
        .with_code("PREVIOUSLY_REGISTERED")
        .with_source(source)
}

/// Nobody said of which domain passkeys are.
pub(crate) fn no_passkeys() -> Error {
    Error::not_found().with_code("PASSKEYS_DISABLED")
}

/// Nobody has so many devices.
pub(crate) fn too_many() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "there are too many passkeys; delete one first",
    )
    .with_code("TOO_MANY_PASSKEYS")
}
