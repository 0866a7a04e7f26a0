use std::fmt;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use workeros_core::Result;

use crate::changes::SecretHash;
use crate::token::{is_base62, random_base62};
use crate::{Auth, Plane};

/// What a browser is known by between two requests of its own, while nobody is
/// signed in: 256 random bits in a cookie, as 43 characters of base62. It never
/// shows in debug output, and only its SHA-256 is used.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserToken(String);

impl BrowserToken {
    /// How long a browser has to keep it: as long as anything may take that it
    /// has begun.
    pub const LIFETIME: Duration = Duration::from_mins(10);
    const CHARS: usize = 43;

    /// Reads a token; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == Self::CHARS && is_base62(text);
        well_formed.then(|| Self(text.to_owned()))
    }

    /// The token itself, for the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> SecretHash {
        Sha256::digest(&self.0).into()
    }
}

impl<P: Plane> Auth<P> {
    /// Makes what a browser is to be known by.
    ///
    /// # Errors
    ///
    /// When there are no random bytes.
    pub fn new_browser_token(&self) -> Result<BrowserToken> {
        let random = self.inner.random.as_ref();
        random_base62(random, BrowserToken::CHARS).map(BrowserToken)
    }
}

impl fmt::Debug for BrowserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserToken(..)")
    }
}
