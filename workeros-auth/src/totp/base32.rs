//! Base32 as authenticator apps write it: RFC 4648, without padding.

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut block = [0; 8];
        for (to, from) in block.iter_mut().skip(3).zip(chunk) {
            *to = *from;
        }
        let bits = u64::from_be_bytes(block);
        let digits = (chunk.len() * 8).div_ceil(5);
        text.extend((0..digits).map(|place| digit(bits >> (35 - 5 * place))));
    }
    text
}

/// Reads what has no bits left over; upper and lower case are the same.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut held) = (0_u32, 0);
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    for char in text.bytes() {
        let char = char.to_ascii_uppercase();
        let value = ALPHABET.iter().position(|digit| *digit == char)?;
        bits = (bits << 5) | u32::try_from(value).ok()?;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.extend(u8::try_from((bits >> held) & 0xFF));
        }
    }
    let left_over = bits & ((1 << held) - 1);
    (held < 5 && left_over == 0).then_some(bytes)
}

fn digit(bits: u64) -> char {
    // INVARIANT: five bits are below 32, the length of the alphabet.
    ALPHABET
        .get((bits & 31) as usize)
        .copied()
        .map_or('A', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648, section 10, without padding.
    const VECTORS: [(&str, &str); 7] = [
        ("", ""),
        ("f", "MY"),
        ("fo", "MZXQ"),
        ("foo", "MZXW6"),
        ("foob", "MZXW6YQ"),
        ("fooba", "MZXW6YTB"),
        ("foobar", "MZXW6YTBOI"),
    ];

    #[test]
    fn it_is_written_as_the_rfc_says() {
        for (bytes, text) in VECTORS {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
            assert_eq!(decode(&text.to_lowercase()).unwrap(), bytes.as_bytes());
        }
    }

    #[test]
    fn what_is_no_base32_is_refused() {
        for text in ["M", "MZX", "MZ", "MY======", "M1", "MZXW6Y B", "ÄÄ"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
