//! An axum application with a page of its own and a backend below /backend.

fn main() {}
