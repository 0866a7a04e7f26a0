use http::{HeaderMap, HeaderName, HeaderValue};
use workeros_core::IdGenerator;

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const MAX_BYTES: usize = 128;

/// What a request is called in the log, in the change log and towards the
/// client: letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// The id the request came with if it is fit to be one, else a new one.
    pub(crate) fn of(headers: &HeaderMap, ids: &dyn IdGenerator) -> Self {
        match headers
            .get(&X_REQUEST_ID)
            .filter(|value| is_fit(value.as_bytes()))
        {
            Some(value) => Self(value.clone()),
            None => Self::generate(ids),
        }
    }

    fn generate(ids: &dyn IdGenerator) -> Self {
        let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
        let text: &str = ids.next_id().as_hyphenated().encode_lower(&mut buffer);
        // INVARIANT: a UUID is visible ASCII.
        Self(HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown")))
    }

    pub(crate) fn as_str(&self) -> &str {
        // INVARIANT: made of visible ASCII only.
        self.0.to_str().unwrap_or_default()
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn is_fit(bytes: &[u8]) -> bool {
    let fit = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    (1..=MAX_BYTES).contains(&bytes.len()) && bytes.iter().all(fit)
}
