//! From the binary protocol to values and to JSON.

use sqlx::postgres::PgRow;
use sqlx::{Column as _, Row as _, ValueRef as _};
use uuid::Uuid;
use workeros_core::json::{
    write_bool, write_integer, write_number, write_string, write_timestamp, write_uuid, write_value,
};
use workeros_core::{Error, Result, Timestamp, Type, Value};

use super::kind::Kind;
use super::numeric;

/// 2000-01-01, from which the server counts, in microseconds since 1970.
pub(super) const EPOCH_MICROS: i64 = 946_684_800_000_000;
pub(super) const DAY_MICROS: i64 = 86_400_000_000;

/// The kinds of a row's columns.
pub(super) fn kinds(row: &PgRow) -> Result<Vec<Kind>> {
    row.columns()
        .iter()
        .map(|column| Kind::of(column.type_info()))
        .collect()
}

/// The bytes at a position of a row, and how to read them; no bytes for null.
pub(super) fn cell<'r>(
    row: &'r PgRow,
    kinds: &[Kind],
    index: usize,
) -> Result<(Kind, Option<&'r [u8]>)> {
    let raw = row.try_get_raw(index).map_err(Error::internal)?;
    let kind = *kinds.get(index).ok_or_else(|| malformed("row"))?;
    if raw.is_null() {
        return Ok((kind, None));
    }
    raw.as_bytes()
        .map(|bytes| (kind, Some(bytes)))
        .map_err(Error::internal)
}

/// The value at a position of a row.
pub(super) fn value(row: &PgRow, kinds: &[Kind], index: usize) -> Result<Value> {
    match cell(row, kinds, index)? {
        (kind, Some(bytes)) => kind.decode(bytes),
        (_, None) => Ok(Value::Null),
    }
}

impl Kind {
    /// Reads a value.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<Value> {
        Ok(match self {
            Self::Boolean => Value::Boolean(boolean(bytes)?),
            Self::Int2 | Self::Int4 | Self::Int8 | Self::Oid => {
                Value::Integer(self.integer(bytes)?)
            }
            Self::Float4 | Self::Float8 | Self::Numeric => finite(self.number(bytes)?),
            Self::Text => Value::Text(text(bytes)?.to_owned()),
            Self::Uuid => Value::Uuid(Uuid::from_bytes(array(bytes)?)),
            Self::Timestamp | Self::Date => Value::Timestamp(self.timestamp(bytes)?),
            Self::Time => Value::Text(time_of_day(i64::from_be_bytes(array(bytes)?))),
            Self::Json => Value::Json(text(bytes)?.to_owned()),
            Self::Jsonb => Value::Json(jsonb(bytes)?.to_owned()),
            Self::Bytes => Value::Bytes(bytes.to_vec()),
            Self::TextArray(_) => Value::TextList(text_array(bytes)?),
            Self::Void => Value::Null,
        })
    }

    /// Writes a value as JSON: what [`write_value`] writes for the decoded
    /// value, without decoding where that is possible.
    pub(super) fn write_json(self, bytes: &[u8], ty: Type, out: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Boolean => write_bool(out, boolean(bytes)?),
            Self::Int2 | Self::Int4 | Self::Int8 | Self::Oid if ty != Type::Boolean => {
                write_integer(out, self.integer(bytes)?);
            }
            Self::Float4 | Self::Float8 | Self::Numeric => write_number(out, self.number(bytes)?),
            Self::Text if ty != Type::Json => write_string(out, text(bytes)?),
            Self::Uuid => write_uuid(out, Uuid::from_bytes(array(bytes)?)),
            Self::Timestamp | Self::Date => write_timestamp(out, self.timestamp(bytes)?),
            // The server keeps nothing in these columns that is not JSON.
            Self::Json => out.extend_from_slice(text(bytes)?.as_bytes()),
            Self::Jsonb => out.extend_from_slice(jsonb(bytes)?.as_bytes()),
            Self::Int2
            | Self::Int4
            | Self::Int8
            | Self::Oid
            | Self::Text
            | Self::Time
            | Self::Bytes
            | Self::TextArray(_)
            | Self::Void => write_value(out, &self.decode(bytes)?, ty),
        }
        Ok(())
    }

    fn integer(self, bytes: &[u8]) -> Result<i64> {
        Ok(match self {
            Self::Int2 => i16::from_be_bytes(array(bytes)?).into(),
            Self::Int4 => i32::from_be_bytes(array(bytes)?).into(),
            Self::Oid => u32::from_be_bytes(array(bytes)?).into(),
            _ => i64::from_be_bytes(array(bytes)?),
        })
    }

    fn number(self, bytes: &[u8]) -> Result<f64> {
        Ok(match self {
            // Not the shortest decimal form: the double that the server
            // compares with.
            Self::Float4 => f32::from_be_bytes(array(bytes)?).into(),
            Self::Numeric => numeric::decode(bytes).ok_or_else(|| malformed("numeric"))?,
            _ => f64::from_be_bytes(array(bytes)?),
        })
    }

    fn timestamp(self, bytes: &[u8]) -> Result<Timestamp> {
        let micros = match self {
            Self::Date => i64::from(i32::from_be_bytes(array(bytes)?)).saturating_mul(DAY_MICROS),
            _ => i64::from_be_bytes(array(bytes)?),
        };
        let (first, last) = (Timestamp::MIN, Timestamp::MAX);
        let micros = micros
            .saturating_add(EPOCH_MICROS)
            .clamp(first.micros(), last.micros());
        Timestamp::from_micros(micros).ok_or_else(|| malformed("timestamp"))
    }
}

