//! The HTTP service of workeros.

mod backend;
mod body;
mod call;
mod callback;
mod client_address;
mod conditional;
mod config;
mod cookie;
mod cors;
mod csrf;
mod endpoint;
mod failure;
mod gate;
mod json_body;
mod limits;
mod origin;
mod params;
mod pipeline;
mod reply;
mod request_id;
mod router;
mod routes;
mod security_headers;
mod strict_json;
mod subject;

pub use backend::{Backend, ResponseFuture};
pub use body::Body;
pub use client_address::ClientAddress;
pub use config::Config;
pub use endpoint::{Access, Endpoint};
pub use origin::Origin;
