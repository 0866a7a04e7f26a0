//! Cases that hold every executor of conditions to one meaning.
//!
//! [`corpus`] holds the cases of the language by example, [`tables`] gives
//! random ones. An executor takes the rows, the filters and the variables and
//! must say what [`Condition::evaluate`](crate::Condition::evaluate) says.
//!
//! Not covered by semver.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a broken test case must stop the test"
)]

mod corpus;
mod operands;
mod random;

use std::collections::BTreeMap;

use crate::{Type, Value};

pub use corpus::{Case, Expectation, Fixture, corpus};
pub use random::{Question, Table, tables};

/// The fields of a table.
pub type Fields = BTreeMap<String, Type>;

/// A row, normalised as a write would.
pub type Row = BTreeMap<String, Value>;
