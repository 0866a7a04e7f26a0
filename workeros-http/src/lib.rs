//! The HTTP service of workeros: a [`Backend`] to mount in an application.
//!
//! It is a [`tower` service](tower_service::Service) that takes any body and
//! never fails, so axum, hyper and (with the feature `actix`) actix-web take
//! it as it is. No type of any of them shows here.
//!
//! ```
//! use std::sync::Arc;
//!
//! use http::Request;
//! use http_body_util::{BodyExt, Empty};
//! use tower_service::Service;
//! use workeros_adapters::Sqlite;
//! use workeros_auth::{Auth, MIGRATIONS};
//! use workeros_core::{Runtime, Secret, migrate};
//! use workeros_http::{Backend, Config};
//! use workeros_schema::{DataPlane, Hooks};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let runtime = Runtime::new(Arc::new(Sqlite::memory().await?));
//! let secret = Secret::new("Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&")?;
//! let plane = DataPlane::open(runtime.clone(), &secret, Hooks::default()).await?;
//! migrate(&*runtime.database, &*runtime.clock, MIGRATIONS).await?;
//! let auth = Auth::builder(runtime, plane.default_tenant()).build()?;
//!
//! let config = Config::new("https://example.com/backend".parse()?)?.with_auth(auth);
//! let mut backend = Backend::new(plane, config);
//!
//! // With axum: `Router::new().nest_service("/backend", backend)`.
//! let request = Request::get("/api/items/posts").body(Empty::new())?;
//! let response = backend.call(request).await?;
//! assert_eq!(response.status(), 401);
//! let body = response.into_body().collect().await?.to_bytes();
//! assert!(body.starts_with(br#"{"error":{"code":"UNAUTHORIZED","#));
//! # Ok(())
//! # }
//! ```
//!
//! # Where it is mounted
//!
//! [`Config::new`] takes the URL clients reach the backend at, the path of the
//! mount point included. A host may take that path off (axum's `nest_service`
//! does) or leave it on (`fallback_service` below a prefix, a bare server):
//! both work. The URL also decides the origin whose pages may act for whoever
//! is signed in, and whether cookies are `Secure`.
//!
//! # What every request goes through
//!
//! A request id, limits on the size of its head, the router, the check that a
//! request with a cookie comes from a trusted page, the
//! [`Authenticator`](workeros_core::Authenticator)s, the endpoint's
//! [`Access`], its parameters and its body. What goes wrong on the way,
//! a panic included, becomes the one error envelope; a fault of ours is logged
//! there, with the request id, and the client is told nothing of the inside.
//!
//! A slow client is the host's business as far as connections go: set timeouts
//! for headers on the server. A body that pauses for 15 seconds is given up
//! here.
//!
//! # The map
//!
//! | what | where |
//! | --- | --- |
//! | the service | [`Backend`] |
//! | options | [`Config`], [`Origin`] |
//! | the operations there are | [`Backend::endpoints`], [`Endpoint`], [`Access`] |
//! | what a host knows of the connection | [`ClientAddress`], [`TrustedProxies`] |
//! | tests without a socket (feature `testkit`) | `testkit` |
//! | actix-web (feature `actix`) | `actix` |

#[cfg(feature = "actix")]
pub mod actix;
mod app_page;
mod backend;
mod body;
mod call;
mod callback;
mod client_address;
mod conditional;
mod config;
mod cookie;
mod cors;
mod csrf;
mod endpoint;
mod failure;
mod gate;
mod json_body;
mod limits;
mod params;
mod pipeline;
mod plane;
mod rate_limit;
mod reply;
mod request_id;
mod router;
mod routes;
mod security_headers;
mod subject;
#[cfg(feature = "testkit")]
pub mod testkit;

pub use backend::{Backend, ResponseFuture};
pub use body::Body;
pub use client_address::{ClientAddress, TrustedProxies};
pub use config::Config;
pub use endpoint::{Access, Endpoint};
pub use workeros_core::Origin;
