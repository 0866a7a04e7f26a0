use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value as Json;
use tower::ServiceExt as _;

/// Who looks at the store, by his token; an empty one is none.
#[derive(Clone)]
pub(crate) struct Visitor {
    app: Router,
    token: String,
}

impl Visitor {
    pub(crate) fn new(app: &Router, token: &str) -> Self {
        Self {
            app: app.clone(),
            token: token.to_owned(),
        }
    }

    /// The same visit with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self::new(&self.app, token)
    }

    /// The items at that path, which must be there to be seen.
    pub(crate) async fn list(&self, path: &str) -> Json {
        let (status, answer) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer["data"].clone()
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Json) {
        self.send(Method::GET, path, Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Json) -> StatusCode {
        self.send(Method::POST, path, Body::from(body.to_string()))
            .await
            .0
    }

    async fn send(&self, method: Method, path: &str, body: Body) -> (StatusCode, Json) {
        let mut uri = "/backend/api/items/".to_owned();
        for char in path.chars() {
            match char {
                '{' => uri.push_str("%7B"),
                '}' => uri.push_str("%7D"),
                '"' => uri.push_str("%22"),
                '+' => uri.push_str("%2B"),
                other => uri.push(other),
            }
        }
        let mut request = Request::builder().method(method).uri(uri);
        request = request.header(header::CONTENT_TYPE, "application/json");
        if !self.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        }
        let request = request.body(body).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }
}
