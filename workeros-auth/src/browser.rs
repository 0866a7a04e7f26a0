use std::time::Duration;

use workeros_core::Result;

use crate::token::random_token;
use crate::{Auth, Plane};

random_token!(
    /// What a browser is known by between two requests of its own, while nobody
    /// is signed in.
    BrowserToken,
    "the cookie"
);

impl BrowserToken {
    /// How long a browser has to keep it: as long as anything may take that it
    /// has begun.
    pub const LIFETIME: Duration = Duration::from_mins(10);

    /// Reads a token; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text)
    }
}

impl<P: Plane> Auth<P> {
    /// Makes what a browser is to be known by.
    ///
    /// # Errors
    ///
    /// When there are no random bytes.
    pub fn new_browser_token(&self) -> Result<BrowserToken> {
        BrowserToken::generate(self.inner.random.as_ref())
    }
}
