use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::SubKey;
use crate::{Error, Random, Result, Secret};

const VERSION: &str = "v1";
const NONCE_BYTES: usize = 12;

/// Keeps secrets of others at rest: seals them before they are stored and
/// opens them when they are needed.
///
/// What is sealed is `v1.<key id>.<nonce and ciphertext>`: AES-256-GCM with a
/// random nonce and a key of its own for each purpose, so at most 2^32 texts
/// should be sealed for one purpose with one secret. It opens with the secret
/// it was sealed with, also once that is a [previous](Secret::with_previous)
/// one, for the same purpose and the same associated data, and else not at all.
///
/// ```
/// use std::sync::Arc;
/// use workeros_core::{Sealer, Secret, SystemRandom};
///
/// let secret = Secret::new("Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&")?;
/// let sealer = Sealer::new(secret, Arc::new(SystemRandom));
/// let sealed = sealer.seal("smtp password", b"workspace 7", b"hunter2")?;
/// assert_eq!(&*sealer.open("smtp password", b"workspace 7", &sealed)?, b"hunter2");
/// assert!(sealer.open("smtp password", b"workspace 8", &sealed).is_err());
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Sealer {
    secret: Secret,
    random: Arc<dyn Random>,
}

impl Sealer {
    /// A sealer with this secret.
    #[must_use]
    pub fn new(secret: Secret, random: Arc<dyn Random>) -> Self {
        Self { secret, random }
    }

    /// Seals bytes. The associated data says what they belong to, the id of
    /// their row for one; it is not stored.
    ///
    /// # Errors
    ///
    /// When there are no random bytes.
    pub fn seal(&self, purpose: &'static str, aad: &[u8], plaintext: &[u8]) -> Result<String> {
        let key = self.secret.newest_key(purpose);
        let mut nonce = [0; NONCE_BYTES];
        self.random.fill(&mut nonce)?;
        let header = header(key.id);
        let aad = bind(&header, aad);
        let payload = Payload {
            msg: plaintext,
            aad: &aad,
        };
        let ciphertext = cipher(&key)
            .encrypt(&nonce.into(), payload)
            .map_err(|_| Error::internal("too long to be sealed"))?;
        let body = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &ciphertext].concat());
        Ok(header + &body)
    }

    /// Opens what was sealed.
    ///
    /// # Errors
    ///
    /// [`Internal`](crate::ErrorKind::Internal) when it was sealed with a
    /// secret that is not known here, for another purpose or with other
    /// associated data, or was changed since. None of it says what is inside.
    pub fn open(&self, purpose: &'static str, aad: &[u8], sealed: &str) -> Result<Unsealed> {
        let (header, nonce, ciphertext) =
            split(sealed).ok_or_else(|| Error::internal("this is no sealed text"))?;
        let aad = bind(header, aad);
        let mut keys = std::iter::once(self.secret.newest_key(purpose))
            .chain(self.secret.older_keys(purpose))
            .filter(|key| self::header(key.id) == header)
            .peekable();
        if keys.peek().is_none() {
            let why = "sealed with a secret that is not known here, or for another purpose";
            return Err(Error::internal(why));
        }
        let opened = keys.find_map(|key| {
            let payload = Payload {
                msg: &ciphertext,
                aad: &aad,
            };
            cipher(&key).decrypt(&nonce.into(), payload).ok()
        });
        opened
            .map(|plaintext| Unsealed(Zeroizing::new(plaintext)))
            .ok_or_else(|| Error::internal("a sealed text was changed, or belongs elsewhere"))
    }

    /// Whether it was sealed for this purpose with the newest secret; else it
    /// should be sealed anew before that secret is given up.
    #[must_use]
    pub fn is_current(&self, purpose: &'static str, sealed: &str) -> bool {
        let key = self.secret.newest_key(purpose);
        sealed.starts_with(&header(key.id))
    }
}

/// What was sealed. It does not show in debug output, and its memory is
/// overwritten when it is dropped.
pub struct Unsealed(Zeroizing<Vec<u8>>);

impl Deref for Unsealed {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Unsealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unsealed(..)")
    }
}

fn header(id: [u8; 4]) -> String {
    format!("{VERSION}.{:08x}.", u32::from_be_bytes(id))
}

/// The associated data of the caller behind the header, whose length is fixed.
fn bind(header: &str, aad: &[u8]) -> Vec<u8> {
    [header.as_bytes(), aad].concat()
}

fn cipher(key: &SubKey) -> Aes256Gcm {
    Aes256Gcm::new((&*key.bytes).into())
}

/// The header with its dots, the nonce and the ciphertext.
fn split(sealed: &str) -> Option<(&str, [u8; NONCE_BYTES], Vec<u8>)> {
    let (header, body) = sealed.split_at_checked(sealed.rfind('.')? + 1)?;
    let body = URL_SAFE_NO_PAD.decode(body).ok()?;
    let (nonce, ciphertext) = body.split_first_chunk()?;
    Some((header, *nonce, ciphertext.to_vec()))
}
