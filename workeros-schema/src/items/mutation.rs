//! The statements that write one row.

mod adopted;
mod managed;

pub(super) use adopted::{delete, insert, update};
pub(super) use managed::{RowVerb, unlink};

/// The arguments of the statements of an adopted table.
pub(super) use adopted::arguments;
/// The arguments of the statements of a managed table.
pub(super) use managed::arguments as row_arguments;
