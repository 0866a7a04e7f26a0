//! From values to the binary protocol.

use sqlx::Arguments as _;
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo};
use sqlx::types::Type;
use workeros_core::{Error, ErrorKind, Result, Value, Violation};

use super::decode::{DAY_MICROS, EPOCH_MICROS};
use super::kind::{Kind, parameter_type};
use super::numeric;

/// The values as arguments of those types: the types the server has settled on
/// when it prepared the statement. They differ from the values' own where the
/// statement was first prepared with a null.
pub(super) fn arguments(values: &[Value], types: &[PgTypeInfo]) -> Result<PgArguments> {
    if values.len() != types.len() {
        let (values, types) = (values.len(), types.len());
        return Err(Error::internal(format!(
            "{values} values for {types} placeholders"
        )));
    }
    let mut arguments = PgArguments::default();
    for (value, ty) in values.iter().zip(types) {
        let added = arguments.add(Argument { value, ty });
        added.map_err(|error| {
            error
                .downcast()
                .map_or_else(Error::internal, |error| *error)
        })?;
    }
    Ok(arguments)
}

struct Argument<'a> {
    value: &'a Value,
    ty: &'a PgTypeInfo,
}

impl Type<sqlx::Postgres> for Argument<'_> {
    fn type_info() -> PgTypeInfo {
        parameter_type(&Value::Null)
    }
}

impl Encode<'_, sqlx::Postgres> for Argument<'_> {
    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.ty.clone())
    }

    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        if self.value.is_null() {
            return Ok(IsNull::Yes);
        }
        Kind::of(self.ty)?.encode(self.value, buffer)?;
        Ok(IsNull::No)
    }
}

impl Kind {
    /// Writes a value that is not null.
    fn encode(self, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        match (self, value) {
            (Self::Boolean, Value::Boolean(boolean)) => out.push((*boolean).into()),
            (Self::Int8, Value::Integer(integer)) => out.extend(integer.to_be_bytes()),
            (Self::Int4, Value::Integer(integer)) => {
                out.extend(narrow::<i32>(*integer)?.to_be_bytes())
            }
            (Self::Int2, Value::Integer(integer)) => {
                out.extend(narrow::<i16>(*integer)?.to_be_bytes())
            }
            (Self::Oid, Value::Integer(integer)) => {
                out.extend(narrow::<u32>(*integer)?.to_be_bytes())
            }
            (Self::Float8 | Self::Float4, Value::Integer(integer)) => {
                #[expect(clippy::cast_precision_loss, reason = "as the server casts it")]
                self.encode_float(*integer as f64, out)?;
            }
            (Self::Float8 | Self::Float4, Value::Number(number)) => {
                self.encode_float(*number, out)?
            }
            (Self::Numeric, Value::Integer(integer)) => encode_numeric(&integer.to_string(), out)?,
            (Self::Numeric, Value::Number(number)) => encode_numeric(&number.to_string(), out)?,
            (Self::Text, Value::Text(text)) => out.extend(text.as_bytes()),
            (Self::Uuid, Value::Uuid(uuid)) => out.extend(uuid.as_bytes()),
            (Self::Timestamp, Value::Timestamp(timestamp)) => {
                out.extend((timestamp.micros() - EPOCH_MICROS).to_be_bytes());
            }
            (Self::Date, Value::Timestamp(timestamp)) => {
                let days = (timestamp.micros() - EPOCH_MICROS).div_euclid(DAY_MICROS);
                out.extend(narrow::<i32>(days)?.to_be_bytes());
            }
            (Self::Json | Self::Text, Value::Json(json)) => out.extend(json.as_bytes()),
            (Self::Jsonb, Value::Json(json)) => {
                out.push(1);
                out.extend(json.as_bytes());
            }
            (Self::Bytes, Value::Bytes(bytes)) => out.extend(bytes),
            (Self::TextArray(element), Value::TextList(list)) => encode_list(element, list, out)?,
            _ => {
                let why = format!("a value of another type was bound where {self:?} is needed");
                return Err(Error::internal(why));
            }
        }
        Ok(())
    }

    fn encode_float(self, number: f64, out: &mut Vec<u8>) -> Result<()> {
        if self == Self::Float8 {
            out.extend(number.to_be_bytes());
            return Ok(());
        }
        #[expect(clippy::cast_possible_truncation, reason = "as the server casts it")]
        let single = number as f32;
        if single.is_infinite() && number.is_finite() {
            return Err(out_of_range());
        }
        out.extend(single.to_be_bytes());
        Ok(())
    }
}

fn narrow<T: TryFrom<i64>>(integer: i64) -> Result<T> {
    T::try_from(integer).map_err(|_| out_of_range())
}

/// What the server answers when it makes the conversion itself.
fn out_of_range() -> Error {
    Error::new(ErrorKind::Conflict, "a value is not allowed").with_violation(Violation::Check)
}

fn encode_numeric(decimal: &str, out: &mut Vec<u8>) -> Result<()> {
    numeric::encode(decimal, out).ok_or_else(out_of_range)
}

/// One dimension without nulls, numbered from 1.
fn encode_list(element: u32, list: &[String], out: &mut Vec<u8>) -> Result<()> {
    let dimensions = i32::from(!list.is_empty());
    out.extend(dimensions.to_be_bytes());
    out.extend(0_i32.to_be_bytes());
    out.extend(element.to_be_bytes());
    if list.is_empty() {
        return Ok(());
    }
    out.extend(length(list.len())?.to_be_bytes());
    out.extend(1_i32.to_be_bytes());
    for text in list {
        out.extend(length(text.len())?.to_be_bytes());
        out.extend(text.as_bytes());
    }
    Ok(())
}

fn length(length: usize) -> Result<i32> {
    i32::try_from(length).map_err(|_| out_of_range())
}
