use std::fmt::Write as _;

use http::HeaderValue;
use workeros_auth::{Auth, SessionToken};
use workeros_core::{Error, Result};

/// How long a browser keeps the session's cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// As long as the session may live.
    Session,
    /// Until it is closed.
    UntilClosed,
}

/// The value of `Set-Cookie` that gives a browser its session.
pub(crate) fn set(auth: &Auth, token: &SessionToken, keep: Keep) -> Result<HeaderValue> {
    let mut cookie = format!("{}={}", auth.cookie().name(), token.expose());
    if keep == Keep::Session {
        // INVARIANT: writing to a String cannot fail.
        let _ = write!(cookie, "; Max-Age={}", auth.session_lifetime().as_secs());
    }
    finish(auth, cookie)
}

/// The value of `Set-Cookie` that takes the session away from a browser.
pub(crate) fn clear(auth: &Auth) -> Result<HeaderValue> {
    finish(auth, format!("{}=; Max-Age=0", auth.cookie().name()))
}

fn finish(auth: &Auth, mut cookie: String) -> Result<HeaderValue> {
    cookie.push_str("; Path=/; HttpOnly; SameSite=Lax");
    if auth.cookie().is_secure() {
        cookie.push_str("; Secure");
    }
    let mut value = HeaderValue::try_from(cookie).map_err(Error::internal)?;
    value.set_sensitive(true);
    Ok(value)
}
