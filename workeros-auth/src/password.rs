use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use workeros_core::{Error, Result};

use crate::{Auth, EmailAddress, Plane};

/// A password as somebody typed it. It never shows in debug output.
///
/// It is kept in NFC, so that the same letters typed on two systems are the
/// same password.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The longest password accepted, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 256;

    /// Reads a password. Whether it is good enough for a new account is
    /// decided where one is set.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `/password`,
    /// with code `PASSWORD_TOO_LONG`, or `PASSWORD_TOO_SHORT` when it is empty.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(refused(
                "PASSWORD_TOO_SHORT",
                "must not be empty".to_owned(),
            ));
        }
        if text.len() > Self::MAX_BYTES {
            let message = format!("must have at most {} bytes", Self::MAX_BYTES);
            return Err(refused("PASSWORD_TOO_LONG", message));
        }
        Ok(Self(text.nfc().collect()))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What a new password must be.
#[derive(Debug, Clone)]
pub(crate) struct PasswordPolicy {
    pub(crate) min_chars: usize,
    /// Lower case.
    pub(crate) blocked: BTreeSet<String>,
}

/// Of eight or more characters, sorted; see `data/README.md`.
const COMMON: &str = include_str!("../data/common_passwords.txt");

impl PasswordPolicy {
    /// No smaller minimum can be set: the list of common passwords starts here.
    pub(crate) const MIN_CHARS: usize = 8;

    fn check(
        &self,
        password: &Password,
        email: &EmailAddress,
        workspace: Option<&str>,
    ) -> Result<()> {
        let text = password.expose();
        if text.chars().count() < self.min_chars {
            let message = format!("must have at least {} characters", self.min_chars);
            return Err(refused("PASSWORD_TOO_SHORT", message));
        }
        let lower = text.to_lowercase();
        let is_common = lower == email.as_str()
            || lower == email.local_part()
            || workspace.is_some_and(|slug| lower == slug)
            || self.blocked.contains(&lower)
            || is_line_of(COMMON, &lower);
        if is_common {
            let message = "is too easy to guess; choose another".to_owned();
            return Err(refused("PASSWORD_COMMON", message));
        }
        Ok(())
    }
}

impl<P: Plane> Auth<P> {
    /// Refuses what is too short, or among the first that somebody would guess
    /// who knows the address and the workspace.
    pub(crate) fn check_new_password(
        &self,
        password: &Password,
        email: &EmailAddress,
    ) -> Result<()> {
        let workspace = self.workspace.as_ref();
        let slug = workspace.map(|workspace| workspace.slug.as_str());
        self.settings.password.check(password, email, slug)
    }
}

/// Whether a word is one of the lines of a text, which are sorted.
fn is_line_of(mut lines: &str, word: &str) -> bool {
    while !lines.is_empty()
        && let Some((left, right)) = lines.split_at_checked(lines.len() / 2)
    {
        // The line in the middle begins left of the cut and ends right of it.
        let (before, head) = left.rsplit_once('\n').unwrap_or(("", left));
        let (tail, after) = right.split_once('\n').unwrap_or((right, ""));
        lines = match word.bytes().cmp(head.bytes().chain(tail.bytes())) {
            Ordering::Less => before,
            Ordering::Equal => return true,
            Ordering::Greater => after,
        };
    }
    false
}

fn refused(code: &'static str, message: String) -> Error {
    Error::validation("/password", code, message).with_code(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_nothing_between_them() {
        assert!(COMMON.is_ascii() && COMMON.lines().is_sorted());
        for line in COMMON.lines() {
            assert!(is_line_of(COMMON, line), "{line}");
            let longer = format!("{line}\u{7f}");
            assert!(!is_line_of(COMMON, &longer), "{longer}");
        }
        for text in ["", "0", "zzzzzzzzzzzz", "password\n", "\u{e9}"] {
            assert!(!is_line_of(COMMON, text), "{text:?}");
        }
        for lines in ["", "b", "b\n", "b\nd"] {
            assert!(!is_line_of(lines, "a") && !is_line_of(lines, "c"));
            assert_eq!(is_line_of(lines, "b"), !lines.is_empty());
        }
    }
}
