//! Conditions mean on each database what they mean in memory.

mod corpus;
mod executor;
#[cfg(feature = "postgres")]
mod prepared;
mod random;
