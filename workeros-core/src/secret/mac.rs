use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::SubKey;

/// Authenticates messages of one purpose by HMAC-SHA256: what is handed out and
/// must come back unchanged, and what is too short to be hashed without a key.
/// Made by [`Secret::mac`](crate::Secret::mac).
#[derive(Clone)]
pub struct MacKeys {
    newest: Hmac<Sha256>,
    older: Vec<Hmac<Sha256>>,
}

impl MacKeys {
    pub(super) fn new(newest: SubKey, older: impl Iterator<Item = SubKey>) -> Self {
        Self {
            newest: keyed(newest),
            older: older.map(keyed).collect(),
        }
    }

    /// The tag of a message, by the newest key. The message is its parts: two
    /// that are cut differently have different tags.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        feed(&self.newest, parts).finalize().into_bytes().into()
    }

    /// Whether the tag is of this message, by any of the keys. It takes the
    /// same time wherever the tags differ.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        std::iter::once(&self.newest)
            .chain(&self.older)
            .any(|key| feed(key, parts).verify_slice(tag).is_ok())
    }

    /// The first half of the [tag](Self::tag), for what is handed out in many
    /// copies.
    #[must_use]
    pub fn short_tag(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut short = [0; 16];
        for (to, from) in short.iter_mut().zip(self.tag(parts)) {
            *to = from;
        }
        short
    }

    /// As [`verify`](Self::verify), of a [short tag](Self::short_tag).
    #[must_use]
    pub fn verify_short(&self, parts: &[&[u8]], tag: &[u8; 16]) -> bool {
        std::iter::once(&self.newest)
            .chain(&self.older)
            .any(|key| feed(key, parts).verify_truncated_left(tag).is_ok())
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the key is used up and wiped"
)]
fn keyed(key: SubKey) -> Hmac<Sha256> {
    // HMAC fills a key up with zeros to the block of the hash.
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key.bytes.iter()) {
        *to = *from;
    }
    Hmac::new((&*block).into())
}

fn feed(key: &Hmac<Sha256>, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

impl fmt::Debug for MacKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKeys(..)")
    }
}
