use std::net::IpAddr;

use http::request::Parts;

mod forwarded;
mod proxies;

pub use proxies::TrustedProxies;

/// The other end of the connection. A service never sees the connection itself:
/// a host that knows the address of its peer inserts this into the extensions
/// of the request.
///
/// Behind a proxy that is the proxy's address. Which proxies are believed to
/// name their client is said by [`TrustedProxies`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Where a request comes from: the peer, or as far as it is a trusted proxy,
/// whom it names. `None` where the host does not know.
///
/// The list of the header is read from its end, which is what the nearest proxy
/// wrote: up to the first address that is not a trusted proxy, or to an entry
/// that is none, for whatever stands before that anybody may have written.
pub(crate) fn client_address(parts: &Parts, proxies: &TrustedProxies) -> Option<IpAddr> {
    let ClientAddress(peer) = parts.extensions.get::<ClientAddress>()?;
    let mut nearest = peer.to_canonical();
    if !proxies.contains(nearest) {
        return Some(nearest);
    }
    for hop in proxies.header().hops(&parts.headers).iter().rev() {
        let Some(address) = hop else { break };
        nearest = *address;
        if !proxies.contains(nearest) {
            break;
        }
    }
    Some(nearest)
}
