//! The errors of signing in elsewhere. What a provider says about them goes
//! into the log, never to a client.

use workeros_core::{Error, ErrorKind};

/// The provider does not answer, or not as it should.
pub(super) fn unavailable(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Unavailable, "the provider is not available")
        .with_code("PROVIDER_UNAVAILABLE")
        .with_source(why)
}

/// The provider does not take us for who we say we are: somebody must put that
/// right, here or there.
pub(super) fn misconfigured(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Unavailable, "the provider is not set up right")
        .with_code("PROVIDER_MISCONFIGURED")
        .with_source(why)
}

/// What came back is not from the issuer that was asked.
pub(super) fn issuer_mismatch() -> Error {
    let message = "the answer is not of the provider that was asked";
    Error::new(ErrorKind::BadRequest, message).with_code("ISSUER_MISMATCH")
}

/// The code is missing, used, too old, or was made for another challenge.
pub(super) fn invalid_code(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(
        ErrorKind::BadRequest,
        "the code of the provider does not hold",
    )
    .with_code("INVALID_CODE")
    .with_source(why)
}

/// What the provider says of the user does not hold.
pub(super) fn invalid_identity(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let message = "what the provider says of the user does not hold";
    Error::new(ErrorKind::Unauthorized, message)
        .with_code("INVALID_TOKEN")
        .with_source(why)
}

/// The provider gave no ID token, or is none that does.
pub(super) fn no_id_tokens() -> Error {
    let message = "this provider has no ID tokens to sign in with";
    Error::new(ErrorKind::NotFound, message).with_code("ID_TOKEN_NOT_SUPPORTED")
}

/// One answer for a state that is unknown, of another browser or provider,
/// used, or too old.
pub(super) fn state_mismatch() -> Error {
    let message = "this browser has not set out to sign in there, or was away for too long";
    Error::new(ErrorKind::BadRequest, message).with_code("STATE_MISMATCH")
}

/// The address is a user's who has to add the account himself.
pub(super) fn account_exists() -> Error {
    let message = "there is a user with this address; sign in as before and add the provider";
    Error::new(ErrorKind::Conflict, message).with_code("ACCOUNT_EXISTS")
}

/// The account opens somebody else's door.
pub(super) fn already_linked() -> Error {
    let message = "the account is another user's already";
    Error::new(ErrorKind::Conflict, message).with_code("ACCOUNT_ALREADY_LINKED")
}

/// There is no such account, or it is somebody else's.
pub(super) fn no_account() -> Error {
    Error::not_found().with_code("ACCOUNT_NOT_FOUND")
}

/// Whoever is new needs an address.
pub(super) fn no_email() -> Error {
    let message = "the provider tells no address that can be used; verify one there";
    Error::new(ErrorKind::Forbidden, message).with_code("EMAIL_NOT_FOUND")
}

/// Somebody keeps the user from signing in.
pub(super) fn disabled() -> Error {
    Error::new(ErrorKind::Forbidden, "the user is disabled").with_code("USER_DISABLED")
}

/// The address must be verified, and nobody who is believed says it is.
pub(super) fn unverified() -> Error {
    let message = "the address must be verified before one signs in";
    Error::new(ErrorKind::Forbidden, message).with_code("EMAIL_NOT_VERIFIED")
}

/// The provider is for those who are users already.
pub(super) fn sign_up_disabled() -> Error {
    let message = "nobody becomes a user by this provider";
    Error::new(ErrorKind::Forbidden, message).with_code("SIGN_UP_CLOSED")
}

/// The provider sent the browser back with an error in place of a code
/// (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6).
pub(super) fn answered(error: &str) -> Error {
    let (kind, code) = match error {
        // The second is what Apple calls it.
        "access_denied" | "user_cancelled_authorize" => (ErrorKind::BadRequest, "ACCESS_DENIED"),
        "login_required" => (ErrorKind::BadRequest, "LOGIN_REQUIRED"),
        "interaction_required" => (ErrorKind::BadRequest, "INTERACTION_REQUIRED"),
        "consent_required" => (ErrorKind::BadRequest, "CONSENT_REQUIRED"),
        "account_selection_required" => (ErrorKind::BadRequest, "ACCOUNT_SELECTION_REQUIRED"),
        "server_error" | "temporarily_unavailable" => {
            return unavailable("the provider said so in its answer");
        }
        "invalid_request"
        | "invalid_scope"
        | "unauthorized_client"
        | "unsupported_response_type" => return misconfigured(known(error)),
        _ => (ErrorKind::BadRequest, "PROVIDER_ERROR"),
    };
    Error::new(kind, "the provider did not sign you in").with_code(code)
}

/// An error of a provider's as it may stand in the log.
pub(super) fn known(error: &str) -> String {
    let of_error = |char: &char| char.is_ascii_alphanumeric() || *char == '_';
    let word: String = error.chars().filter(of_error).take(64).collect();
    format!("the provider answers `{word}`")
}
