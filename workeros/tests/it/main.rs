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
mod counterparts;
mod docs;
mod embedding;
mod instances;
mod revocation;
mod site;
