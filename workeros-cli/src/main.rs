//! The `workeros` binary.
fn main() {}
