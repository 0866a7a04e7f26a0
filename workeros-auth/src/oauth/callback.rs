use std::fmt;

/// What a provider sent a browser back with. Only `code` can prove anything;
/// the rest is as good as the browser's own word.
#[derive(Clone, Default)]
#[must_use]
pub struct Callback {
    pub(super) code: Option<String>,
    pub(super) error: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) user: Option<String>,
}

impl Callback {
    /// With nothing at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// With `code`.
    pub fn with_code(mut self, code: Option<String>) -> Self {
        self.code = code;
        self
    }

    /// With `error`.
    pub fn with_error(mut self, error: Option<String>) -> Self {
        self.error = error;
        self
    }

    /// With `iss` (RFC 9207).
    pub fn with_issuer(mut self, issuer: Option<String>) -> Self {
        self.issuer = issuer;
        self
    }

    /// With `user`: the name that Apple tells once, as JSON.
    pub fn with_user(mut self, user: Option<String>) -> Self {
        self.user = user;
        self
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("has_code", &self.code.is_some())
            .field("has_error", &self.error.is_some())
            .finish_non_exhaustive()
    }
}
