//! The condition language: one meaning, held from all sides.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test"
)]

mod corpus;
mod database;
mod errors;
mod properties;
mod relations;
mod sql;
mod sqlite;
mod timestamp;
mod values;
