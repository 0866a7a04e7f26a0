//! What goes wrong with the second factor, by the codes that clients of
//! better-auth know.

use workeros_core::{Error, ErrorKind};

pub(super) const ALREADY_ENABLED: &str = "an authenticator app is in use already";
pub(super) const INVALID_CODE: &str = "the code does not hold, or no longer";

/// Says what it means that an app was in use.
pub(super) fn already_enabled(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Conflict => {
            Error::new(ErrorKind::BadRequest, ALREADY_ENABLED).with_code("TOTP_ALREADY_ENABLED")
        }
        _ => error,
    }
}

pub(super) fn totp_not_enabled() -> Error {
    refuse("there is no authenticator app", "TOTP_NOT_ENABLED")
}

pub(super) fn two_factor_not_enabled() -> Error {
    refuse("there is no second factor", "TWO_FACTOR_NOT_ENABLED")
}

pub(super) fn backup_codes_not_enabled() -> Error {
    refuse("there are no backup codes", "BACKUP_CODES_NOT_ENABLED")
}

/// One answer for a code that is wrong, was used, or is not of now.
pub(super) fn invalid_code() -> Error {
    Error::new(ErrorKind::Unauthorized, INVALID_CODE).with_code("INVALID_CODE")
}

/// One answer for a backup code that is wrong or was used.
pub(super) fn invalid_backup_code() -> Error {
    Error::new(ErrorKind::Unauthorized, INVALID_CODE).with_code("INVALID_BACKUP_CODE")
}

/// One answer for a sign-in that was not begun, is finished, or took too long
/// or too many attempts.
pub(super) fn nothing_pending() -> Error {
    let why = "sign in again: nothing waits for a second factor";
    Error::new(ErrorKind::Unauthorized, why).with_code("INVALID_TWO_FACTOR_COOKIE")
}

fn refuse(why: &'static str, code: &'static str) -> Error {
    Error::new(ErrorKind::BadRequest, why).with_code(code)
}

/// Says what it means that a factor or a sign-in that waited was gone.
pub(super) fn used_up(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Gone => invalid_code(),
        _ => error,
    }
}
