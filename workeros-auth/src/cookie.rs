use http::Uri;
use workeros_core::{Error, ErrorKind, Result};

/// How the session cookie is named and marked. It is always `HttpOnly`,
/// `SameSite=Lax` and `Path=/`, without a domain.
///
/// ```
/// use workeros_auth::CookiePolicy;
///
/// let policy = CookiePolicy::for_public_url(&"https://api.example.com".parse()?);
/// assert_eq!((policy.name(), policy.is_secure()), ("__Host-workeros", true));
/// let policy = CookiePolicy::for_public_url(&"http://localhost:8080".parse()?);
/// assert_eq!((policy.name(), policy.is_secure()), ("workeros", false));
/// let policy = CookiePolicy::for_public_url(&"https://example.com/backend".parse()?);
/// assert_eq!(policy.name(), "__Host-workeros-backend");
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookiePolicy {
    name: String,
    secure: bool,
}

const NAME: &str = "workeros";
const HOST_PREFIX: &str = "__Host-";

impl CookiePolicy {
    /// A cookie that browsers only send over https, and that only this very
    /// host can set.
    #[must_use]
    pub fn secure() -> Self {
        Self {
            name: format!("{HOST_PREFIX}{NAME}"),
            secure: true,
        }
    }

    /// A cookie for plain http on this machine: browsers take no secure cookie
    /// there.
    #[must_use]
    pub fn loopback() -> Self {
        Self {
            name: NAME.to_owned(),
            secure: false,
        }
    }

    /// The policy for a public URL: [`loopback`](Self::loopback) for `http` to
    /// `localhost`, `127.0.0.0/8` or `[::1]`, [`secure`](Self::secure) for all
    /// others. Below a path, the name ends in it: instances under one host
    /// keep their sessions apart.
    #[must_use]
    pub fn for_public_url(url: &Uri) -> Self {
        let plain = url
            .scheme_str()
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
        let mut policy = if plain && url.host().is_some_and(is_loopback) {
            Self::loopback()
        } else {
            Self::secure()
        };
        for segment in url.path().split('/').filter(|segment| !segment.is_empty()) {
            let fit = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
            policy.name.push('-');
            policy.name.extend(segment.chars().map(fit));
        }
        policy
    }

    /// Adds a suffix to the name, so that several instances under one host
    /// keep their sessions apart.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) unless it is 1 to 32 ASCII
    /// letters, digits, `-` or `_`.
    pub fn with_suffix(mut self, suffix: &str) -> Result<Self> {
        let fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=32).contains(&suffix.len()) || !suffix.bytes().all(fit) {
            return Err(Error::new(
                ErrorKind::Validation,
                "the suffix of a cookie must be 1 to 32 letters, digits, `-` or `_`",
            ));
        }
        self.name.push('-');
        self.name.push_str(suffix);
        Ok(self)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is marked `Secure`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
