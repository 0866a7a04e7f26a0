use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use url::Host;
use workeros_core::{Error, Result};

use super::address::{canonical, is_public};

/// Where requests may go.
///
/// By default to public addresses, on the ports 80 and 443. Everything else is
/// opened one by one: a server of the own network by its host and port, a
/// network by its CIDR block. What is opened for an address or a network is not
/// opened for `localhost`, and the other way round.
///
/// ```
/// use workeros_adapters::EgressPolicy;
///
/// let policy = EgressPolicy::default()
///     .allow("keycloak.internal:8443")? // this name, wherever it leads
///     .allow("127.0.0.1:9000")?
///     .allow("10.20.0.0/16")? // on any port
///     .allow_port(8443); // on public addresses
/// assert!(policy.clone().allow("10.20.0.1").is_err());
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct EgressPolicy {
    ports: BTreeSet<u16>,
    hosts: Vec<(Host, u16)>,
    networks: Vec<IpNet>,
}

/// Ports that are treated alike: a name means the same addresses on each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum PortGroup {
    /// Open to public addresses, and named by no host.
    Public,
    /// Named by a host that was opened.
    Named(u16),
    /// Any other: only networks that were opened can be reached.
    Other,
}

impl EgressPolicy {
    /// Opens `host:port` (a name, an IPv4 address or an IPv6 address in
    /// brackets), or a network such as `10.0.0.0/8` on any port.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) when it is neither.
    pub fn allow(mut self, target: &str) -> Result<Self> {
        if let Ok(network) = target.parse::<IpNet>() {
            self.networks.push(network.trunc());
        } else {
            self.hosts.push(host_and_port(target).ok_or_else(|| {
                let message = "must be `host:port` or a network such as `10.0.0.0/8`";
                Error::validation("allow", "invalid_value", message)
            })?);
        }
        Ok(self)
    }

    /// Opens a port on public addresses, besides 80 and 443.
    #[must_use]
    pub fn allow_port(mut self, port: u16) -> Self {
        self.ports.insert(port);
        self
    }

    /// Whether an address may be connected to, reached by that name or by none.
    pub(super) fn admits(&self, name: Option<&str>, address: IpAddr, group: PortGroup) -> bool {
        let address = canonical(address);
        let is_named = |(host, port): &(Host, u16)| {
            let is_host = match host {
                Host::Domain(opened) => name == Some(opened),
                Host::Ipv4(opened) => address == *opened,
                Host::Ipv6(opened) => address == *opened,
            };
            is_host && group == PortGroup::Named(*port)
        };
        let is_port_open = match group {
            PortGroup::Public => true,
            PortGroup::Named(port) => self.ports.contains(&port),
            PortGroup::Other => false,
        };
        (is_port_open && is_public(address))
            || self.hosts.iter().any(is_named)
            || self.networks.iter().any(|it| it.contains(&address))
    }

    /// Whether a name may be looked up at all.
    pub(super) fn admits_name(&self, name: &str, group: PortGroup) -> bool {
        let is_local = ["localhost", "metadata.google.internal"]
            .iter()
            .any(|local| name == *local || name.ends_with(&format!(".{local}")));
        !is_local
            || self.hosts.iter().any(|(host, port)| {
                group == PortGroup::Named(*port) && *host == Host::Domain(name.to_owned())
            })
    }

    pub(super) fn group(&self, port: u16) -> PortGroup {
        if self.hosts.iter().any(|(_, named)| *named == port) {
            PortGroup::Named(port)
        } else if self.ports.contains(&port) {
            PortGroup::Public
        } else {
            PortGroup::Other
        }
    }

    /// The groups in which anything can be reached.
    pub(super) fn groups(&self) -> Vec<PortGroup> {
        let named: BTreeSet<u16> = self.hosts.iter().map(|(_, port)| *port).collect();
        let mut groups: Vec<_> = named.into_iter().map(PortGroup::Named).collect();
        groups.push(PortGroup::Public);
        if !self.networks.is_empty() {
            groups.push(PortGroup::Other);
        }
        groups
    }
}

