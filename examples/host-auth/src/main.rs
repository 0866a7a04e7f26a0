//! A backend for users the application has already.

fn main() {}
