//! Who may know whom, as `ARCHITECTURE.md` has it. A new rule is a line in a
//! table.

mod crates;
mod sources;
mod workspace;
