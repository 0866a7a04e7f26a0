//! The data plane, on SQLite always and on Postgres where
//! `WORKEROS_TEST_POSTGRES_URL` names a server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests"
)]

mod adoption;
mod collections;
mod edges;
mod growth;
mod hooks;
mod items;
mod leaks;
mod model;
mod permissions;
mod plans;
mod roles;
mod support;
mod workspaces;
mod writes;
