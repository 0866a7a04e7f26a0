//! What tests of a backend are written with: an app without a socket, clients
//! of different people, and tables of scenarios. **Not covered by semver.**
//!
//! ```
//! use std::sync::Arc;
//!
//! use serde_json::json;
//! use workeros_adapters::Sqlite;
//! use workeros_http::testkit::{Scenario, TestApp};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> workeros_core::Result<()> {
//! let app = TestApp::new(Arc::new(Sqlite::memory().await?)).await;
//! let posts = json!({"slug": "posts", "fields": [{"name": "title", "type": "text"}]});
//! app.admin().await.post("/api/collections").json(&posts).await.expect(201);
//!
//! app.check([
//!     Scenario::post("/api/items/posts").as_admin().json(json!({"title": "Hello"}))
//!         .expect(201).body(["Hello"]).events(["posts.create"]),
//!     Scenario::get("/api/items/posts").expect(401).not_body(["Hello"]),
//! ]).await;
//! # Ok(())
//! # }
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test reports by panicking"
)]

mod app;
mod client;
mod scenario;

pub use app::{TestApp, TestAppBuilder};
pub use client::{Client, TestRequest, TestResponse};
pub use scenario::{Identity, Scenario};
