use http::request::Parts;
use workeros_core::{Error, ErrorKind, Result};

const MAX_URI_BYTES: usize = 8 * 1024;
const MAX_HEADERS: usize = 100;
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Refuses a request whose head is larger than any of ours needs to be.
pub(crate) fn check(parts: &Parts) -> Result<()> {
    let uri = parts.uri.path().len() + parts.uri.query().map_or(0, str::len);
    if uri > MAX_URI_BYTES {
        return Err(refusal(
            "the URL is longer than 8 KiB; send long filters to `/query`",
        ));
    }
    if parts.headers.len() > MAX_HEADERS {
        return Err(refusal("there are more than 100 headers"));
    }
    let bytes =
        |(name, value): (&http::HeaderName, &http::HeaderValue)| name.as_str().len() + value.len();
    if parts.headers.iter().map(bytes).sum::<usize>() > MAX_HEADER_BYTES {
        return Err(refusal("the headers are larger than 16 KiB"));
    }
    Ok(())
}

fn refusal(message: &'static str) -> Error {
    Error::new(ErrorKind::BadRequest, message)
}
