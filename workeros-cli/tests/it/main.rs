//! The binary as a process: what an operator sees of it. On SQLite always, on
//! Postgres where `WORKEROS_TEST_POSTGRES_URL` names a server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "test"
)]

mod adopt;
mod crash;
mod end;
#[cfg(feature = "smtp")]
mod mail;
mod migrate;
mod options;
mod serve;
mod support;
