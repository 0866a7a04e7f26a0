//! The adapters, from outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]

#[cfg(all(feature = "captcha", feature = "http-client"))]
mod captcha;
#[cfg(feature = "http-client")]
mod http_client;
#[cfg(feature = "testkit")]
mod language;
mod mailer;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "testkit")]
mod rate_limit;
#[cfg(feature = "sqlite")]
mod sqlite;
mod storage;
