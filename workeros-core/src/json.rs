//! Writing values as JSON text, one byte buffer, no tree in between.

use workeros_dsl::{Timestamp, Type, Value};

/// Writes a value as JSON. The type decides where the stored form is
/// ambiguous: `0`/`1` of a boolean on SQLite, text that is JSON.
pub fn write_value(out: &mut Vec<u8>, value: &Value, ty: Type) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(boolean) => write_bool(out, *boolean),
        Value::Integer(integer) if ty == Type::Boolean => write_bool(out, *integer != 0),
        Value::Integer(integer) => write_integer(out, *integer),
        Value::Number(number) => write_number(out, *number),
        Value::Text(text) if ty == Type::Json => write_raw_json(out, text),
        Value::Text(text) => write_string(out, text),
        Value::Json(json) => write_raw_json(out, json),
        Value::Timestamp(timestamp) => write_timestamp(out, *timestamp),
        Value::Uuid(uuid) => write_uuid(out, *uuid),
        Value::Bytes(bytes) => write_hex(out, bytes),
        Value::TextList(list) => write_list(out, list),
    }
}

/// Writes `true` or `false`.
pub fn write_bool(out: &mut Vec<u8>, boolean: bool) {
    out.extend_from_slice(if boolean { b"true" } else { b"false" });
}

/// Writes an integer exactly.
pub fn write_integer(out: &mut Vec<u8>, integer: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(integer).as_bytes());
}

/// Writes a double in the shortest form that reads back as the same double; a
/// value JSON cannot hold (NaN, infinities) becomes `null`.
pub fn write_number(out: &mut Vec<u8>, number: f64) {
    // INVARIANT: writing to a Vec cannot fail; serde_json writes non-finite
    // numbers as null.
    let written = serde_json::to_writer(out, &number);
    debug_assert!(written.is_ok());
}

/// Writes bytes that should be UTF-8 as a JSON string; what of them is not
/// becomes `U+FFFD`.
pub fn write_text(out: &mut Vec<u8>, bytes: &[u8]) {
    // One look at plain ASCII tells that it is UTF-8 and needs no escape.
    if bytes
        .iter()
        .fold(true, |plain, byte| plain & is_plain(*byte))
    {
        out.reserve(bytes.len() + 2);
        out.push(b'"');
        out.extend_from_slice(bytes);
        out.push(b'"');
    } else {
        write_string(out, &String::from_utf8_lossy(bytes));
    }
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii() & !must_escape(byte)
}

/// Writes text as a JSON string.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((plain, byte, after)) = split_at_escape(rest) {
        out.extend_from_slice(plain);
        write_escape(out, byte);
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// The first byte that must be escaped, with what stands before and after it.
fn split_at_escape(bytes: &[u8]) -> Option<(&[u8], u8, &[u8])> {
    // Whole chunks without a branch in them: most text needs no escape at all.
    let plain = |chunk: &&[u8]| {
        !chunk
            .iter()
            .fold(false, |found, byte| found | must_escape(*byte))
    };
    let skipped = bytes.chunks_exact(16).take_while(plain).count() * 16;
    let at = skipped
        + bytes
            .get(skipped..)?
            .iter()
            .position(|byte| must_escape(*byte))?;
    let (plain, rest) = bytes.split_at_checked(at)?;
    let (byte, after) = rest.split_first()?;
    Some((plain, *byte, after))
}

const fn must_escape(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend(hex_digits(byte));
            return;
        }
    };
    out.extend([b'\\', short]);
}

fn hex_digits(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 0xf].map(|nibble| {
        if nibble < 10 {
            b'0' + nibble
        } else {
            b'a' + nibble - 10
        }
    })
}

/// Writes a UUID, hyphenated and in lower case.
pub fn write_uuid(out: &mut Vec<u8>, uuid: uuid::Uuid) {
    let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
    out.push(b'"');
    out.extend_from_slice(uuid.as_hyphenated().encode_lower(&mut buffer).as_bytes());
    out.push(b'"');
}

/// Writes an instant in the fixed form of [`Timestamp`].
pub fn write_timestamp(out: &mut Vec<u8>, timestamp: Timestamp) {
    out.push(b'"');
    out.extend_from_slice(timestamp.encode(&mut [0; Timestamp::LENGTH]).as_bytes());
    out.push(b'"');
}

/// Copies stored JSON through. An adopted column may hold anything, so what is
/// not JSON is written as the string it is.
pub fn write_raw_json(out: &mut Vec<u8>, json: &str) {
    if serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok() {
        out.extend_from_slice(json.as_bytes());
    } else {
        write_string(out, json);
    }
}

/// Writes bytes as a string of lower-case hexadecimal digits.
pub fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len() * 2 + 2);
    out.push(b'"');
    out.extend(bytes.iter().flat_map(|byte| hex_digits(*byte)));
    out.push(b'"');
}

fn write_list(out: &mut Vec<u8>, list: &[String]) {
    out.push(b'[');
    for (index, text) in list.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(out, text);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    /// Each letter of the first planes, at each place within a chunk.
    #[test]
    fn strings_are_written_as_serde_json_writes_them() {
        for letter in (0..0x300)
            .chain([0x2028, 0xfeff, 0x1_f600])
            .filter_map(char::from_u32)
        {
            for before in [0, 1, 14, 15, 16, 17, 40] {
                let text = format!("{}{letter}{letter}ü end", "x".repeat(before));
                let expected = serde_json::to_string(&text).unwrap();
                assert_eq!(written(|out| write_string(out, &text)), expected);
            }
        }
        assert_eq!(written(|out| write_string(out, "")), r#""""#);
    }

    #[test]
    fn text_is_written_as_the_string_it_is() {
        for text in [
            "",
            "plain",
            "a \"quoted\" one",
            "a\nline",
            "Zürich",
            "\u{7f}",
        ] {
            let expected = serde_json::to_string(text).unwrap();
            assert_eq!(written(|out| write_text(out, text.as_bytes())), expected);
        }
        assert_eq!(written(|out| write_text(out, b"a\xffb")), "\"a\u{fffd}b\"");
    }

    #[test]
    fn numbers_read_back_as_the_same_number() {
        for number in [
            0.1 + 0.2,
            71_427.142_857_142_86,
            5e-324,
            f64::MAX,
            1e21,
            -1.0,
            1e-7,
        ] {
            let text = written(|out| write_number(out, number));
            assert_eq!(
                text.parse::<f64>().unwrap().to_bits(),
                number.to_bits(),
                "{text}"
            );
        }
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(written(|out| write_number(out, number)), "null");
        }
    }

    #[test]
    fn what_is_not_json_is_written_as_text() {
        for (stored, expected) in [
            (r#" {"a": [1, 2]} "#, r#" {"a": [1, 2]} "#),
            ("not json", r#""not json""#),
            ("[1,", r#""[1,""#),
            ("", r#""""#),
            ("1 2", r#""1 2""#),
        ] {
            assert_eq!(written(|out| write_raw_json(out, stored)), expected);
        }
        assert_eq!(
            written(|out| write_hex(out, &[0, 0x0f, 0xa5, 0xff])),
            r#""000fa5ff""#
        );
    }
}
