//! The HTTP contract, on every database: SQLite always, Postgres where
//! `WORKEROS_TEST_POSTGRES_URL` names a server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "test"
)]

#[cfg(feature = "actix")]
mod actix;
mod anonymous;
mod auth_settings;
mod authenticators;
mod bodies;
mod captcha;
mod client_address;
mod contract;
mod cookies;
mod cors;
mod csrf;
mod end_users;
mod envelope;
mod faults;
mod first;
mod heads;
mod hidden_fields;
mod impersonation;
mod items;
mod links;
mod mounting;
mod narrow_keys;
mod oauth;
mod organizations;
mod own_account;
mod passkeys;
mod passwordless;
mod rate_limits;
mod routes;
mod scenarios;
mod security;
mod sessions;
mod shutdown;
#[path = "../../../workeros-auth/tests/it/soft_authenticator.rs"]
#[allow(dead_code, reason = "what it does wrong is tested elsewhere")]
mod soft_authenticator;
mod support;
mod third_party;
mod two_factor;
mod user_invitations;
mod workspace_deletion;
mod workspaces;
