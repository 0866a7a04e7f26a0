use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;

use crate::{Error, ErrorKind, Result};

/// The master secret of an instance. Keys for single purposes are derived from
/// it, so that one leaking does not open the others.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

/// Secrets that stand in documentation and examples.
const SAMPLES: [&str; 4] = ["secret", "changeme", "change-me", "example"];

impl Secret {
    /// The shortest secret accepted, in bytes.
    pub const MIN_BYTES: usize = 32;

    /// A secret from bytes.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) when it is shorter than
    /// [`MIN_BYTES`](Self::MIN_BYTES), repeats a few characters, or holds a
    /// well-known sample.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self> {
        let bytes = bytes.into();
        let refuse = |why| Err(Error::new(ErrorKind::Validation, why));
        if bytes.len() < Self::MIN_BYTES {
            return refuse(
                "the secret is shorter than 32 bytes; make one with `openssl rand -hex 32`",
            );
        }
        let lower = String::from_utf8_lossy(&bytes).to_lowercase();
        let mut distinct = bytes.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < 8 || SAMPLES.iter().any(|sample| lower.contains(sample)) {
            return refuse("the secret is a sample; make one with `openssl rand -hex 32`");
        }
        Ok(Self(bytes))
    }

    /// The key for one purpose (HKDF-SHA256, the purpose as `info`).
    #[must_use]
    pub fn derive(&self, purpose: &'static str) -> [u8; 32] {
        let mut key = [0; 32];
        // INVARIANT: 32 bytes are far below the limit of HKDF (255 hashes).
        let expanded = Hkdf::<Sha256>::new(None, &self.0).expand(purpose.as_bytes(), &mut key);
        debug_assert!(expanded.is_ok());
        key
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
