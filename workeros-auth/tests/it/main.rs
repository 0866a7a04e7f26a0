//! Users, sessions and API keys on every database: SQLite always, Postgres
//! where `WORKEROS_TEST_POSTGRES_URL` names a server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "test"
)]

mod api_keys;
mod credentials;
mod emails;
mod first;
mod hashing;
mod jwt;
mod links;
mod mail;
mod own_sessions;
mod passwords;
mod races;
mod remembered;
mod secrets;
mod sessions;
mod several;
mod support;
mod users;
mod watched;
