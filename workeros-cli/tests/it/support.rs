//! The binary, and a client of it.

mod client;
mod place;
mod server;

pub(crate) use client::Client;
pub(crate) use place::{Place, places};
pub(crate) use server::{Server, run};
