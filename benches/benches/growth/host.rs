use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt;
use workeros::{AuthBuilder, Limits, Sqlite, Workeros};

pub(crate) const FILE: &str = "growth.sqlite";
const ADMIN: &str = "admin@example.com";
pub(crate) const VISITOR: &str = "visitor@example.com";
const PASSWORD: &str = "correct horse battery";

/// An instance on a file, and the session of its admin.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) workeros: Workeros,
    token: String,
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

pub(crate) fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The write-ahead log of the database in that directory.
pub(crate) fn log_of(directory: &Path) -> PathBuf {
    directory.join(FILE).with_extension("sqlite-wal")
}

impl Host {
    /// An instance on the database in that directory, used by its admin.
    pub(crate) async fn open(directory: &Path) -> Self {
        Self::start(directory).await.signed_in().await
    }

    /// As [`open`](Self::open), before anybody has signed in.
    pub(crate) async fn start(directory: &Path) -> Self {
        Self::start_with(directory, |auth| auth).await
    }

    /// As [`start`](Self::start), with these options of its users.
    pub(crate) async fn start_with(
        directory: &Path,
        options: impl FnOnce(AuthBuilder) -> AuthBuilder + Send + 'static,
    ) -> Self {
        let database = Sqlite::open(directory.join(FILE)).await.unwrap();
        let limits = Limits::default()
            .with_collections(100_000)
            .with_ddl_per_minute(u32::MAX);
        let builder = Workeros::builder()
            .db(database)
            .limits(limits)
            .auth(|auth| options(auth.danger_without_rate_limits()));
        let workeros = builder.build().await.unwrap();
        Self {
            workeros,
            token: String::new(),
        }
    }

    pub(crate) async fn signed_in(mut self) -> Self {
        self.token = self.session().await;
        self
    }

    /// A session of the admin, who signs up the first time, as does a visitor.
    async fn session(&self) -> String {
        if let Some(token) = self.sign_up(ADMIN).await {
            self.sign_up(VISITOR).await;
            return token;
        }
        self.sign_in_as(ADMIN).await
    }

    /// Signs a visitor in, who comes without a session: a new one would
    /// replace it.
    pub(crate) async fn sign_in(&self) {
        self.by("").sign_in_as(VISITOR).await;
    }

    /// Tries to sign a visitor in; whether he is.
    pub(crate) async fn try_to_sign_in(&self) -> bool {
        let body = json!({"email": VISITOR, "password": PASSWORD});
        let path = "/api/auth/sign-in/email";
        let (status, _) = self.by("").send(Method::POST, path, Some(&body)).await;
        status.is_success()
    }

    /// The same instance, used by whoever has this session.
    pub(crate) fn by(&self, token: &str) -> Self {
        Self {
            workeros: self.workeros.clone(),
            token: token.to_owned(),
        }
    }

    async fn sign_up(&self, email: &str) -> Option<String> {
        let body = json!({"email": email, "password": PASSWORD, "name": "Somebody"});
        let path = "/api/auth/sign-up/email";
        let (status, answer) = self.send(Method::POST, path, Some(&body)).await;
        status.is_success().then(|| token(&answer))
    }

    async fn sign_in_as(&self, email: &str) -> String {
        let body = json!({"email": email, "password": PASSWORD});
        token(&self.post("/api/auth/sign-in/email", &body).await)
    }

    /// Defines a collection without HTTP.
    pub(crate) async fn define(&self, body: &Json) {
        let collections = self.workeros.plane().collections(self.workeros.system());
        collections.create(body).await.unwrap();
    }

    /// Creates items, 500 in a batch.
    pub(crate) async fn fill(&self, slug: &str, count: usize, item: impl Fn(usize) -> Json) {
        let path = format!("/api/items/{slug}/batch");
        for start in (0..count).step_by(500) {
            let operations: Vec<Json> = (start..count.min(start + 500))
                .map(|n| json!({"op": "create", "data": item(n)}))
                .collect();
            let body = json!({"operations": operations, "atomic": true});
            self.post(&path, &body).await;
        }
    }

    /// The ids of a first page.
    pub(crate) async fn ids(&self, slug: &str) -> Vec<String> {
        let page = self.get(&format!("/api/items/{slug}?limit=200")).await;
        let page: Json = serde_json::from_slice(&page).unwrap();
        let items = page["data"].as_array().unwrap().iter();
        items
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) async fn get(&self, path: &str) -> Bytes {
        self.expect(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Json) -> Bytes {
        self.expect(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Json) -> Bytes {
        self.expect(Method::PATCH, path, Some(body)).await
    }

    /// Calls the service in process; panics unless the answer is a success.
    async fn expect(&self, method: Method, path: &str, body: Option<&Json>) -> Bytes {
        let (status, answer) = self.send(method, path, body).await;
        let said = String::from_utf8_lossy(&answer);
        assert!(status.is_success(), "{path}: {status} {said}");
        answer
    }

    /// Calls the service in process.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Json>,
    ) -> (StatusCode, Bytes) {
        let mut request = Request::builder().method(method).uri(path);
        if !self.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Full::from(body.to_string())
            }
            None => Full::default(),
        };
        let request = request.body(body).unwrap();
        let response = self.workeros.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, bytes)
    }
}

fn token(answer: &[u8]) -> String {
    let answer: Json = serde_json::from_slice(answer).unwrap();
    answer["token"].as_str().unwrap().to_owned()
}

/// The path of a list under a filter.
pub(crate) fn filtered(slug: &str, filter: &Json, rest: &str) -> String {
    let mut path = format!("/api/items/{slug}?limit=50{rest}&filter=");
    for byte in filter.to_string().bytes() {
        if byte.is_ascii_alphanumeric() {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}
