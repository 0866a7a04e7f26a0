//! An actix-web application with a backend in it.

fn main() {}
