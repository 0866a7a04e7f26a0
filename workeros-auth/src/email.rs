use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use workeros_core::{Error, Result, UserId, Value};

/// An e-mail address in its one canonical form: NFKC, lower case.
///
/// Two texts that are the same mailbox to a user are equal here, and a text
/// that only looks like another address is refused: what normalising would
/// turn into ASCII (`＠`, `ﬁ`, the Kelvin sign) may not stand in an address.
///
/// ```
/// use workeros_auth::EmailAddress;
///
/// assert_eq!(EmailAddress::parse("Ann@Example.com")?.as_str(), "ann@example.com");
/// assert!(EmailAddress::parse("ann＠example.com").is_err());
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

/// The longest address SMTP carries (RFC 5321, with its angle brackets).
const MAX_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;
const MAX_LABEL_BYTES: usize = 63;

const GUESTS: &str = "@anonymous.invalid";
#[cfg(feature = "passkey")]
const PASSKEYS: &str = "@passkey.invalid";

/// Whether it is no address, but stands in the place of one.
pub(crate) fn is_placeholder(address: &str) -> bool {
    address.ends_with(".invalid")
}

/// Whether it stands in the place of the address of an anonymous user.
pub(crate) fn is_of_guest(address: &str) -> bool {
    address.ends_with(GUESTS)
}

fn not_an_address() -> Error {
    Error::validation("/email", "INVALID_EMAIL", "must be an e-mail address")
        .with_code("INVALID_EMAIL")
}

impl EmailAddress {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `/email` with
    /// code `INVALID_EMAIL`. The domain is ASCII (punycode for others) and has
    /// a dot; quoted local parts are not read. Nobody has one below `.invalid`
    /// (RFC 2606).
    pub fn parse(text: &str) -> Result<Self> {
        canonical(text)
            .filter(|address| is_address(address) && !is_placeholder(address))
            .map(Self)
            .ok_or_else(not_an_address)
    }

    /// Reads what stands in the place of a user's address.
    pub(crate) fn stored(text: &str) -> Result<Self> {
        if is_placeholder(text) {
            return Ok(Self(text.to_owned()));
        }
        Self::parse(text).map_err(Error::internal)
    }

    /// What stands there for an anonymous user.
    pub(crate) fn of_guest(user: UserId) -> Self {
        Self(user.to_string() + GUESTS)
    }

    /// What stands there for a user who has a passkey and no address.
    #[cfg(feature = "passkey")]
    pub(crate) fn of_passkey(user: UserId) -> Self {
        Self(user.to_string() + PASSKEYS)
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<EmailAddress> for Value {
    fn from(address: EmailAddress) -> Self {
        Self::Text(address.0)
    }
}

/// The canonical form, or `None` when making it would change which ASCII
/// characters the text has (other than their case).
fn canonical(text: &str) -> Option<String> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let address: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let before = text
        .chars()
        .filter(char::is_ascii)
        .map(|char| char.to_ascii_lowercase());
    let after = address.chars().filter(char::is_ascii);
    before.eq(after).then_some(address)
}

fn is_address(text: &str) -> bool {
    text.len() <= MAX_BYTES
        && text
            .split_once('@')
            .is_some_and(|(local, domain)| is_local(local) && is_domain(domain))
}

fn is_local(local: &str) -> bool {
    let of_atom = |char: char| {
        char.is_ascii_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~".contains(char)
            || (!char.is_ascii() && char.is_alphanumeric())
    };
    local.len() <= MAX_LOCAL_BYTES
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(of_atom))
}

fn is_domain(domain: &str) -> bool {
    let top = domain.rsplit('.').next().unwrap_or(domain);
    domain.contains('.')
        && domain.split('.').all(is_label)
        && !top.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}
