use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use workeros_auth::RealmSettings;
use workeros_core::{Error, Result};

use crate::{Backend, Origin};

/// A place a client is sent to: a path on this host, or a page of a trusted
/// origin, or what a workspace allows for its end users. Anything else would let a
/// link to us lead anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallbackUrl(String);

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Whose clients are sent somewhere: what the instance trusts, and, for end users,
/// what their workspace allows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places<'a> {
    pub(crate) backend: &'a Backend,
    pub(crate) app: Option<&'a RealmSettings>,
}

impl Places<'_> {
    fn allow(self, url: &str) -> bool {
        let uri: Option<Uri> = url.parse().ok();
        let origin = uri.and_then(|uri| Origin::of(&uri));
        origin.is_some_and(|origin| self.backend.0.csrf.trusts(&origin))
            || self.app.is_some_and(|app| app.allows_redirect(url))
    }
}

impl CallbackUrl {
    pub(crate) fn parse(text: &str, places: Places<'_>, path: &str) -> Result<Self> {
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if plain && (is_path(text) || places.allow(text)) {
            return Ok(Self(text.to_owned()));
        }
        let message = "must be a path, or a URL of a trusted origin";
        Err(Error::validation(path, "INVALID_CALLBACK_URL", message))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The place with a parameter in its query, before its fragment.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let (place, fragment) = match self.0.split_once('#') {
            Some((place, fragment)) => (place, Some(fragment)),
            None => (self.0.as_str(), None),
        };
        let mut url = place.to_owned();
        url.push(if place.contains('?') { '&' } else { '?' });
        url.push_str(name);
        url.push('=');
        url.extend(utf8_percent_encode(value, UNRESERVED));
        if let Some(fragment) = fragment {
            url.push('#');
            url.push_str(fragment);
        }
        url
    }
}

fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_goes_into_the_query() {
        for (place, expect) in [
            ("/a", "/a?error=IN_VALID%26"),
            ("/a?b=c", "/a?b=c&error=IN_VALID%26"),
            ("/a#b?c", "/a?error=IN_VALID%26#b?c"),
            ("/a?b#c", "/a?b&error=IN_VALID%26#c"),
        ] {
            let callback = CallbackUrl(place.to_owned());
            assert_eq!(callback.with("error", "IN_VALID&"), expect);
        }
    }
}
