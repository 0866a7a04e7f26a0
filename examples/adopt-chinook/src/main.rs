//! A database that was there before, served as it is.

fn main() {}
