use std::pin::Pin;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value as Json;
use tower_service::Service as _;

use crate::Backend;

/// Somebody who sends requests to a [`TestApp`](super::TestApp).
#[derive(Debug, Clone)]
pub struct Client {
    backend: Backend,
    bearer: Option<String>,
}

impl Client {
    pub(super) fn new(backend: Backend, bearer: Option<String>) -> Self {
        Self { backend, bearer }
    }

    /// The session token or API key it sends.
    #[must_use]
    pub fn token(&self) -> &str {
        self.bearer.as_deref().unwrap_or_default()
    }

    /// A `GET` request.
    pub fn get(&self, path: impl AsRef<str>) -> TestRequest {
        self.request(Method::GET, path)
    }

    /// A `POST` request.
    pub fn post(&self, path: impl AsRef<str>) -> TestRequest {
        self.request(Method::POST, path)
    }

    /// A `PATCH` request.
    pub fn patch(&self, path: impl AsRef<str>) -> TestRequest {
        self.request(Method::PATCH, path)
    }

    /// A `DELETE` request.
    pub fn delete(&self, path: impl AsRef<str>) -> TestRequest {
        self.request(Method::DELETE, path)
    }

    /// A request.
    ///
    /// # Panics
    ///
    /// When the path cannot stand in a URL.
    pub fn request(&self, method: Method, path: impl AsRef<str>) -> TestRequest {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        *request.uri_mut() = path.as_ref().parse().unwrap();
        let request = TestRequest {
            backend: self.backend.clone(),
            request,
        };
        match &self.bearer {
            Some(token) => request.header(AUTHORIZATION.as_str(), format!("Bearer {token}")),
            None => request,
        }
    }
}

/// A request to be sent by awaiting it.
#[derive(Debug)]
#[must_use]
pub struct TestRequest {
    backend: Backend,
    request: Request<Bytes>,
}

impl TestRequest {
    /// Adds a header.
    ///
    /// # Panics
    ///
    /// When it cannot be a header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.request.headers_mut().append(name, value);
        self
    }

    /// Adds something a host puts into the extensions of a request.
    pub fn extension(mut self, extension: impl Clone + Send + Sync + 'static) -> Self {
        self.request.extensions_mut().insert(extension);
        self
    }

    /// Sets the body, with its content type.
    pub fn json(self, body: &Json) -> Self {
        self.header(CONTENT_TYPE.as_str(), "application/json")
            .body(body.to_string())
    }

    /// Sets the body, without a content type.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }
}

impl IntoFuture for TestRequest {
    type Output = TestResponse;
    type IntoFuture = Pin<Box<dyn Future<Output = TestResponse> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let request = self.request.map(Full::new);
            let response = self.backend.call(request).await;
            let (head, body) = response.unwrap_or_else(|never| match never {}).into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            TestResponse {
                status: head.status.as_u16(),
                headers: head.headers,
                body,
            }
        })
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct TestResponse {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl TestResponse {
    /// Asserts the status.
    ///
    /// # Panics
    ///
    /// When it is another.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "it may be all one asks")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// A header, as text; empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The member `data` of the body.
    #[must_use]
    pub fn data(&self) -> Json {
        self.json().get("data").cloned().unwrap_or_default()
    }

    /// The code of the error; empty without one.
    #[must_use]
    pub fn code(&self) -> String {
        let code = self
            .json()
            .pointer("/error/code")
            .and_then(Json::as_str)
            .map(ToOwned::to_owned);
        code.unwrap_or_default()
    }

    /// The paths of the error's findings.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        let json = self.json();
        let details = json.pointer("/error/details").and_then(Json::as_array);
        let paths = details
            .into_iter()
            .flatten()
            .filter_map(|detail| detail["path"].as_str());
        paths.map(ToOwned::to_owned).collect()
    }
}