fn finite(number: f64) -> Value {
    if number.is_finite() {
        Value::Number(number)
    } else {
        Value::Null
    }
}

fn boolean(bytes: &[u8]) -> Result<bool> {
    array::<1>(bytes).map(|[byte]| byte != 0)
}

fn text(bytes: &[u8]) -> Result<&str> {
    str::from_utf8(bytes).map_err(|_| malformed("text"))
}

/// One byte of version, then the text.
fn jsonb(bytes: &[u8]) -> Result<&str> {
    match bytes.split_first() {
        Some((1, json)) => text(json),
        _ => Err(malformed("jsonb")),
    }
}

fn time_of_day(micros: i64) -> String {
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let time = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    if fraction == 0 {
        return time;
    }
    format!("{time}.{fraction:06}")
        .trim_end_matches('0')
        .to_owned()
}

/// How many dimensions, whether there are nulls, the type of the elements;
/// then for each dimension its length and first index; then the elements, each
/// after its length.
fn text_array(bytes: &[u8]) -> Result<Vec<String>> {
    let mut rest = bytes;
    let dimensions = take_i32(&mut rest)?;
    take::<8>(&mut rest)?;
    let length = match dimensions {
        0 => return Ok(Vec::new()),
        1 => take_i32(&mut rest)?,
        _ => return Err(Error::internal("an array of arrays is not supported")),
    };
    take::<4>(&mut rest)?;
    (0..length).map(|_| text_element(&mut rest)).collect()
}

fn text_element(rest: &mut &[u8]) -> Result<String> {
    let length = usize::try_from(take_i32(rest)?)
        .map_err(|_| Error::internal("a null in an array is not supported"))?;
    let (element, after) = rest
        .split_at_checked(length)
        .ok_or_else(|| malformed("array"))?;
    *rest = after;
    text(element).map(str::to_owned)
}

fn take_i32(rest: &mut &[u8]) -> Result<i32> {
    take(rest).map(i32::from_be_bytes)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N]> {
    let (taken, after) = rest.split_first_chunk().ok_or_else(|| malformed("array"))?;
    *rest = after;
    Ok(*taken)
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| malformed("value"))
}

fn malformed(what: &'static str) -> Error {
    Error::internal(format!("the server sent a malformed {what}"))
}

#[cfg(test)]
mod tests {
    use super::time_of_day;

    #[test]
    fn a_time_of_day_reads_as_the_server_writes_it() {
        for (micros, expected) in [
            (0, "00:00:00"),
            (1, "00:00:00.000001"),
            (45_296_500_000, "12:34:56.5"),
            (86_400_000_000, "24:00:00"),
        ] {
            assert_eq!(time_of_day(micros), expected);
        }
    }
}
