use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Backend;
use crate::callback::CallbackUrl;

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
