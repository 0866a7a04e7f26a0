//! The facade: what an embedder sees, and the rules of the repository.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod arrows;
mod better_auth;
#[cfg(all(feature = "captcha", feature = "http-client", feature = "testkit"))]
mod captcha;
mod counterparts;
mod docs;
mod embedding;
#[cfg(all(feature = "http-client", feature = "testkit"))]
mod hooks;
mod instances;
#[cfg(feature = "smtp")]
mod mail;
mod revocation;
#[cfg(feature = "http-client")]
mod settings;
mod site;
mod surface;
#[cfg(feature = "http-client")]
mod third_party;
