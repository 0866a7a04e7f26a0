//! Secrets handed out: random text, stored as its SHA-256 only.

use std::fmt;

use sha2::{Digest as _, Sha256};
use workeros_core::{Random, Result};

use crate::changes::SecretHash;
use crate::refusal::invalid_token;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A type of random secrets: 256 bits as 43 characters of base62, which never
/// show in debug output. How a text that cannot be one is refused, each type says
/// itself.
macro_rules! random_token {
    ($(#[$doc:meta])* $name:ident, $whom:literal) => {
        $(#[$doc])*
        ///
        /// It is 256 random bits as 43 characters of base62, never shows in debug
        /// output, and is stored as its SHA-256 only.
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            pub(crate) fn generate(
                random: &dyn ::workeros_core::Random,
            ) -> ::workeros_core::Result<Self> {
                $crate::token::random_base62(random, $crate::token::CHARS).map(Self)
            }

            /// Reads a token; `None` when it cannot be one.
            fn read(text: &str) -> Option<Self> {
                let well_formed =
                    text.len() == $crate::token::CHARS && $crate::token::is_base62(text);
                well_formed.then(|| Self(text.to_owned()))
            }

            #[doc = concat!("The token itself, for ", $whom, ".")]
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }

            /// What is stored in its place.
            pub(crate) fn hash(&self) -> $crate::changes::SecretHash {
                <::sha2::Sha256 as ::sha2::Digest>::digest(&self.0).into()
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}
pub(crate) use random_token;

/// So many characters of base62 hold 256 bits.
pub(crate) const CHARS: usize = 43;

random_token!(
    /// What proves a session.
    SessionToken,
    "the one who signed in"
);

impl SessionToken {
    /// Reads a token; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text)
    }
}

random_token!(
    /// What a link in a mail proves.
    LinkToken,
    "the one it is mailed to"
);

impl LinkToken {
    /// Reads a token.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code
    /// `INVALID_TOKEN` when it cannot be one.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(invalid_token)
    }
}

/// An API key in clear: `pak_<8 hex>_<32 base62><6 base62 checksum>`. It is
/// shown once, when it is made; only its SHA-256 is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeySecret(String);

impl ApiKeySecret {
    /// What every API key starts with.
    pub const MARK: &'static str = "pak_";
    const PREFIX_CHARS: usize = 8;
    const SECRET_CHARS: usize = 32;
    const CHECKSUM_CHARS: usize = 6;

    pub(crate) fn generate(random: &dyn Random) -> Result<Self> {
        let mut prefix = [0; 4];
        random.fill(&mut prefix)?;
        let prefix = u32::from_be_bytes(prefix);
        let secret = random_base62(random, Self::SECRET_CHARS)?;
        let text = format!("{}{prefix:08x}_{secret}", Self::MARK);
        let checksum = checksum(&text);
        Ok(Self(text + &checksum))
    }

    /// Reads a key; `None` when it cannot be one, which its checksum tells
    /// without a look into the database.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, secret) = text.strip_prefix(Self::MARK)?.split_once('_')?;
        let well_formed = prefix.len() == Self::PREFIX_CHARS
            && prefix
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            && secret.len() == Self::SECRET_CHARS + Self::CHECKSUM_CHARS
            && is_base62(secret);
        let (signed, given) =
            text.split_at_checked(text.len().checked_sub(Self::CHECKSUM_CHARS)?)?;
        (well_formed && checksum(signed) == given).then(|| Self(text.to_owned()))
    }

    /// The key itself, for its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The public part it is found by.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.split('_').nth(1).unwrap_or_default()
    }

    /// Its last four characters, to tell keys apart by.
    #[must_use]
    pub fn last4(&self) -> &str {
        self.0
            .get(self.0.len().saturating_sub(4)..)
            .unwrap_or_default()
    }

    /// What is stored in its place.
    pub(crate) fn hash(&self) -> SecretHash {
        Sha256::digest(&self.0).into()
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeySecret(pak_{}_..)", self.prefix())
    }
}

pub(crate) fn is_base62(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Each character takes 32 random bits: the remainder's bias is below 2^-25.
pub(crate) fn random_base62(random: &dyn Random, chars: usize) -> Result<String> {
    let mut bytes = vec![0; chars * 4];
    random.fill(&mut bytes)?;
    let (words, _) = bytes.as_chunks::<4>();
    Ok(words
        .iter()
        .map(|word| digit(u32::from_be_bytes(*word)))
        .collect())
}

fn digit(number: u32) -> char {
    // INVARIANT: the remainder is below 62, the length of the alphabet.
    ALPHABET
        .get((number % 62) as usize)
        .copied()
        .map_or('0', char::from)
}

/// The CRC-32 of the text as six digits of base62.
fn checksum(text: &str) -> String {
    let mut rest = crc32(text.as_bytes());
    let mut digits = ['0'; ApiKeySecret::CHECKSUM_CHARS];
    for place in digits.iter_mut().rev() {
        *place = digit(rest);
        rest /= 62;
    }
    digits.iter().collect()
}

/// CRC-32 as in zip and PNG (reflected, polynomial `0xEDB88320`).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| {
        if crc & 1 == 1 {
            (crc >> 1) ^ 0xEDB8_8320
        } else {
            crc >> 1
        }
    };
    !bytes
        .iter()
        .fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_has_its_check_value() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn checksum_is_six_digits_of_base62() {
        assert_eq!(checksum("123456789"), "3jZRME");
    }
}
