//! What somebody signs in with who has lost his second factor.

use std::fmt;

use uuid::Uuid;
use workeros_core::{MacKeys, Random, Result, Secret, UserId};

/// One of the codes that stand in for an authenticator app, each once:
/// `xxxxx-xxxxx`, 50 random bits. It never shows in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct BackupCode([u8; Self::CHARS]);

/// Without what is easily taken for something else: `i`, `l`, `o` and `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl BackupCode {
    /// How many of them somebody is given.
    pub const COUNT: usize = 10;
    const CHARS: usize = 10;

    /// As many as somebody is given.
    pub(crate) fn generate_all(random: &dyn Random) -> Result<Vec<Self>> {
        (0..Self::COUNT).map(|_| Self::generate(random)).collect()
    }

    fn generate(random: &dyn Random) -> Result<Self> {
        let mut bytes = [0; Self::CHARS];
        random.fill(&mut bytes)?;
        // A byte holds eight times what a character can be: none is favoured.
        Ok(Self(bytes.map(digit)))
    }

    /// Reads a code as somebody types it: hyphens, white space and case do not
    /// count, and a letter that no code has is the digit it looks like. `None`
    /// when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let typed = text
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace() && *byte != b'-')
            .map(|byte| match byte.to_ascii_lowercase() {
                b'i' | b'l' => b'1',
                b'o' => b'0',
                other => other,
            });
        let chars: Vec<u8> = typed.take(Self::CHARS + 1).collect();
        let chars = <[u8; Self::CHARS]>::try_from(chars).ok()?;
        let known = chars.iter().all(|char| ALPHABET.contains(char));
        known.then_some(Self(chars))
    }

    /// The code itself, for its owner.
    #[must_use]
    pub fn expose(&self) -> String {
        let (left, right) = self.0.split_at(Self::CHARS / 2);
        let chars = left.iter().chain(b"-").chain(right);
        chars.copied().map(char::from).collect()
    }
}

fn digit(byte: u8) -> u8 {
    // INVARIANT: five bits are below 32, the length of the alphabet.
    ALPHABET
        .get(usize::from(byte & 31))
        .copied()
        .unwrap_or(b'0')
}

impl fmt::Debug for BackupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupCode(..)")
    }
}

/// Tags backup codes: what is stored takes a key to be made.
#[derive(Debug, Clone)]
pub(crate) struct BackupKeys(MacKeys);

impl BackupKeys {
    pub(crate) fn new(secret: &Secret) -> Self {
        Self(secret.mac("backup codes"))
    }

    /// What is stored in the place of a user's code.
    pub(crate) fn tag(&self, realm: Uuid, user: UserId, code: &BackupCode) -> [u8; 32] {
        self.0.tag(&parts(&realm, &user.uuid(), code))
    }

    /// Whether the tag is of this code, in the same time wherever they differ.
    pub(crate) fn verify(&self, realm: Uuid, user: UserId, code: &BackupCode, tag: &[u8]) -> bool {
        self.0.verify(&parts(&realm, &user.uuid(), code), tag)
    }
}

fn parts<'a>(realm: &'a Uuid, user: &'a Uuid, code: &'a BackupCode) -> [&'a [u8]; 3] {
    [realm.as_bytes(), user.as_bytes(), &code.0]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use workeros_core::SystemRandom;

    use super::*;

    #[test]
    fn ten_are_given_and_all_differ() {
        let codes = BackupCode::generate_all(&SystemRandom).unwrap();
        let texts: HashSet<String> = codes.iter().map(BackupCode::expose).collect();
        assert_eq!(texts.len(), 10);
        for text in texts {
            assert_eq!((text.len(), text.find('-')), (11, Some(5)));
            assert_eq!(BackupCode::parse(&text).unwrap().expose(), text);
        }
        assert_eq!(format!("{:?}", codes[0]), "BackupCode(..)");
    }

    #[test]
    fn a_code_is_read_as_it_is_typed() {
        for text in [
            "abcde-01234",
            "ABCDE01234",
            " abcde o I 2 3 4 ",
            "abcde-oL234",
        ] {
            assert_eq!(BackupCode::parse(text).unwrap().expose(), "abcde-01234");
        }
        for text in [
            "",
            "abcde-0123",
            "abcde-012345",
            "abcde-0123u",
            "abcde-0123ß",
        ] {
            assert!(BackupCode::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_tag_is_of_one_code_of_one_user() {
        let secret = Secret::new("rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5").unwrap();
        let keys = BackupKeys::new(&secret);
        let [ann, bob] = [Uuid::max(), Uuid::nil()].map(UserId::new);
        let [code, other] =
            ["abcde-01234", "abcde-01235"].map(|text| BackupCode::parse(text).unwrap());
        let tag = keys.tag(Uuid::nil(), ann, &code);
        assert!(keys.verify(Uuid::nil(), ann, &code, &tag));
        assert!(!keys.verify(Uuid::nil(), ann, &other, &tag));
        assert!(!keys.verify(Uuid::nil(), bob, &code, &tag));
        assert!(!keys.verify(Uuid::max(), ann, &code, &tag));
        // What was tagged by the secret before is still known.
        let next = Secret::new("Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&").unwrap();
        let next = BackupKeys::new(&next.with_previous(secret));
        assert!(next.verify(Uuid::nil(), ann, &code, &tag));
    }
}
