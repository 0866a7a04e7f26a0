//! Which types of the server are understood.

use sqlx::TypeInfo as _;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgTypeInfo, PgTypeKind};
use workeros_core::{Error, Result, Value};

/// How the binary form of a type is to be read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,
    Text,
    Uuid,
    /// With and without a time zone: both count from 2000-01-01 in UTC.
    Timestamp,
    Date,
    Time,
    Json,
    Jsonb,
    Bytes,
    /// With the type of its elements.
    TextArray(u32),
    Void,
}

const BOOL: u32 = 16;
const BYTEA: u32 = 17;
const NAME: u32 = 19;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
const TEXT: u32 = 25;
const OID: u32 = 26;
const JSON: u32 = 114;
const XML: u32 = 142;
const FLOAT4: u32 = 700;
const FLOAT8: u32 = 701;
const UNKNOWN: u32 = 705;
const NAME_ARRAY: u32 = 1003;
const TEXT_ARRAY: u32 = 1009;
const BPCHAR_ARRAY: u32 = 1014;
const VARCHAR_ARRAY: u32 = 1015;
const BPCHAR: u32 = 1042;
const VARCHAR: u32 = 1043;
const DATE: u32 = 1082;
const TIME: u32 = 1083;
const TIMESTAMP: u32 = 1114;
const TIMESTAMPTZ: u32 = 1184;
const NUMERIC: u32 = 1700;
const VOID: u32 = 2278;
const UUID: u32 = 2950;
const JSONB: u32 = 3802;

impl Kind {
    /// The kind of a type.
    pub(super) fn of(ty: &PgTypeInfo) -> Result<Self> {
        ty.oid()
            .and_then(|oid| Self::of_builtin(oid.0))
            .map_or_else(|| Self::of_custom(ty), Ok)
    }

    fn of_builtin(oid: u32) -> Option<Self> {
        Some(match oid {
            BOOL => Self::Boolean,
            INT2 => Self::Int2,
            INT4 => Self::Int4,
            INT8 => Self::Int8,
            OID => Self::Oid,
            FLOAT4 => Self::Float4,
            FLOAT8 => Self::Float8,
            NUMERIC => Self::Numeric,
            TEXT | VARCHAR | BPCHAR | NAME | XML | UNKNOWN => Self::Text,
            UUID => Self::Uuid,
            TIMESTAMP | TIMESTAMPTZ => Self::Timestamp,
            DATE => Self::Date,
            TIME => Self::Time,
            JSON => Self::Json,
            JSONB => Self::Jsonb,
            BYTEA => Self::Bytes,
            TEXT_ARRAY => Self::TextArray(TEXT),
            VARCHAR_ARRAY => Self::TextArray(VARCHAR),
            BPCHAR_ARRAY => Self::TextArray(BPCHAR),
            NAME_ARRAY => Self::TextArray(NAME),
            VOID => Self::Void,
            _ => return None,
        })
    }

    fn of_custom(ty: &PgTypeInfo) -> Result<Self> {
        let unknown = || Error::internal(format!("the type `{}` is not supported", ty.name()));
        // A type the driver has no name for has no kind either.
        if ty.name() == "?" {
            return Err(unknown());
        }
        match ty.kind() {
            PgTypeKind::Enum(_) => Ok(Self::Text),
            PgTypeKind::Domain(base) => Self::of(base),
            PgTypeKind::Simple if ty.name().eq_ignore_ascii_case("citext") => Ok(Self::Text),
            PgTypeKind::Simple
            | PgTypeKind::Pseudo
            | PgTypeKind::Composite(_)
            | PgTypeKind::Array(_)
            | PgTypeKind::Range(_) => Err(unknown()),
        }
    }
}

/// The type a value is bound as. The server infers the type of a null.
pub(super) fn parameter_type(value: &Value) -> PgTypeInfo {
    PgTypeInfo::with_oid(Oid(match value {
        Value::Null => UNKNOWN,
        Value::Boolean(_) => BOOL,
        Value::Integer(_) => INT8,
        Value::Number(_) => FLOAT8,
        Value::Text(_) => TEXT,
        Value::Timestamp(_) => TIMESTAMPTZ,
        Value::Uuid(_) => UUID,
        Value::Json(_) => JSONB,
        Value::Bytes(_) => BYTEA,
        Value::TextList(_) => TEXT_ARRAY,
    }))
}
