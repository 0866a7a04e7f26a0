use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{Error, ErrorKind, Result};

mod mac;
mod seal;

pub use mac::MacKeys;
pub use seal::{Sealer, Unsealed};

/// The master secret of an instance, with those it had before. Keys for single
/// purposes are derived from it, so that one leaking does not open the others.
///
/// To change it, start with the new one and the old one
/// [behind it](Self::with_previous): what is made from then on is made with the
/// new one, and what was made with the old one is still read.
///
/// ```
/// use workeros_core::Secret;
///
/// let old = Secret::new("Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&")?;
/// let link = old.mac("invitation link").tag(&[b"ann@example.com"]);
///
/// let new = Secret::new("rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5")?.with_previous(old);
/// assert!(new.mac("invitation link").verify(&[b"ann@example.com"], &link));
/// assert_ne!(new.mac("invitation link").tag(&[b"ann@example.com"]), link);
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Secret {
    current: Zeroizing<Vec<u8>>,
    /// Newest first.
    previous: Vec<Zeroizing<Vec<u8>>>,
}

/// A key for one purpose, and the name by which what it made is told apart.
struct SubKey {
    id: [u8; 4],
    bytes: Zeroizing<[u8; 32]>,
}

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
        let current = Zeroizing::new(bytes.into());
        let refuse = |why| Err(Error::new(ErrorKind::Validation, why));
        if current.len() < Self::MIN_BYTES {
            return refuse(
                "the secret is shorter than 32 bytes; make one with `openssl rand -hex 32`",
            );
        }
        if is_sample(&current) {
            return refuse("the secret is a sample; make one with `openssl rand -hex 32`");
        }
        Ok(Self {
            current,
            previous: Vec::new(),
        })
    }

    /// Adds the secret that was in use before, and those before it. They read
    /// and verify; nothing new is made with them.
    #[must_use]
    pub fn with_previous(mut self, previous: Self) -> Self {
        self.previous.push(previous.current);
        self.previous.extend(previous.previous);
        self
    }

    /// The key for one purpose (HKDF-SHA256, the purpose as `info`), from the
    /// newest secret.
    #[must_use]
    pub fn derive(&self, purpose: &'static str) -> [u8; 32] {
        *self.newest_key(purpose).bytes
    }

    /// The keys that authenticate messages of one purpose.
    #[must_use]
    pub fn mac(&self, purpose: &'static str) -> MacKeys {
        MacKeys::new(self.newest_key(purpose), self.older_keys(purpose))
    }

    fn newest_key(&self, purpose: &str) -> SubKey {
        SubKey::derive(&self.current, purpose)
    }

    /// The keys of the secrets before, the newest first.
    fn older_keys<'a>(&'a self, purpose: &'a str) -> impl Iterator<Item = SubKey> + 'a {
        self.previous
            .iter()
            .map(move |secret| SubKey::derive(secret, purpose))
    }
}

impl SubKey {
    fn derive(secret: &[u8], purpose: &str) -> Self {
        let mut expanded = Zeroizing::new([0; 36]);
        // INVARIANT: 36 bytes are far below the limit of HKDF (255 hashes).
        let filled = Hkdf::<Sha256>::new(None, secret).expand(purpose.as_bytes(), &mut *expanded);
        debug_assert!(filled.is_ok());
        let (mut id, mut bytes) = ([0; 4], Zeroizing::new([0; 32]));
        let (key, name) = expanded.split_at(32);
        bytes.copy_from_slice(key);
        id.copy_from_slice(name);
        Self { id, bytes }
    }
}

fn is_sample(secret: &[u8]) -> bool {
    let lower = Zeroizing::new(String::from_utf8_lossy(secret).to_lowercase());
    let mut seen = [false; 256];
    for byte in secret {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    let distinct = seen.iter().filter(|seen| **seen).count();
    distinct < 8 || SAMPLES.iter().any(|sample| lower.contains(sample))
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
