//! The HTTP client, and where it may go.

use std::net::SocketAddr;

use workeros_adapters::{EgressPolicy, ReqwestClient, ReqwestOptions};
use workeros_core::{Error, ErrorKind};

mod bodies;
mod names;
mod proxies;
mod targets;
mod tls;

mod contract {
    workeros_core::http_client_conformance!(async |addresses: [_; 2]| super::opened_to(&addresses));
}

/// A policy with these opened, besides what is public.
pub(crate) fn policy(opened: &[&str]) -> EgressPolicy {
    let open = |policy: EgressPolicy, target: &&str| policy.allow(target).unwrap();
    opened.iter().fold(EgressPolicy::default(), open)
}

/// A client that may reach these addresses, besides what is public.
pub(crate) fn opened_to(addresses: &[SocketAddr]) -> ReqwestClient {
    let opened: Vec<_> = addresses.iter().map(SocketAddr::to_string).collect();
    let opened: Vec<_> = opened.iter().map(String::as_str).collect();
    client(ReqwestOptions::default().with_policy(policy(&opened)))
}

fn client(options: ReqwestOptions) -> ReqwestClient {
    ReqwestClient::new(options).unwrap()
}

#[track_caller]
fn assert_blocked(error: &Error, what: &str) {
    assert_eq!(error.kind(), ErrorKind::Forbidden, "{what}: {error:?}");
    assert_eq!(error.code(), Some("EGRESS_BLOCKED"), "{what}: {error:?}");
}
