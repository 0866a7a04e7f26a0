use std::net::IpAddr;

/// Where a request comes from. A service never sees the connection: a host
/// that knows the address of the peer, or trusts the proxy that names it,
/// inserts this into the extensions of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);
