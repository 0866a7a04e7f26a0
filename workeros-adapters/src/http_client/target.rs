use url::{Host, Url};
use workeros_core::{Error, Result};

use super::failure::blocked;
use super::policy::{EgressPolicy, PortGroup};

/// A URL that may be requested as far as the URL itself can tell: an address is
/// allowed, a name is still to be looked up.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) group: PortGroup,
}

impl Target {
    pub(super) fn parse(url: &str, policy: &EgressPolicy) -> Result<Self> {
        // The parser would drop them without a word.
        if url.contains(char::is_control) {
            return Err(unreadable("it holds a control character"));
        }
        Self::check(
            Url::parse(url).map_err(|error| unreadable(error.to_string()))?,
            policy,
        )
    }

    /// Where a redirect leads.
    pub(super) fn join(&self, location: &str, policy: &EgressPolicy) -> Result<Self> {
        let url = self.url.join(location);
        let url = url.map_err(|_| blocked("the redirect leads nowhere"))?;
        if self.url.scheme() == "https" && url.scheme() == "http" {
            return Err(blocked("the redirect leads from https to http"));
        }
        Self::check(url, policy)
    }

    fn check(mut url: Url, policy: &EgressPolicy) -> Result<Self> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(blocked("only http and https are open"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(blocked("the url holds credentials"));
        }
        url.set_fragment(None);
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(unreadable("it has no host"));
        };
        let group = policy.group(port);
        let is_admitted = match host {
            Host::Domain(name) => policy.admits_name(plain_name(name), group),
            Host::Ipv4(address) => policy.admits(None, address.into(), group),
            Host::Ipv6(address) => policy.admits(None, address.into(), group),
        };
        if is_admitted {
            Ok(Self { url, group })
        } else {
            Err(blocked("the address is not open"))
        }
    }
}

/// A name without the dot of the root.
pub(super) fn plain_name(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

fn unreadable(why: impl Into<String>) -> Error {
    let message = format!("not a url: {}", why.into());
    Error::validation("url", "invalid_value", message)
}