impl Default for EgressPolicy {
    fn default() -> Self {
        Self {
            ports: BTreeSet::from([80, 443]),
            hosts: Vec::new(),
            networks: Vec::new(),
        }
    }
}

fn host_and_port(target: &str) -> Option<(Host, u16)> {
    if let Ok(address) = target.parse::<SocketAddr>() {
        let host = match canonical(address.ip()) {
            IpAddr::V4(address) => Host::Ipv4(address),
            IpAddr::V6(address) => Host::Ipv6(address),
        };
        return Some((host, address.port()));
    }
    let (host, port) = target.rsplit_once(':')?;
    let port = port.parse().ok()?;
    match Host::parse(host.trim_end_matches('.')).ok()? {
        host @ Host::Domain(_) => Some((host, port)),
        // Written in a way that reads like another address.
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{EgressPolicy, PortGroup};

    #[test]
    fn only_a_host_with_a_port_or_a_network_can_be_opened() {
        for target in [
            "127.0.0.1:8080",
            "[::1]:8080",
            "localhost:3000",
            "idp.internal.:443",
            "10.0.0.0/8",
            "fd00::/8",
        ] {
            assert!(EgressPolicy::default().allow(target).is_ok(), "{target}");
        }
        for target in [
            "",
            "*",
            "127.0.0.1",
            "localhost",
            "127.1:80",
            "http://localhost:80",
            "10.0.0.0/33",
            "a b:80",
            "host:99999",
            ":80",
        ] {
            assert!(EgressPolicy::default().allow(target).is_err(), "{target}");
        }
    }

    #[test]
    fn ssrf_6_exactly_what_was_opened_is_open() {
        let policy = EgressPolicy::default()
            .allow("127.0.0.1:8080")
            .and_then(|policy| policy.allow("Idp.Example:9000"))
            .and_then(|policy| policy.allow("10.1.0.0/16"))
            .unwrap()
            .allow_port(8443);
        let admits = |name: Option<&str>, address: &str, port: u16| {
            policy.admits(name, address.parse().unwrap(), policy.group(port))
        };
        for (name, address, port) in [
            (None, "127.0.0.1", 8080),
            (None, "::ffff:127.0.0.1", 8080),
            (Some("other.example"), "127.0.0.1", 8080),
            (Some("idp.example"), "192.168.0.1", 9000),
            (None, "10.1.2.3", 80),
            (None, "10.1.2.3", 22),
            (None, "8.8.8.8", 443),
            (None, "8.8.8.8", 8443),
        ] {
            assert!(admits(name, address, port), "{name:?} {address} {port}");
        }
        for (name, address, port) in [
            (None, "127.0.0.1", 80),
            (None, "127.0.0.1", 8443),
            (None, "127.0.0.1", 9000),
            (None, "127.0.0.2", 8080),
            (Some("idp.example"), "192.168.0.1", 443),
            (Some("not-idp.example"), "192.168.0.1", 9000),
            (Some("idp.example.evil.test"), "192.168.0.1", 9000),
            (None, "192.168.0.1", 9000),
            (None, "10.2.0.1", 80),
            (None, "8.8.8.8", 8080),
            (None, "8.8.8.8", 9000),
            (None, "8.8.8.8", 22),
        ] {
            assert!(!admits(name, address, port), "{name:?} {address} {port}");
        }
    }

    #[test]
    fn names_of_this_machine_are_looked_up_only_if_opened() {
        let policy = EgressPolicy::default().allow("localhost:3000").unwrap();
        assert!(policy.admits_name("localhost", policy.group(3000)));
        for name in ["localhost", "a.localhost", "metadata.google.internal"] {
            assert!(!policy.admits_name(name, PortGroup::Public), "{name}");
        }
        assert!(policy.admits_name("notlocalhost", PortGroup::Public));
    }
}
