//! Rust that changes and refuses writes, and reacts to them.

fn main() {}
