use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::failure::Blocked;
use super::policy::{EgressPolicy, PortGroup};
use super::target::plain_name;

/// Looks up the addresses of a name. It decides nothing: each answer is held to
/// the policy, and what is left of it is connected to.
#[async_trait]
pub trait Resolver: Debug + Send + Sync + 'static {
    /// The addresses of a name, best first.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// The resolver that connections are made with: it gives no address that may
/// not be connected to.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) policy: Arc<EgressPolicy>,
    pub(super) group: PortGroup,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, policy, group) = (self.resolver.clone(), self.policy.clone(), self.group);
        Box::pin(async move {
            let name = plain_name(name.as_str());
            let mut found = resolver.resolve(name).await?;
            if found.is_empty() {
                return Err(io::Error::from(io::ErrorKind::NotFound).into());
            }
            found.retain(|address| policy.admits(Some(name), *address, group));
            if found.is_empty() {
                return Err(Blocked.into());
            }
            // Port 0 stands for that of the URL.
            let addresses = found.into_iter().map(|it| SocketAddr::new(it, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
