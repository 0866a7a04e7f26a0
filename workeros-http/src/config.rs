use std::sync::Arc;

use http::Uri;
use workeros_auth::Auth;
use workeros_core::{Authenticator, Error, ErrorKind, Result};

use crate::{Origin, TrustedProxies};

const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// How a [`Backend`](crate::Backend) stands in the world.
#[derive(Debug, Clone)]
#[must_use]
pub struct Config {
    pub(crate) public_url: Uri,
    pub(crate) origin: Origin,
    pub(crate) allowed_origins: Vec<Origin>,
    pub(crate) trusted_origins: Vec<Origin>,
    pub(crate) max_body_bytes: usize,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) authenticators: Vec<Arc<dyn Authenticator>>,
    pub(crate) auth: Option<Auth>,
}

impl Config {
    /// A backend that clients reach at this URL, the path it is mounted under
    /// included: `https://example.com/backend`.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) unless it is an absolute `http`
    /// or `https` URL without a user and a query.
    pub fn new(public_url: Uri) -> Result<Self> {
        let origin = Origin::of(&public_url).filter(|_| public_url.query().is_none());
        let origin = origin.ok_or_else(|| {
            let message =
                format!("`{public_url}` is not a public URL such as `https://example.com`");
            Error::new(ErrorKind::Validation, message)
        })?;
        Ok(Self {
            public_url,
            origin,
            allowed_origins: Vec::new(),
            trusted_origins: Vec::new(),
            max_body_bytes: MAX_BODY_BYTES,
            trusted_proxies: TrustedProxies::default(),
            authenticators: Vec::new(),
            auth: None,
        })
    }

    /// Lets pages of these origins read answers and act for whoever is signed
    /// in (none: only pages of the public URL's own origin may).
    pub fn with_allowed_origins(mut self, origins: impl IntoIterator<Item = Origin>) -> Self {
        self.allowed_origins.extend(origins);
        self
    }

    /// Lets pages of these origins act for whoever is signed in, without
    /// letting them read answers (none): another name of this very host.
    pub fn with_trusted_origins(mut self, origins: impl IntoIterator<Item = Origin>) -> Self {
        self.trusted_origins.extend(origins);
        self
    }

    /// Sets the largest body of a request, in bytes (2 MiB).
    pub fn with_max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// Sets the proxies that are believed when they name the client of a
    /// request (none).
    pub fn with_trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.trusted_proxies = proxies;
        self
    }

    /// Adds users of the host's own. Authenticators are asked in the order
    /// they were added, the bundled one last; a request that one of them
    /// refuses may still be somebody to the next.
    pub fn with_authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.authenticators.push(authenticator);
        self
    }

    /// Sets the bundled users, sessions and API keys. Without it there are no
    /// endpoints for them.
    pub fn with_auth(mut self, auth: Auth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// Every authenticator, in the order they are asked.
    pub(crate) fn all_authenticators(&self) -> Vec<Arc<dyn Authenticator>> {
        let bundled = self
            .auth
            .clone()
            .map(|auth| Arc::new(auth) as Arc<dyn Authenticator>);
        self.authenticators.iter().cloned().chain(bundled).collect()
    }

    /// The path of the mount point, without a slash at its end.
    pub(crate) fn mount_path(&self) -> &str {
        self.public_url.path().trim_end_matches('/')
    }

    pub(crate) fn is_https(&self) -> bool {
        self.origin.as_str().starts_with("https:")
    }
}
