//! What may stand in a mail.

use super::Email;
use crate::{Error, Result};

const MAX_ADDRESS_BYTES: usize = 254;
pub(super) const MAX_LINE_BYTES: usize = 900;
const MAX_NAME_CHARS: usize = 64;

/// One bare address. A comma or an angle bracket would name a second one.
pub(super) fn address(path: &str, address: String) -> Result<String> {
    let is_plain = |text: &str| {
        !text.is_empty()
            && !text.contains(|char: char| {
                char.is_control() || char.is_whitespace() || "@<>()[],;:\"\\".contains(char)
            })
    };
    let is_one = address
        .split_once('@')
        .is_some_and(|(local, domain)| is_plain(local) && is_plain(domain));
    if is_one && address.len() <= MAX_ADDRESS_BYTES {
        Ok(address)
    } else {
        Err(invalid(path, "must be one e-mail address"))
    }
}

/// A line without control characters.
pub(super) fn line(path: &str, line: String) -> Result<String> {
    if line.contains(char::is_control) || line.len() > MAX_LINE_BYTES {
        return Err(invalid(path, "must be a single line of at most 900 bytes"));
    }
    Ok(line)
}

/// A name that reads as one, and not as an address that it is not from.
pub(super) fn sender_name(name: String) -> Result<String> {
    let is_length = (1..=MAX_NAME_CHARS).contains(&name.chars().count());
    let is_plain = !name.contains(|char: char| {
        char.is_control() || is_invisible(char) || "@<>\u{ff20}\u{fe6b}".contains(char)
    });
    if is_length && is_plain && !name.trim().is_empty() {
        Ok(name)
    } else {
        let message = "must be 1 to 64 characters of one line, without `@`, `<` and `>`";
        Err(invalid("sender_name", message))
    }
}

/// What turns the direction of writing, ends lines or takes no room.
fn is_invisible(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A header that may be added to these.
pub(super) fn header(
    present: &[(String, String)],
    name: String,
    value: String,
) -> Result<(String, String)> {
    let lower = name.to_ascii_lowercase();
    let is_open =
        lower == "auto-submitted" || lower.starts_with("list-") || lower.starts_with("x-");
    let is_name = lower.len() <= 70
        && lower
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_value = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !is_open || !is_name {
        return Err(invalid("headers", "this header cannot be set"));
    }
    if !is_value || value.len() > MAX_LINE_BYTES {
        return Err(invalid(
            "headers",
            "must be a line of printable ascii, of at most 900 bytes",
        ));
    }
    let is_there = present
        .iter()
        .any(|(other, _)| other.eq_ignore_ascii_case(&name));
    if is_there || present.len() >= Email::MAX_HEADERS {
        return Err(invalid("headers", "this header is one too many"));
    }
    Ok((name, value))
}

fn invalid(path: &str, message: &str) -> Error {
    Error::validation(path, "invalid_value", message)
}

#[cfg(test)]
mod tests {
    use crate::{Email, Sender};

    #[test]
    fn nothing_starts_a_header_of_its_own() {
        for end in ["\r\n", "\n", "\r", "\0", "\u{85}", "\x0b"] {
            let broken = format!("text{end}Bcc: eve@example.com");
            assert!(Email::new("ann@example.com", &broken, "").is_err());
            assert!(Email::new(format!("ann@example.com{end}"), "", "").is_err());
            assert!(Sender::new(format!("{end}ann@example.com")).is_err());
            let email = Email::new("ann@example.com", "", "").unwrap();
            assert!(email.clone().with_reply_to(format!("a@b{end}")).is_err());
            assert!(email.clone().with_sender_name(&broken).is_err());
            assert!(email.clone().with_header("X-A", &broken).is_err());
            assert!(email.with_header(format!("X-A{end}Bcc"), "x").is_err());
            let sender = Sender::new("ann@example.com").unwrap();
            assert!(sender.with_name(&broken).is_err());
        }
    }

    #[test]
    fn a_mail_goes_to_one_address() {
        for address in [
            "ann@example.com",
            "ann+tag@mail.example.com",
            "o'hara@example.com",
            "грета@пример.рф",
        ] {
            assert!(Email::new(address, "", "").is_ok(), "{address}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        for address in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@example.com,eve@example.com",
            "ann@example.com;eve@example.com",
            "ann@example.com eve@example.com",
            "Ann <ann@example.com>",
            "<ann@example.com>",
            "ann@eve@example.com",
            "\"ann\"@example.com",
            "ann(eve)@example.com",
            "ann@[127.0.0.1]",
            &long,
        ] {
            assert!(Email::new(address, "", "").is_err(), "{address}");
        }
    }

    #[test]
    fn a_sender_is_called_what_reads_as_a_name() {
        let email = || Email::new("ann@example.com", "", "").unwrap();
        for name in [
            "Acme",
            "Müller, Söhne & Co. \"1890\"",
            "株式会社",
            "O'Hara (shop)",
        ] {
            let named = email().with_sender_name(name).unwrap();
            assert_eq!(named.sender_name(), Some(name));
            let sender = Sender::new("no-reply@example.com").unwrap();
            assert_eq!(sender.name_for(&named), Some(name));
            assert_eq!(sender.name_for(&email()), None);
            let sender = sender.with_name("Host").unwrap();
            assert_eq!(sender.name_for(&email()), Some("Host"));
        }
        let long = "ä".repeat(65);
        for name in [
            "",
            " ",
            "security@bank.example",
            "security＠bank.example",
            "Acme <ceo",
            "Acme>",
            "\u{202e}emcA",
            "Ac\u{200b}me",
            "Acme\u{2028}Bcc: eve",
            "Acme\t",
            &long,
        ] {
            assert!(email().with_sender_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn only_harmless_headers_can_be_set() {
        let email = || Email::new("ann@example.com", "", "").unwrap();
        for name in ["X-Campaign", "List-Unsubscribe", "auto-submitted"] {
            assert!(email().with_header(name, "<https://a.b/c?d=e>").is_ok());
        }
        for name in [
            "",
            "To",
            "Cc",
            "bcc",
            "From",
            "Sender",
            "Subject",
            "Reply-To",
            "Content-Type",
            "Return-Path",
            "DKIM-Signature",
            "X-A: b",
            "X-Ä",
        ] {
            assert!(email().with_header(name, "x").is_err(), "{name}");
        }
        assert!(email().with_header("X-A", "ä").is_err());
        assert!(email().with_header("X-A", "a".repeat(901)).is_err());
        let once = email().with_header("X-A", "1").unwrap();
        assert!(once.with_header("x-a", "2").is_err());
        let full = (0..Email::MAX_HEADERS).try_fold(email(), |email, index| {
            email.with_header(format!("X-{index}"), "x")
        });
        assert!(full.unwrap().with_header("X-More", "x").is_err());
    }
}
