use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue};

use crate::Origin;
use crate::app_page::AppPage;

const REQUEST_HEADERS: &str = "authorization, content-type, idempotency-key, if-match, \
     if-none-match, x-captcha-response, x-if-unmodified-since, x-request-id, x-workeros-tenant";
const RESPONSE_HEADERS: &str = "etag, ratelimit, ratelimit-policy, retry-after, x-request-id";
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";

/// Which other origins may read our answers, with cookies. None of them unless
/// it is listed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cors(Vec<HeaderValue>);

impl Cors {
    pub(crate) fn new(allowed: &[Origin]) -> Self {
        // INVARIANT: an origin is visible ASCII.
        Self(
            allowed
                .iter()
                .filter_map(|origin| origin.as_str().parse().ok())
                .collect(),
        )
    }

    /// The origin of the request, if it is one of those listed.
    pub(crate) fn origin(&self, request: &HeaderMap) -> Option<HeaderValue> {
        request
            .get(ORIGIN)
            .filter(|origin| self.0.contains(origin))
            .cloned()
    }

    /// Puts the headers on a response by which a browser lets the page read
    /// it: one of an origin that is listed also what it is answered to cookies, one
    /// that a workspace allows never.
    pub(crate) fn put(
        &self,
        headers: &mut HeaderMap,
        origin: Option<HeaderValue>,
        app: Option<AppPage>,
    ) {
        if self.0.is_empty() && app.is_none() {
            return;
        }
        headers.append(VARY, HeaderValue::from_static("origin"));
        let is_listed = origin.is_some();
        let Some(origin) = origin.or(app.and_then(|app| app.allowed)) else {
            return;
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if is_listed {
            headers.insert(
                ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(RESPONSE_HEADERS),
        );
    }

    /// Puts the headers on the answer to a preflight that it asks for.
    pub(crate) fn put_preflight(&self, headers: &mut HeaderMap) {
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(METHODS),
        );
        headers.insert(
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(REQUEST_HEADERS),
        );
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
}

/// Whether an `OPTIONS` request is a browser asking if it may send another.
pub(crate) fn is_preflight(headers: &HeaderMap) -> bool {
    headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}
