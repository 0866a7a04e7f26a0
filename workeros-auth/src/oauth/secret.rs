use std::fmt;

use workeros_core::{Error, Result, Timestamp};
use zeroize::Zeroizing;

use super::AppleKey;

/// What shows a provider that it is us who ask.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum ClientSecret {
    Text(Zeroizing<String>),
    Apple(AppleKey),
}

impl ClientSecret {
    pub(super) fn text(secret: impl Into<String>) -> Result<Self> {
        let secret = Zeroizing::new(secret.into());
        let is_printable = |byte: u8| (b' '..=b'~').contains(&byte);
        if secret.is_empty() || !secret.bytes().all(is_printable) {
            let message = "must be printable ascii";
            return Err(Error::validation("clientSecret", "invalid_value", message));
        }
        Ok(Self::Text(secret))
    }

    /// The secret to send now.
    pub(super) fn reveal(&self, client_id: &str, now: Timestamp) -> Result<Zeroizing<String>> {
        match self {
            Self::Text(secret) => Ok(secret.clone()),
            Self::Apple(key) => key.client_secret(client_id, now),
        }
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(..)")
    }
}
