//! The contracts' plain types, from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "test"
)]

mod rate_key;
mod sealer;
mod secret;
mod webhook;
