use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::{Error, Random, Result};

/// What sender and receiver share: `whsec_` and 24 to 64 random bytes in Base64.
/// It never shows in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

const MARK: &str = "whsec_";
const MADE_BYTES: usize = 32;

impl WebhookSecret {
    /// The shortest, in bytes.
    pub const MIN_BYTES: usize = 24;
    /// The longest, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Makes one.
    ///
    /// # Errors
    ///
    /// When there are no random bytes.
    pub fn generate(random: &dyn Random) -> Result<Self> {
        let mut bytes = Zeroizing::new(vec![0; MADE_BYTES]);
        random.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads `whsec_…`.
    ///
    /// # Errors
    ///
    /// [`Validation`](crate::ErrorKind::Validation) at `secret` for any other
    /// text.
    pub fn parse(text: &str) -> Result<Self> {
        let lengths = Self::MIN_BYTES..=Self::MAX_BYTES;
        let bytes = text
            .strip_prefix(MARK)
            .and_then(|encoded| STANDARD.decode(encoded).ok())
            .map(Zeroizing::new)
            .filter(|bytes| lengths.contains(&bytes.len()));
        let message = "must be `whsec_` and 24 to 64 bytes in base64";
        let bytes = bytes.ok_or_else(|| Error::validation("secret", "invalid_value", message));
        bytes.map(Self)
    }

    /// The secret itself, for the other side.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(MARK.to_owned() + &STANDARD.encode(&*self.0))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}
