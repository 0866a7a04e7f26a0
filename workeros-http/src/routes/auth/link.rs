use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use workeros_core::{ErrorKind, Result};

use crate::Backend;
use crate::call::Call;
use crate::callback::CallbackUrl;
use crate::reply::Reply;

/// Where the link of an invitation leads to that names no place.
const INVITATION_PAGE: &str = "/accept-invitation";

/// A link to one of our own endpoints, for a mail. Where it leads is what the
/// instance was told that it is called, whatever the request says.
pub(in crate::routes) fn link(backend: &Backend, path: &str, query: &[(&str, &str)]) -> String {
    let base = backend.public_url().to_string();
    let mut link = base.trim_end_matches('/').to_owned();
    link.push_str(path);
    for (index, (name, value)) in query.iter().enumerate() {
        link.push(if index == 0 { '?' } else { '&' });
        link.push_str(name);
        link.push('=');
        link.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
    }
    link
}

/// The parameter by which a link names where it leads on to, if it does.
pub(in crate::routes) fn callback(callback: Option<&CallbackUrl>) -> Option<(&'static str, &str)> {
    callback.map(|callback| ("callbackURL", callback.as_str()))
}

/// Sends whoever followed the link of an invitation to the page on which he
/// answers, once he is signed in. Nothing is used up: programs that look into mails
/// follow links too. One that does not hold is told to the page; a fault of ours is
/// not.
pub(in crate::routes) fn follow_invitation(call: &Call, found: Result<()>) -> Result<Reply> {
    let page = call.parameter("callbackURL").unwrap_or(INVITATION_PAGE);
    let page = CallbackUrl::parse(page, call.places(), "callbackURL")?;
    let Err(error) = found else {
        let token = call.parameter("token").unwrap_or_default();
        return Reply::redirect(&page.with("token", token));
    };
    match (error.kind(), error.code()) {
        (ErrorKind::BadRequest | ErrorKind::NotFound, Some(code)) => {
            Reply::redirect(&page.with("error", code))
        }
        _ => Err(error),
    }
}
