use http::Uri;
use workeros_core::{Error, Result};

use crate::{Backend, Origin};

/// A place a client is sent to: a path on this host, or a page of a trusted
/// origin. Anything else would let a link to us lead anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallbackUrl(String);

impl CallbackUrl {
    pub(crate) fn parse(text: &str, backend: &Backend, path: &str) -> Result<Self> {
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if plain && (is_path(text) || is_trusted(text, backend)) {
            return Ok(Self(text.to_owned()));
        }
        let message = "must be a path, or a URL of a trusted origin";
        Err(Error::validation(path, "INVALID_CALLBACK_URL", message))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.starts_with("//")
}

fn is_trusted(text: &str, backend: &Backend) -> bool {
    let url: Option<Uri> = text.parse().ok();
    let origin = url.and_then(|url| Origin::of(&url));
    origin.is_some_and(|origin| backend.0.csrf.trusts(&origin))
}
