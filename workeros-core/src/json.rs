//! Writing values as JSON text, one byte buffer, no tree in between.

use std::io::Write as _;

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

/// Writes text as a JSON string.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    // INVARIANT: as in `write_number`.
    let written = serde_json::to_writer(out, text);
    debug_assert!(written.is_ok());
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
    let written = write!(out, "\"{timestamp}\"");
    debug_assert!(written.is_ok());
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
    out.push(b'"');
    for byte in bytes {
        let written = write!(out, "{byte:02x}");
        debug_assert!(written.is_ok());
    }
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
