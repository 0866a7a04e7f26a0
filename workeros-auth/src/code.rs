//! Short codes that a person reads and types.

use std::fmt;

use uuid::Uuid;
use workeros_core::{Error, MacKeys, Random, Result, Secret};
use zeroize::Zeroize as _;

/// Six digits: what a mail brings or an authenticator app shows. It never shows
/// in debug output.
#[derive(Clone)]
pub struct OneTimeCode([u8; Self::DIGITS]);

/// How many codes there are.
const CODES: u32 = 1_000_000;
/// The largest multiple of [`CODES`] that 32 bits hold: a number below it says
/// every code equally often.
const EVEN: u32 = u32::MAX / CODES * CODES;

impl OneTimeCode {
    /// How long a code is.
    pub const DIGITS: usize = 6;

    /// Draws a code; each is as likely as any other.
    pub(crate) fn generate(random: &dyn Random) -> Result<Self> {
        // One number of 4 000 is thrown away, so of eight one is left.
        let mut bytes = [0; 32];
        random.fill(&mut bytes)?;
        let (words, _) = bytes.as_chunks::<4>();
        let drawn = words.iter().copied().map(u32::from_be_bytes);
        let code = drawn.into_iter().find_map(Self::of_even);
        bytes.zeroize();
        code.ok_or_else(|| Error::internal("the random bytes are not random"))
    }

    /// The code of a number drawn from all that 32 bits hold, unless that
    /// would favour some codes.
    fn of_even(drawn: u32) -> Option<Self> {
        (drawn < EVEN).then(|| Self::of_number(drawn))
    }

    /// The last six digits of a number.
    pub(crate) fn of_number(mut number: u32) -> Self {
        let mut digits = [b'0'; Self::DIGITS];
        for digit in digits.iter_mut().rev() {
            *digit = b"0123456789"
                .get((number % 10) as usize)
                .copied()
                .unwrap_or(b'0');
            number /= 10;
        }
        Self(digits)
    }

    /// Reads a code as somebody types it: white space within it does not
    /// count. `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let typed = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
        let digits: Vec<u8> = typed.take(Self::DIGITS + 1).collect();
        let digits = <[u8; Self::DIGITS]>::try_from(digits).ok()?;
        digits
            .iter()
            .all(u8::is_ascii_digit)
            .then_some(Self(digits))
    }

    /// The code itself, for the one it is mailed to.
    #[must_use]
    pub fn expose(&self) -> &str {
        // INVARIANT: made of ASCII digits alone.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn digits(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(..)")
    }
}

/// What a mailed code is for. It is of no use for anything else. The realm says
/// the plane too: that of the platform is no workspace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CodeScope<'a> {
    pub(crate) realm: Uuid,
    pub(crate) purpose: &'static str,
    pub(crate) address: &'a str,
}

/// Tags codes: a million of them are hashed in no time, so what is stored takes
/// a key to be made.
#[derive(Debug, Clone)]
pub(crate) struct CodeKeys(MacKeys);

impl CodeKeys {
    pub(crate) fn new(secret: &Secret) -> Self {
        Self(secret.mac("one-time codes"))
    }

    /// What is stored in a code's place.
    pub(crate) fn tag(&self, scope: CodeScope<'_>, code: &OneTimeCode) -> [u8; 32] {
        self.0.tag(&scope.parts(code))
    }

    /// Whether the tag is of this code, in the same time wherever they differ.
    pub(crate) fn verify(&self, scope: CodeScope<'_>, code: &OneTimeCode, tag: &[u8]) -> bool {
        self.0.verify(&scope.parts(code), tag)
    }
}

impl<'a> CodeScope<'a> {
    fn parts(&'a self, code: &'a OneTimeCode) -> [&'a [u8]; 4] {
        [
            self.realm.as_bytes(),
            self.purpose.as_bytes(),
            self.address.as_bytes(),
            code.digits(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use workeros_core::SystemRandom;

    use super::*;

    const SCOPE: CodeScope<'static> = CodeScope {
        realm: Uuid::nil(),
        purpose: "sign-in",
        address: "ann@example.com",
    };

    /// Gives the same bytes over and over.
    #[derive(Debug)]
    struct Dull([u8; 4]);

    impl Random for Dull {
        fn fill(&self, buffer: &mut [u8]) -> Result<()> {
            for (to, from) in buffer.iter_mut().zip(self.0.iter().cycle()) {
                *to = *from;
            }
            Ok(())
        }
    }

    fn keys() -> CodeKeys {
        CodeKeys::new(&Secret::new("rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5").unwrap())
    }

    #[test]
    fn a_number_is_a_code_with_its_zeros() {
        for (number, code) in [(0, "000000"), (7, "000007"), (12_345_678, "345678")] {
            assert_eq!(OneTimeCode::of_number(number).expose(), code);
        }
    }

    #[test]
    fn otp_1_no_code_is_likelier_than_another() {
        assert_eq!((EVEN % CODES, EVEN), (0, 4_294_000_000));
        assert!(OneTimeCode::of_even(EVEN).is_none());
        assert_eq!(OneTimeCode::of_even(EVEN - 1).unwrap().expose(), "999999");
        let drawn = OneTimeCode::generate(&Dull([0, 0, 1, 0])).unwrap();
        assert_eq!(drawn.expose(), "000256");
        assert!(OneTimeCode::generate(&Dull([0xFF; 4])).is_err());
    }

    #[test]
    fn otp_1_every_digit_stands_everywhere() {
        let mut seen = [[0_u32; 10]; OneTimeCode::DIGITS];
        for _ in 0..5_000 {
            let code = OneTimeCode::generate(&SystemRandom).unwrap();
            for (place, digit) in code.digits().iter().enumerate() {
                seen[place][usize::from(digit - b'0')] += 1;
            }
        }
        // 500 are to be expected, give or take 21.
        let counts = seen.as_flattened();
        assert!(
            counts.iter().all(|count| (350..650).contains(count)),
            "{seen:?}"
        );
    }

    #[test]
    fn a_code_is_read_as_it_is_typed() {
        for text in ["123456", " 123 456\n", "1 2 3 4 5 6"] {
            assert_eq!(OneTimeCode::parse(text).unwrap().expose(), "123456");
        }
        for text in [
            "",
            "12345",
            "1234567",
            "12345x",
            "١٢٣٤٥٦",
            "-12345",
            "+12345",
        ] {
            assert!(OneTimeCode::parse(text).is_none(), "{text}");
        }
        assert_eq!(format!("{:?}", OneTimeCode([b'1'; 6])), "OneTimeCode(..)");
    }

    #[test]
    fn otp_1_a_tag_is_of_one_code_for_one_thing() {
        let (keys, code) = (keys(), OneTimeCode::of_number(123_456));
        let tag = keys.tag(SCOPE, &code);
        assert!(keys.verify(SCOPE, &code, &tag));
        assert!(!keys.verify(SCOPE, &OneTimeCode::of_number(123_457), &tag));
        for other in [
            CodeScope {
                realm: Uuid::max(),
                ..SCOPE
            },
            CodeScope {
                purpose: "reset",
                ..SCOPE
            },
            CodeScope {
                address: "bob@example.com",
                ..SCOPE
            },
        ] {
            assert!(!keys.verify(other, &code, &tag), "{other:?}");
        }
        let other = CodeKeys::new(&Secret::new("Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&").unwrap());
        assert!(!other.verify(SCOPE, &code, &tag));
    }
}
