//! The filter and permission language of workeros: one meaning in memory, on SQLite and on Postgres.

mod condition;
mod dialect;
mod error;
mod fields;
mod offset;
mod ops;
mod path;
mod pointer;
mod row;
mod scalar;
pub mod sql;
mod term;
#[cfg(feature = "testkit")]
pub mod testkit;
mod timestamp;
mod truth;
mod types;
mod value;
mod variable;

pub use condition::Condition;
pub use dialect::Dialect;
pub use error::{FilterError, FilterErrorCode};
pub use fields::{Field, Fields};
pub use ops::Op;
pub use path::Path;
pub use row::Row;
pub use timestamp::Timestamp;
pub use truth::Truth;
pub use types::{Key, Type, ValueError};
pub use value::Value;
pub use variable::Variables;
