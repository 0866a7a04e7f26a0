//! The HTTP contract, on every database: SQLite always, Postgres where
//! `WORKEROS_TEST_POSTGRES_URL` names a server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "test"
)]

#[cfg(feature = "actix")]
mod actix;
mod authenticators;
mod bodies;
mod client_address;
mod contract;
mod cookies;
mod cors;
mod csrf;
mod envelope;
mod faults;
mod first;
mod heads;
mod hidden_fields;
mod items;
mod links;
mod mounting;
mod routes;
mod scenarios;
mod sessions;
mod shutdown;
mod support;
