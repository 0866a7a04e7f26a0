mod address;
mod failure;
mod policy;
mod redirect;
mod reqwest;
mod resolver;
mod target;

pub use policy::EgressPolicy;
pub use reqwest::{ReqwestClient, ReqwestOptions};
pub use resolver::{Resolver, SystemResolver};
