use std::fmt;

use crate::{Error, ErrorKind, Result};
use http::Uri;

/// The origin of a web page: scheme, host and port, as browsers send it in the
/// header `Origin`.
///
/// ```
/// use workeros_core::Origin;
///
/// assert_eq!(Origin::parse("https://App.example.com:443")?.as_str(), "https://app.example.com");
/// assert!(Origin::parse("null").is_err());
/// assert!(Origin::parse("*").is_err());
/// assert!(Origin::parse("https://app.example.com/page").is_err());
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin such as `https://app.example.com`. Neither `null` nor a
    /// wildcard is one.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation).
    pub fn parse(text: &str) -> Result<Self> {
        let uri: Option<Uri> = text.parse().ok();
        let bare =
            uri.filter(|uri| uri.path() == "/" && uri.query().is_none() && !text.ends_with('/'));
        bare.and_then(|uri| Self::of(&uri)).ok_or_else(|| {
            let message = format!("`{text}` is not an origin such as `https://app.example.com`");
            Error::new(ErrorKind::Validation, message)
        })
    }

    /// The origin of a URL; `None` for what is neither `http` nor `https`, or
    /// holds a user.
    #[must_use]
    pub fn of(url: &Uri) -> Option<Self> {
        let scheme = url.scheme_str()?.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let authority = url.authority()?;
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() || host.contains('*') || authority.as_str().contains('@') {
            return None;
        }
        Some(Self(
            match authority.port_u16().filter(|port| *port != default_port) {
                Some(port) => format!("{scheme}://{host}:{port}"),
                None => format!("{scheme}://{host}"),
            },
        ))
    }

    /// The origin as browsers write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
