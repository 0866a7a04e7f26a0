use http::{HeaderMap, HeaderName, HeaderValue};

use super::{ID, SIGNATURE, TIMESTAMP};
use crate::{Error, HttpRequest, Result};

/// What shows who sent a request: the values of its three headers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedWebhook {
    /// The message; see [`ID`].
    pub id: String,
    /// When it was sent, in seconds since 1970.
    pub timestamp: i64,
    /// One signature for each secret, apart by spaces.
    pub signature: String,
}

impl SignedWebhook {
    /// The headers.
    ///
    /// # Errors
    ///
    /// [`Validation`](crate::ErrorKind::Validation) when the id cannot stand in
    /// one.
    pub fn headers(&self) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.values() {
            let value = HeaderValue::try_from(value).map_err(|_| not_an_id())?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(headers)
    }

    /// Puts the headers on a request.
    ///
    /// # Errors
    ///
    /// As [`headers`](Self::headers).
    pub fn put_on(&self, request: HttpRequest) -> Result<HttpRequest> {
        let mut values = self.values().into_iter();
        values.try_fold(request, |request, (name, value)| {
            request.with_header(name, &value)
        })
    }

    fn values(&self) -> [(&'static str, String); 3] {
        [
            (ID, self.id.clone()),
            (TIMESTAMP, self.timestamp.to_string()),
            (SIGNATURE, self.signature.clone()),
        ]
    }
}

pub(super) fn not_an_id() -> Error {
    let message = "must be 1 to 256 printable ascii characters without spaces and dots";
    Error::validation("id", "invalid_value", message)
}
