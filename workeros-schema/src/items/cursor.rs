use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use workeros_core::{Error, MacKeys, Result, Timestamp, Value};

/// Makes and reads cursors: the sort keys of the last item of a page, bound to
/// the list they were made for and protected against change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursors<'a> {
    keys: &'a MacKeys,
    /// What a cursor is good for: workspace, collection and order.
    scope: &'a str,
}

impl<'a> Cursors<'a> {
    pub(crate) fn new(keys: &'a MacKeys, scope: &'a str) -> Self {
        Self { keys, scope }
    }

    /// The cursor after an item with these sort keys.
    pub(crate) fn write(&self, values: &[Value]) -> String {
        let payload = Json::Array(values.iter().map(write).collect()).to_string();
        let parts = [self.scope.as_bytes(), payload.as_bytes()];
        let mut bytes = self.keys.short_tag(&parts).to_vec();
        bytes.extend_from_slice(payload.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The sort keys a cursor holds, which must be that many.
    pub(crate) fn read(&self, cursor: &str, count: usize) -> Result<Vec<Value>> {
        let values = self.parse(cursor).filter(|values| values.len() == count);
        values.ok_or_else(|| {
            let message =
                "is not a cursor of this list; start from the first page with an empty one";
            Error::validation("cursor", "invalid_cursor", message)
        })
    }

    fn parse(&self, cursor: &str) -> Option<Vec<Value>> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (tag, payload) = bytes.split_first_chunk()?;
        if !self
            .keys
            .verify_short(&[self.scope.as_bytes(), payload], tag)
        {
            return None;
        }
        let values: Vec<Json> = serde_json::from_slice(payload).ok()?;
        values.iter().map(read).collect()
    }
}

/// A sort key exactly as the database holds it, also one that is not of the
/// field's type, as SQLite permits in a table that is not ours.
fn write(value: &Value) -> Json {
    match value {
        Value::Null | Value::TextList(_) => Json::Null,
        Value::Boolean(boolean) => json!(boolean),
        Value::Integer(integer) => json!(integer),
        Value::Text(text) | Value::Json(text) => json!(text),
        Value::Number(number) => json!({"number": number.to_bits()}),
        Value::Timestamp(timestamp) => json!({"micros": timestamp.micros()}),
        Value::Uuid(uuid) => json!({"uuid": uuid.as_u128().to_string()}),
        Value::Bytes(bytes) => json!({"bytes": URL_SAFE_NO_PAD.encode(bytes)}),
    }
}

fn read(json: &Json) -> Option<Value> {
    match json {
        Json::Null => Some(Value::Null),
        Json::Bool(boolean) => Some(Value::Boolean(*boolean)),
        Json::Number(number) => number.as_i64().map(Value::Integer),
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Array(_) => None,
        Json::Object(tagged) => {
            let (tag, json) = tagged.iter().next()?;
            match tag.as_str() {
                "number" => json.as_u64().map(f64::from_bits).map(Value::Number),
                "micros" => Timestamp::from_micros(json.as_i64()?).map(Value::Timestamp),
                "uuid" => {
                    let number = json.as_str()?.parse().ok()?;
                    Some(Value::Uuid(Uuid::from_u128(number)))
                }
                "bytes" => URL_SAFE_NO_PAD
                    .decode(json.as_str()?)
                    .ok()
                    .map(Value::Bytes),
                _ => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use workeros_core::Secret;

    use super::*;

    fn keys(secret: &str) -> MacKeys {
        Secret::new(secret).unwrap().mac("cursors")
    }

    #[test]
    fn a_cursor_holds_its_values_to_the_bit() {
        let values = [
            Value::Null,
            Value::Boolean(true),
            Value::Integer(i64::MIN),
            Value::Integer(i64::MAX),
            Value::Number(0.1 + 0.2),
            Value::Number(f64::INFINITY),
            Value::Number(5e-324),
            Value::Text("ä\"😀".into()),
            Value::Timestamp(Timestamp::MIN),
            Value::Timestamp(Timestamp::MAX),
            Value::Uuid(Uuid::max()),
            Value::Bytes(vec![0, 255]),
        ];
        let (keys, others) = (
            keys("rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5"),
            keys("Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&"),
        );
        let cursors = Cursors::new(&keys, "a");
        let cursor = cursors.write(&values);
        assert_eq!(cursors.read(&cursor, values.len()).unwrap(), values);
        assert!(cursors.read(&cursor, 1).is_err());
        assert!(
            Cursors::new(&keys, "b")
                .read(&cursor, values.len())
                .is_err()
        );
        assert!(
            Cursors::new(&others, "a")
                .read(&cursor, values.len())
                .is_err()
        );
        let minus_zero = cursors.write(&[Value::Number(-0.0)]);
        assert!(
            matches!(cursors.read(&minus_zero, 1).unwrap()[..], [Value::Number(zero)] if zero.is_sign_negative())
        );
    }
}
