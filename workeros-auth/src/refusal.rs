//! The errors several operations answer with. The codes are those the public
//! clients of better-auth know.

use workeros_core::{Error, ErrorKind, Violation};

/// One answer for an unknown address, a wrong password and a disabled user.
pub(crate) fn invalid_login() -> Error {
    Error::new(ErrorKind::Unauthorized, INVALID_LOGIN).with_code("INVALID_EMAIL_OR_PASSWORD")
}

pub(crate) const INVALID_LOGIN: &str = "invalid e-mail or password";

/// One answer for a session or key that is unknown, expired or revoked.
pub(crate) fn invalid_credentials() -> Error {
    Error::new(ErrorKind::Unauthorized, "the credentials are not valid")
}

/// Whoever is signed in did not show that he knows the password.
pub(crate) fn wrong_password() -> Error {
    Error::new(ErrorKind::Forbidden, WRONG_PASSWORD).with_code("INVALID_PASSWORD")
}

pub(crate) const WRONG_PASSWORD: &str = "the current password is wrong";

/// Without it there would be no way to sign in.
pub(crate) fn last_method() -> Error {
    Error::new(ErrorKind::Conflict, LAST_METHOD).with_code("LAST_SIGN_IN_METHOD")
}

pub(crate) const LAST_METHOD: &str = "it is the last way to sign in; add another one first";

/// One answer for a link that is unknown, used, replaced or too old.
pub(crate) fn invalid_token() -> Error {
    Error::new(ErrorKind::BadRequest, INVALID_TOKEN).with_code("INVALID_TOKEN")
}

pub(crate) const INVALID_TOKEN: &str = "the link does not hold, or no longer";

/// One answer for a code that is wrong, used, replaced, too old, or was guessed
/// at too often, and where there is none.
pub(crate) fn invalid_otp() -> Error {
    Error::new(
        ErrorKind::BadRequest,
        "the code does not hold, or no longer",
    )
    .with_code("INVALID_OTP")
}

/// Says what it means that a flow was gone that a code is of.
pub(crate) fn used_up_code(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Gone => invalid_otp(),
        _ => error,
    }
}

/// Says what it means that a [flow](crate::flow) was gone.
pub(crate) fn used_up(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Gone => invalid_token(),
        _ => error,
    }
}

/// Says what a unique violation on the table of users means.
pub(crate) fn taken_email(error: Error) -> Error {
    match error.violation() {
        Some(Violation::Unique { columns })
            if columns.is_empty() || columns.iter().any(|column| column == "email") =>
        {
            Error::validation("/email", "USER_ALREADY_EXISTS", "is already in use")
                .with_code("USER_ALREADY_EXISTS")
                .with_source(error)
        }
        _ => error,
    }
}
