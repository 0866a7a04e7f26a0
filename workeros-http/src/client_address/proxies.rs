use std::net::IpAddr;

use ipnet::IpNet;
use workeros_core::{Error, ErrorKind, Result};

use super::forwarded::ForwardedHeader;

/// The proxies in front of a backend: those that are believed when they name
/// the client of a request. There are none unless they are listed here, and
/// then what a client sends in their place counts for nothing.
///
/// ```
/// use workeros_http::TrustedProxies;
///
/// let proxies = TrustedProxies::new(["10.0.0.0/8", "2001:db8:7::/48", "192.0.2.7"])?;
/// # let _ = proxies;
/// assert!(TrustedProxies::new(["proxy.internal"]).is_err());
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: ForwardedHeader,
}

impl TrustedProxies {
    /// Proxies with addresses in these networks (`10.0.0.0/8`) or at these
    /// addresses. They write `X-Forwarded-For`.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) for what is neither.
    pub fn new<T: AsRef<str>>(networks: impl IntoIterator<Item = T>) -> Result<Self> {
        let networks: Result<_> = networks
            .into_iter()
            .map(|network| parse(network.as_ref()))
            .collect();
        Ok(Self {
            networks: networks?,
            header: ForwardedHeader::default(),
        })
    }

    /// Lets the proxies be read that write `Forwarded` (RFC 7239). It is then
    /// the only header that is: one that the proxies do not write is whatever
    /// the client says.
    pub fn with_forwarded_header(mut self) -> Self {
        self.header = ForwardedHeader::Forwarded;
        self
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    pub(super) fn header(&self) -> ForwardedHeader {
        self.header
    }
}

fn parse(text: &str) -> Result<IpNet> {
    let network = text
        .parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| {
        let why = format!("`{text}` is neither an address nor a network such as `10.0.0.0/8`");
        Error::new(ErrorKind::Validation, why)
    })
}
