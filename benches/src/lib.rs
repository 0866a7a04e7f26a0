//! What the benchmarks share: an instance with posts in it, and a client that
//! calls the service in process.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a benchmark reports by panicking"
)]

mod watched;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value as Json, json};
use tower::ServiceExt;
use workeros::{Database, Sqlite, Workeros};

pub use watched::{Read, Watched};

/// The posts a benchmark starts with.
pub const POSTS: usize = 10_000;

const FILE: &str = "bench.sqlite";

/// An instance on an SQLite file with an admin, a role that sees its own
/// published posts, and posts.
#[derive(Debug)]
pub struct Instance {
    /// The instance.
    pub workeros: Workeros,
    /// The session of the admin.
    pub admin: String,
    /// The session of a user under a row filter.
    pub user: String,
    directory: tempfile::TempDir,
}

impl Instance {
    /// An instance with that many posts.
    pub async fn with_posts(count: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database = Arc::new(sqlite(&directory).await);
        Self::on(directory, database, count).await
    }

    /// An instance with that many posts, and its database, which can be asked
    /// what it reads.
    pub async fn watched(count: usize) -> (Self, Arc<Watched>) {
        let directory = tempfile::tempdir().unwrap();
        let database = Arc::new(Watched::new(sqlite(&directory).await));
        let instance = Self::on(directory, database.clone(), count).await;
        (instance, database)
    }

    /// Where its database lies.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.directory.path().join(FILE)
    }

    async fn on(directory: tempfile::TempDir, database: Arc<dyn Database>, count: usize) -> Self {
        let builder = Workeros::builder().shared_db(database);
        let mut instance = Self {
            workeros: builder.build().await.unwrap(),
            admin: String::new(),
            user: String::new(),
            directory,
        };
        instance.admin = instance.sign_up("admin@example.com").await;
        instance.user = instance.sign_up("user@example.com").await;
        instance.define().await;
        instance.fill(count).await;
        instance
    }

    async fn sign_up(&self, email: &str) -> String {
        let body = json!({"email": email, "password": "correct horse battery", "name": "x"});
        let answer = self
            .call(Method::POST, "/api/auth/sign-up/email", "", Some(body))
            .await;
        let answer: Json = serde_json::from_slice(&answer).unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }

    async fn define(&self) {
        let posts = json!({
            "slug": "posts",
            "owner_scoped": true,
            "fields": [
                {"name": "title", "type": "text", "required": true},
                {"name": "body", "type": "longtext"},
                {"name": "status", "type": "text", "indexed": true},
                {"name": "views", "type": "integer", "indexed": true},
                {"name": "score", "type": "number"},
                {"name": "featured", "type": "boolean"},
                {"name": "published_at", "type": "timestamp"},
                {"name": "data", "type": "json"},
            ],
        });
        self.call(Method::POST, "/api/collections", &self.admin, Some(posts))
            .await;
        let read = json!({
            "role": "authenticated", "collection": "posts", "action": "read",
            "condition": {"$or": [{"status": "published"}, {"owner_id": "$user.id"}]},
        });
        self.call(Method::POST, "/api/permissions", &self.admin, Some(read))
            .await;
    }

    async fn fill(&self, count: usize) {
        for start in (0..count).step_by(500) {
            let operations: Vec<Json> = (start..count.min(start + 500))
                .map(|n| json!({"op": "create", "data": post(n)}))
                .collect();
            let batch = json!({"operations": operations, "atomic": true});
            self.call(
                Method::POST,
                "/api/items/posts/batch",
                &self.admin,
                Some(batch),
            )
            .await;
        }
    }

    /// Calls the service in process; panics unless the answer is a success.
    pub async fn call(&self, method: Method, path: &str, token: &str, body: Option<Json>) -> Bytes {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Full::from(body.to_string())
            }
            None => Full::default(),
        };
        let response = self
            .workeros
            .clone()
            .oneshot(request.body(body).unwrap())
            .await
            .unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let good = [StatusCode::OK, StatusCode::CREATED];
        assert!(
            good.contains(&status),
            "{path}: {status} {}",
            String::from_utf8_lossy(&bytes)
        );
        bytes
    }
}

async fn sqlite(directory: &tempfile::TempDir) -> Sqlite {
    Sqlite::open(directory.path().join(FILE)).await.unwrap()
}

/// A post of about 500 bytes.
#[must_use]
pub fn post(n: usize) -> Json {
    json!({
        "title": format!("Post number {n}"),
        "body": "Lorem ipsum dolor sit amet, consectetur adipiscing elit. ".repeat(5),
        "status": if n.is_multiple_of(2) { "published" } else { "draft" },
        "views": (n * 7919) % 10_000,
        "score": f64::from(u32::try_from(n % 1000).unwrap()) / 7.0,
        "featured": n.is_multiple_of(10),
        "published_at": "2024-06-01T12:00:00Z",
        "data": {"tags": ["a", "b"], "n": n},
    })
}
