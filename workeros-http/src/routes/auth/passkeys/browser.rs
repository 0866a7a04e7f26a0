//! By what a browser is known that was asked something. Where there are no
//! cookies it is not: whoever answers knows what was asked.

use http::header::SET_COOKIE;
use workeros_auth::{Auth, BrowserToken};
use workeros_core::Result;

use crate::call::Call;
use crate::cookie;
use crate::plane::Wired;
use crate::reply::Reply;

const WHAT: &str = "passkey";

/// Makes what a browser is to be known by.
pub(super) fn new<P: Wired>(auth: &Auth<P>) -> Result<Option<BrowserToken>> {
    let cookies = P::cookies(auth);
    cookies.map(|_| auth.new_browser_token()).transpose()
}

/// Gives it to the browser.
pub(super) fn keep<P: Wired>(
    reply: Reply,
    auth: &Auth<P>,
    browser: Option<&BrowserToken>,
) -> Result<Reply> {
    let (Some(policy), Some(browser)) = (P::cookies(auth), browser) else {
        return Ok(reply);
    };
    let cookie = cookie::set_beside(policy, WHAT, browser.expose(), BrowserToken::LIFETIME)?;
    Ok(reply.with_header(SET_COOKIE, cookie))
}

/// What the browser of a request is known by.
pub(super) fn presented<P: Wired>(call: &Call, auth: &Auth<P>) -> Option<BrowserToken> {
    let policy = P::cookies(auth)?;
    cookie::read_beside(call.headers(), policy, WHAT).and_then(BrowserToken::parse)
}
