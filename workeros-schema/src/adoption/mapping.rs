//! Which field a column of some SQL type makes.

use workeros_core::{Dialect, Type};
use workeros_dsl::Key;

use crate::field::{Encoding, FieldType, field_type};

/// What a column is as a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mapped {
    /// The name of the field type.
    pub(super) kind: &'static str,
    pub(super) encoding: Encoding,
    /// The name of an enumerated type of Postgres.
    pub(super) enumeration: Option<String>,
}

impl Mapped {
    const fn new(kind: &'static str, encoding: Encoding) -> Self {
        Self {
            kind,
            encoding,
            enumeration: None,
        }
    }

    /// The field type.
    pub(super) fn field_type(&self) -> Option<&'static dyn FieldType> {
        field_type(self.kind)
    }

    /// The same column under another field type; `None` where its values are
    /// none of that type.
    pub(super) fn seen_as(&self, kind: &str, dialect: Dialect) -> Option<Self> {
        if kind == self.kind {
            return Some(self.clone());
        }
        let (kind, encoding) = match (self.kind, kind, dialect) {
            ("text", "longtext", _) => ("longtext", self.encoding),
            ("uuid", "file", _) => ("file", self.encoding),
            ("integer", "number", _) => ("number", Encoding::Number),
            // SQLite has no types for these: what is stored is text or 0 and 1.
            ("text", "timestamp", Dialect::Sqlite) => ("timestamp", Encoding::SqliteDateTime),
            ("text", "uuid", Dialect::Sqlite) => ("uuid", Encoding::Native),
            ("text", "file", Dialect::Sqlite) => ("file", Encoding::Native),
            ("text", "json", Dialect::Sqlite) => ("json", Encoding::Native),
            ("uuid" | "json" | "timestamp", "text", Dialect::Sqlite) => ("text", Encoding::Text),
            ("integer", "boolean", Dialect::Sqlite) => ("boolean", Encoding::Native),
            ("boolean", "integer", Dialect::Sqlite) => ("integer", Encoding::Native),
            _ => return None,
        };
        Some(Self {
            kind,
            encoding,
            enumeration: self.enumeration.clone(),
        })
    }

    /// Whether the column can hold keys of that type.
    pub(super) fn holds(&self, key: Key, dialect: Dialect) -> bool {
        match key {
            Key::Uuid => self.seen_as("uuid", dialect).is_some(),
            Key::Integer => self.kind == "integer",
            Key::Text => self.enumeration.is_none() && self.seen_as("text", dialect).is_some(),
        }
    }
}

/// The key a relation to items with ids of that type holds.
pub(super) fn key_of(id: Type) -> Key {
    match id {
        Type::Integer => Key::Integer,
        Type::Text | Type::Longtext => Key::Text,
        _ => Key::Uuid,
    }
}

/// The field of a column that is declared so on SQLite, which keeps any
/// declaration and goes by the words in it.
pub(super) fn sqlite(declared: &str) -> Option<Mapped> {
    let declared = declared.to_ascii_uppercase();
    let word = declared.split('(').next().unwrap_or_default().trim();
    let says = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    Some(match word {
        "JSON" => Mapped::new("json", Encoding::Native),
        "UUID" | "GUID" | "UNIQUEIDENTIFIER" => Mapped::new("uuid", Encoding::Native),
        "DATE" => Mapped::new("timestamp", Encoding::SqliteDateTime),
        _ if says(&["BOOL"]) => Mapped::new("boolean", Encoding::Native),
        _ if says(&["DATETIME", "TIMESTAMP"]) => Mapped::new("timestamp", Encoding::SqliteDateTime),
        _ if says(&["INT"]) => Mapped::new("integer", Encoding::Native),
        _ if says(&["CHAR", "CLOB", "TEXT"]) => Mapped::new("text", Encoding::Text),
        _ if says(&["REAL", "FLOA", "DOUB"]) => Mapped::new("number", Encoding::Native),
        _ if says(&["NUMERIC", "DECIMAL"]) => Mapped::new("number", Encoding::Number),
        _ => return None,
    })
}

/// The field of a column of that type on Postgres, as the server writes it;
/// `own_name` is what the type itself is called. `deterministic` says that the
/// column's collation tells apart what differs.
pub(super) fn postgres(ty: &str, own_name: &str, deterministic: bool) -> Option<Mapped> {
    Some(match ty {
        "text" | "character varying" if deterministic => Mapped::new("text", Encoding::Text),
        "text" | "character varying" => Mapped::new("text", Encoding::CastText),
        "character" | "name" | "citext" => Mapped::new("text", Encoding::CastText),
        "enum" => Mapped {
            enumeration: Some(own_name.to_owned()),
            ..Mapped::new("text", Encoding::CastText)
        },
        "smallint" | "integer" | "bigint" => Mapped::new("integer", Encoding::Native),
        "double precision" | "real" | "numeric" => Mapped::new("number", Encoding::Number),
        "boolean" => Mapped::new("boolean", Encoding::Native),
        "uuid" => Mapped::new("uuid", Encoding::Native),
        "jsonb" => Mapped::new("json", Encoding::Native),
        "json" => Mapped::new("json", Encoding::JsonText),
        "timestamp with time zone" => Mapped::new("timestamp", Encoding::Native),
        "timestamp without time zone" => Mapped::new("timestamp", Encoding::TimestampWithoutZone),
        "date" => Mapped::new("timestamp", Encoding::Date),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_goes_by_the_declaration() {
        for (declared, kind) in [
            ("INTEGER", Some("integer")),
            ("bigint unsigned", Some("integer")),
            ("NVARCHAR(160)", Some("text")),
            ("character varying", Some("text")),
            ("CHAR(36)", Some("text")),
            ("clob", Some("text")),
            ("double precision", Some("number")),
            ("NUMERIC(10,2)", Some("number")),
            ("decimal", Some("number")),
            ("BOOLEAN", Some("boolean")),
            ("DateTime", Some("timestamp")),
            ("TIMESTAMP WITH TIME ZONE", Some("timestamp")),
            ("DATE", Some("timestamp")),
            ("json", Some("json")),
            ("uuid", Some("uuid")),
            ("BLOB", None),
            ("JSONB", None),
            ("TIME", None),
            ("", None),
        ] {
            assert_eq!(
                sqlite(declared).map(|mapped| mapped.kind),
                kind,
                "{declared}"
            );
        }
    }

    #[test]
    fn a_column_can_be_seen_as_what_its_values_are() {
        let text = Mapped::new("text", Encoding::Text);
        assert!(text.seen_as("timestamp", Dialect::Sqlite).is_some());
        assert!(text.seen_as("timestamp", Dialect::Postgres).is_none());
        assert!(text.seen_as("integer", Dialect::Sqlite).is_none());
        assert!(text.holds(Key::Uuid, Dialect::Sqlite));
        assert!(!text.holds(Key::Uuid, Dialect::Postgres));
        assert!(!text.holds(Key::Integer, Dialect::Sqlite));
    }
}
