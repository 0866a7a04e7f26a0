//! A backend on a bare hyper server.

fn main() {}
