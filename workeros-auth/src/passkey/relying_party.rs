use webauthn_rs::prelude::{Url, Webauthn, WebauthnBuilder};
use workeros_core::{Error, ErrorKind, Result};

use super::CHALLENGE_LIFETIME;

/// Whom passkeys are made for: a domain, and its pages that may ask for them.
///
/// A device gives a passkey to pages of the domain it was made for, and of the
/// domains below it; which of those may ask is said here. The domain cannot be
/// changed later without losing all passkeys.
///
/// ```
/// use workeros_auth::RelyingParty;
///
/// let party = RelyingParty::new("example.com", "https://app.example.com")?
///     .with_origin("https://example.com")?
///     .with_name("Example");
/// assert_eq!(party.id(), "example.com");
///
/// assert!(RelyingParty::new("example.com", "https://example.org").is_err());
/// assert!(RelyingParty::of_origin("http://example.com").is_err());
/// assert!(RelyingParty::of_origin("https://192.0.2.1").is_err());
/// assert!(RelyingParty::of_origin("http://localhost:8080").is_ok());
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    name: String,
    /// INVARIANT: there is one at least.
    origins: Vec<Url>,
}

impl RelyingParty {
    /// A domain, and the origin of the pages that ask for its passkeys.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) as [`with_origin`](Self::with_origin).
    pub fn new(domain: &str, origin: &str) -> Result<Self> {
        let party = Self {
            id: domain.to_ascii_lowercase(),
            name: domain.to_owned(),
            origins: Vec::new(),
        };
        party.with_origin(origin)
    }

    /// An origin whose host is the domain.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) as [`with_origin`](Self::with_origin).
    pub fn of_origin(origin: &str) -> Result<Self> {
        let url = Url::parse(origin).ok();
        let host = url.as_ref().and_then(Url::domain);
        Self::new(host.ok_or_else(|| no_origin(origin))?, origin)
    }

    /// Lets pages of this origin ask as well.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) unless it is an origin such as
    /// `https://app.example.com`, of the domain or of one below it. Browsers
    /// have passkeys for `https` alone, and for `http://localhost`; never for
    /// an IP address.
    pub fn with_origin(mut self, origin: &str) -> Result<Self> {
        let url = Url::parse(origin).ok().filter(is_origin);
        let url = url.ok_or_else(|| no_origin(origin))?;
        if !url.domain().is_some_and(|host| is_within(host, &self.id)) {
            let message = format!("`{origin}` is not of the domain `{}`", self.id);
            return Err(Error::new(ErrorKind::Validation, message));
        }
        if !self.origins.contains(&url) {
            self.origins.push(url);
        }
        Ok(self)
    }

    /// Sets what a browser calls it (the domain).
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The domain.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What a browser calls it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The origins of the pages that ask for its passkeys.
    pub(crate) fn origins(&self) -> impl Iterator<Item = &str> {
        let origins = self.origins.iter();
        origins.map(|origin| origin.as_str().trim_end_matches('/'))
    }

    pub(super) fn webauthn(&self) -> Result<Webauthn> {
        let no_origin = || Error::internal("a relying party without an origin");
        let (first, others) = self.origins.split_first().ok_or_else(no_origin)?;
        let builder = WebauthnBuilder::new(&self.id, first).map_err(Error::internal)?;
        let builder = builder.rp_name(&self.name).timeout(CHALLENGE_LIFETIME);
        others
            .iter()
            .fold(builder, WebauthnBuilder::append_allowed_origin)
            .build()
            .map_err(Error::internal)
    }
}

fn is_origin(url: &Url) -> bool {
    let is_bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let is_local = |host: &str| host == "localhost" || host.ends_with(".localhost");
    let is_safe = match url.scheme() {
        "https" => true,
        "http" => url.domain().is_some_and(is_local),
        _ => false,
    };
    is_bare && is_safe
}

/// Whether a host is the domain, or below it. No top-level domain has passkeys.
fn is_within(host: &str, domain: &str) -> bool {
    let below = |host: &str| host.strip_suffix(domain)?.strip_suffix('.').map(str::len);
    host == domain || (domain.contains('.') && below(host).is_some_and(|rest| rest > 0))
}

fn no_origin(text: &str) -> Error {
    let message = format!(
        "`{text}` is not an origin such as `https://app.example.com` or `http://localhost:8080`"
    );
    Error::new(ErrorKind::Validation, message)
}
