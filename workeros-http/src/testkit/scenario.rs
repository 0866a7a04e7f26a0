use std::panic::Location;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;
use workeros_schema::Position;

use super::{Client, TestApp, TestRequest, TestResponse};

/// One request and all that must come of it: the status, what stands in the
/// body and what must not, and which changes are logged (none unless said).
#[derive(Debug, Clone)]
#[must_use]
pub struct Scenario {
    at: &'static Location<'static>,
    method: Method,
    path: String,
    identity: Identity,
    headers: Vec<(String, String)>,
    body: Bytes,
    status: u16,
    code: Option<String>,
    contains: Vec<String>,
    lacks: Vec<String>,
    events: Vec<String>,
}

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity {
    /// Nobody known.
    Anonymous,
    /// The admin.
    Admin,
    /// Somebody signed in, by name.
    User(String),
    /// A new API key of somebody, with all of his roles.
    ApiKey(String),
}

impl Scenario {
    /// A `GET` request.
    #[track_caller]
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A `POST` request.
    #[track_caller]
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    /// A `PATCH` request.
    #[track_caller]
    pub fn patch(path: impl Into<String>) -> Self {
        Self::new(Method::PATCH, path)
    }

    /// A `DELETE` request.
    #[track_caller]
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// A request by nobody known, which is to answer 200.
    #[track_caller]
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            at: Location::caller(),
            method,
            path: path.into(),
            identity: Identity::Anonymous,
            headers: Vec::new(),
            body: Bytes::new(),
            status: 200,
            code: None,
            contains: Vec::new(),
            lacks: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Sent by the admin.
    pub fn as_admin(mut self) -> Self {
        self.identity = Identity::Admin;
        self
    }

    /// Sent by somebody signed in.
    pub fn as_user(mut self, name: impl Into<String>) -> Self {
        self.identity = Identity::User(name.into());
        self
    }

    /// Sent with an API key of somebody.
    pub fn as_key_of(mut self, name: impl Into<String>) -> Self {
        self.identity = Identity::ApiKey(name.into());
        self
    }

    /// Adds a parameter to the query.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.path
            .push(if self.path.contains('?') { '&' } else { '?' });
        self.path.push_str(name);
        self.path.push('=');
        self.path
            .extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        self
    }

    /// Adds the parameter `filter`.
    #[expect(clippy::needless_pass_by_value, reason = "callers write a literal")]
    pub fn filter(self, filter: Json) -> Self {
        self.query("filter", &filter.to_string())
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sets the body, with its content type.
    #[expect(clippy::needless_pass_by_value, reason = "callers write a literal")]
    pub fn json(self, body: Json) -> Self {
        self.raw("application/json", body.to_string())
    }

    /// Sets the body as it is.
    pub fn raw(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// The status to come.
    pub fn expect(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The code of the error to come.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// What must stand in the body.
    pub fn body(mut self, texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.contains.extend(texts.into_iter().map(Into::into));
        self
    }

    /// What must not stand in the body.
    pub fn not_body(mut self, texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.lacks.extend(texts.into_iter().map(Into::into));
        self
    }

    /// The changes that must be logged, in order: `posts.create`.
    pub fn events(mut self, events: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.events.extend(events.into_iter().map(Into::into));
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path, without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// Who sends it.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    async fn failures(&self, app: &TestApp, request_id: &str) -> Vec<String> {
        let response = self.request(&self.client(app).await, request_id).await;
        let mut failures = self.compare(&response);
        let events = app.events(request_id, self.events.len()).await;
        if events != self.events {
            failures.push(format!("logged {events:?}, not {:?}", self.events));
        }
        let what = format!(
            "{}: {} {} as {:?}",
            self.at, self.method, self.path, self.identity
        );
        let body = response.text();
        failures
            .into_iter()
            .map(|failure| format!("{what}: {failure}\n    {body}"))
            .collect()
    }

    async fn client(&self, app: &TestApp) -> Client {
        match &self.identity {
            Identity::Anonymous => app.anonymous(),
            Identity::Admin => app.admin().await,
            Identity::User(name) => app.user(name).await,
            Identity::ApiKey(owner) => app.api_key(owner, None).await,
        }
    }

    fn request(&self, client: &Client, request_id: &str) -> TestRequest {
        let request = client.request(self.method.clone(), &self.path);
        let request = request
            .header("x-request-id", request_id)
            .body(self.body.clone());
        let headers = self.headers.iter();
        headers.fold(request, |request, (name, value)| {
            request.header(name, value)
        })
    }

    fn compare(&self, response: &TestResponse) -> Vec<String> {
        let mut failures = Vec::new();
        if response.status != self.status {
            failures.push(format!("answered {}, not {}", response.status, self.status));
        }
        if let Some(code) = self.code.as_ref().filter(|code| **code != response.code()) {
            failures.push(format!("the code is `{}`, not `{code}`", response.code()));
        }
        let body = response.text();
        let missing = self.contains.iter().filter(|text| !body.contains(*text));
        failures.extend(missing.map(|text| format!("`{text}` is not in the body")));
        let present = self.lacks.iter().filter(|text| body.contains(*text));
        failures.extend(present.map(|text| format!("`{text}` is in the body")));
        failures
    }
}

impl TestApp {
    /// Runs scenarios, one after the other.
    ///
    /// # Panics
    ///
    /// When any did not go as it says; with all that did not.
    pub async fn check(&self, scenarios: impl IntoIterator<Item = Scenario>) {
        let mut failures = Vec::new();
        for (index, scenario) in scenarios.into_iter().enumerate() {
            let request_id = format!("scenario-{}-{index}", scenario.at.line());
            failures.extend(scenario.failures(self, &request_id).await);
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }

    /// The changes logged for a request: `posts.create`. Waits a while for as
    /// many as are to come: a log that several write to shows an entry only
    /// when no earlier one can appear any more.
    async fn events(&self, request_id: &str, wanted: usize) -> Vec<String> {
        let mut events = self.logged(request_id).await;
        for _ in 0..600 {
            if events.len() >= wanted {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            events = self.logged(request_id).await;
        }
        events
    }

    async fn logged(&self, request_id: &str) -> Vec<String> {
        let changes = self.backend().plane().changes();
        let entries = changes.read(Position::default(), u32::MAX).await.unwrap();
        let ours = entries.into_iter().map(|(_, change)| change);
        let ours = ours.filter(|change| change.request_id.as_deref() == Some(request_id));
        ours.map(|change| format!("{}.{}", change.collection, change.action))
            .collect()
    }
}
