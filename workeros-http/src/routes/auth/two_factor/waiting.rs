//! What somebody comes back with who has to show his second factor: a browser
//! by a cookie, an app by what it is given in the answer.

use std::time::Duration;

use http::header::SET_COOKIE;
use serde_json::json;
use workeros_auth::{Auth, PendingToken};
use workeros_core::Result;

use crate::call::Call;
use crate::cookie::{self, Keep};
use crate::plane::Wired;
use crate::reply::Reply;

/// A sign-in that waits for its second factor.
pub(super) struct Waiting {
    pub(super) token: PendingToken,
    pub(super) keep: Keep,
}

/// The cookie beside the session's.
const COOKIE: &str = "two-factor";
/// Marks what is not to outlive the browser.
const UNTIL_CLOSED: &str = ".until-closed";

/// Asks for the second factor.
pub(in crate::routes::auth) fn ask<P: Wired>(
    auth: &Auth<P>,
    pending: &PendingToken,
    keep: Keep,
) -> Result<Reply> {
    let token = pending.expose();
    let Some(policy) = P::cookies(auth) else {
        let answer = json!({
            "twoFactorRedirect": true,
            "twoFactorMethods": ["totp"],
            "twoFactorToken": token,
        });
        return Ok(Reply::json(&answer));
    };
    let value = match keep {
        Keep::Session => token.to_owned(),
        Keep::UntilClosed => token.to_owned() + UNTIL_CLOSED,
    };
    let cookie = cookie::set_beside(policy, COOKIE, &value, PendingToken::LIFETIME)?;
    let answer = json!({"twoFactorRedirect": true, "twoFactorMethods": ["totp"]});
    Ok(Reply::json(&answer).with_header(SET_COOKIE, cookie))
}

impl Waiting {
    /// What a request comes back with, if it does.
    pub(super) fn presented<P: Wired>(
        call: &Call,
        auth: &Auth<P>,
        named: Option<&str>,
    ) -> Result<Option<Self>> {
        let cookie =
            P::cookies(auth).and_then(|policy| cookie::read_beside(call.headers(), policy, COOKIE));
        let Some(text) = cookie.or(named) else {
            return Ok(None);
        };
        let (text, keep) = match text.strip_suffix(UNTIL_CLOSED) {
            Some(text) => (text, Keep::UntilClosed),
            None => (text, Keep::Session),
        };
        // What cannot be one is as good as none.
        let token = PendingToken::parse(text).ok();
        Ok(token.map(|token| Self { token, keep }))
    }
}

/// Takes it away from a browser.
pub(super) fn forget<P: Wired>(reply: Reply, auth: &Auth<P>) -> Result<Reply> {
    match P::cookies(auth) {
        Some(policy) => {
            let cookie = cookie::set_beside(policy, COOKIE, "", Duration::ZERO)?;
            Ok(reply.with_header(SET_COOKIE, cookie))
        }
        None => Ok(reply),
    }
}
