use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::{Error, Result};

/// Sends requests to other servers. Whatever leaves an instance by HTTP leaves
/// through one of these, so there is one place that says where it may go.
///
/// # Contract
///
/// * Any response is `Ok`, whatever its status.
/// * A URL that cannot be read, or a header of the connection (`host`,
///   `content-length` and their like), is
///   [`Validation`](crate::ErrorKind::Validation).
/// * A target that may not be reached (a scheme other than `http` and `https`,
///   credentials in the URL, a port or an address that is not opened) is
///   [`Forbidden`](crate::ErrorKind::Forbidden) with the code
///   `EGRESS_BLOCKED`, and no connection is made. What decides is the address
///   that is connected to, not an earlier look-up of the name.
/// * A response with more bytes than [`HttpLimits::response_bytes`], counted
///   after decompression, is
///   [`PayloadTooLarge`](crate::ErrorKind::PayloadTooLarge).
/// * What takes longer than [`HttpLimits::timeout`], redirects and the body
///   included, or does not connect in time, is
///   [`Unavailable`](crate::ErrorKind::Unavailable) with the code
///   `EGRESS_TIMEOUT`.
/// * A name nobody knows, a refused or broken connection, a certificate nobody
///   vouches for is [`Unavailable`](crate::ErrorKind::Unavailable).
/// * As many redirects are followed as [`HttpLimits::redirects`] says; the next
///   one is a response like any other. Each target is checked like the first; a
///   step from `https` to `http` is
///   [`Forbidden`](crate::ErrorKind::Forbidden) too. To another origin go no
///   headers but `accept`, `accept-language`, `content-type` and `user-agent`.
/// * The environment plays no part: no proxy comes from it.
/// * Messages and sources hold neither the query of the URL nor header values.
#[async_trait]
pub trait HttpClient: Debug + Send + Sync + 'static {
    /// Sends a request and reads the response whole.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse>;
}

/// How long a request may take and how much may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpLimits {
    /// The time for all of it: 10 seconds.
    pub timeout: Duration,
    /// The most bytes of a body, decompressed: 2,000,000.
    pub response_bytes: usize,
    /// How many redirects are followed: none.
    pub redirects: u8,
}

impl HttpLimits {
    /// The most redirects that are ever followed.
    pub const MAX_REDIRECTS: u8 = 3;

    /// Sets the time for all of it.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the most bytes of a body, decompressed.
    #[must_use]
    pub fn with_response_bytes(mut self, bytes: usize) -> Self {
        self.response_bytes = bytes;
        self
    }

    /// Follows that many redirects, but never more than
    /// [`MAX_REDIRECTS`](Self::MAX_REDIRECTS).
    #[must_use]
    pub fn with_redirects(mut self, redirects: u8) -> Self {
        self.redirects = redirects.min(Self::MAX_REDIRECTS);
        self
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            response_bytes: 2_000_000,
            redirects: 0,
        }
    }
}

/// A request to another server.
///
/// ```
/// use workeros_core::HttpRequest;
///
/// let request = HttpRequest::post("https://example.com/hook")
///     .with_header("content-type", "application/json")?
///     .with_body(r#"{"event":"created"}"#);
/// assert!(HttpRequest::get("https://example.com").with_header("x-a", "1\r\nx-b: 2").is_err());
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The whole URL, with scheme and host.
    pub url: String,
    /// The headers. The client adds those of the connection.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// How long it may take and how much may come back.
    pub limits: HttpLimits,
}

impl HttpRequest {
    /// A request without headers and body.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            limits: HttpLimits::default(),
        }
    }

    /// A GET request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    /// A POST request.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new(Method::POST, url)
    }

    /// Sets a header.
    ///
    /// # Errors
    ///
    /// [`Validation`](crate::ErrorKind::Validation) when the name is none, or
    /// the value holds a line break or another control character.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self> {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Error::validation("headers", "invalid_value", "not a header name"))?;
        let value = HeaderValue::from_str(value).map_err(|_| {
            let message = format!("`{name}` holds a line break or a control character");
            Error::validation("headers", "invalid_value", message)
        })?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn with_limits(mut self, limits: HttpLimits) -> Self {
        self.limits = limits;
        self
    }
}

/// Tells no values: they may be secrets.
impl Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("headers", &names(&self.headers))
            .field("body_bytes", &self.body.len())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The response of another server.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers, without those of a compression that was undone.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
}

impl HttpResponse {
    /// A response.
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers,
            body: body.into(),
        }
    }

    /// The value of a header, if it is there once or more and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Tells no values: they may be secrets.
impl Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("headers", &names(&self.headers))
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

fn names(headers: &HeaderMap) -> Vec<&str> {
    headers.keys().map(HeaderName::as_str).collect()
}
