use std::fmt::Write as _;
use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use workeros_auth::{Auth, CookiePolicy, SessionToken};
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
    finish(auth.cookie(), cookie)
}

/// The value of `Set-Cookie` that takes the session away from a browser.
pub(crate) fn clear(auth: &Auth) -> Result<HeaderValue> {
    finish(
        auth.cookie(),
        format!("{}=; Max-Age=0", auth.cookie().name()),
    )
}

/// The value of `Set-Cookie` for what a browser keeps a short while, besides its
/// session.
pub(crate) fn set_beside(
    policy: &CookiePolicy,
    what: &str,
    value: &str,
    lifetime: Duration,
) -> Result<HeaderValue> {
    let (name, seconds) = (policy.name(), lifetime.as_secs());
    finish(policy, format!("{name}.{what}={value}; Max-Age={seconds}"))
}

/// What a browser keeps besides its session, if it says so once.
pub(crate) fn read_beside<'a>(
    headers: &'a HeaderMap,
    policy: &CookiePolicy,
    what: &str,
) -> Option<&'a str> {
    let lines = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut values = lines.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        let rest = name.strip_prefix(policy.name())?.strip_prefix('.')?;
        (rest == what).then_some(value)
    });
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

fn finish(policy: &CookiePolicy, mut cookie: String) -> Result<HeaderValue> {
    cookie.push_str("; Path=/; HttpOnly; SameSite=Lax");
    if policy.is_secure() {
        cookie.push_str("; Secure");
    }
    let mut value = HeaderValue::try_from(cookie).map_err(Error::internal)?;
    value.set_sensitive(true);
    Ok(value)
}
