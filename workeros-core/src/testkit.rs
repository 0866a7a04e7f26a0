//! Conformance suites and test doubles.
//!
//! **Not covered by semver**: a case may be added or sharpened in any release.
//!
//! A suite holds an adapter to the `# Contract` of its trait. It is a list of
//! cases, and a macro makes one `#[tokio::test]` of each (your crate brings
//! tokio, with its features `macros` and `rt`), so that a failure names the
//! rule that was broken:
//!
//! ```
//! # #[cfg(any())]
//! mod my_database {
//!     workeros_core::database_conformance!(async { MyDatabase::empty().await });
//! }
//! ```
//!
//! | suite | macro |
//! | --- | --- |
//! | [`database`] | [`database_conformance!`](crate::database_conformance) |
//! | [`storage`] | [`storage_conformance!`](crate::storage_conformance) |
//! | [`mailer`] | [`mailer_conformance!`](crate::mailer_conformance) |
//! | [`captcha`] | [`captcha_conformance!`](crate::captcha_conformance) |
//! | [`captcha_services`] | [`captcha_services_conformance!`](crate::captcha_services_conformance) |
//! | [`http_client`] | [`http_client_conformance!`](crate::http_client_conformance) |
//! | [`rate_limit`] | [`rate_limiter_conformance!`](crate::rate_limiter_conformance) |
//!
//! The doubles make a test stand still: [`StandingClock`], [`SequentialIds`],
//! [`SeededRandom`], and [`fault`] makes things fail on demand. [`HttpServer`] is
//! the other end of a request.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a suite reports by panicking"
)]

pub mod captcha;
pub mod captcha_services;
pub mod database;
pub mod fault;
pub mod http_client;
pub mod mailer;
pub mod rate_limit;
pub mod storage;

mod double;
mod http_server;
mod suite;

pub use double::{SeededRandom, SequentialIds, StandingClock};
pub use http_server::{Answer, HttpServer, Received};
#[doc(hidden)]
pub use suite::Opened;
