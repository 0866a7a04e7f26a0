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

mod activity;
mod anonymous;
mod api_keys;
mod attempts;
mod both_planes;
mod claims;
mod credentials;
mod doors;
mod emails;
mod end_users;
mod enumeration;
mod first;
mod hashing;
mod hooks;
mod impersonation;
mod invitations;
mod jwt;
mod links;
mod mail;
mod meanwhile;
mod oauth;
mod organizations;
mod own_account;
mod own_sessions;
mod passkeys;
mod passwordless;
mod passwords;
mod proof_races;
mod race;
mod races;
mod remembered;
mod secrets;
mod sessions;
mod settings;
mod several;
mod soft_authenticator;
mod support;
mod templates;
mod third_party;
mod two_factor;
mod user_invitations;
mod users;
mod verified_sign_up;
mod watched;
mod workspaces;
