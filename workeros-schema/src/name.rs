use std::fmt;
use std::sync::Arc;

use workeros_core::{Error, Result};

/// The longest name of a collection or field, in bytes: what Postgres keeps of
/// an identifier.
const MAX_BYTES: usize = 63;

/// Names that mean a column of our own or of the engine.
const RESERVED_FIELDS: [&str; 17] = [
    "id",
    "created_at",
    "updated_at",
    "owner_id",
    "tenant_id",
    "rowid",
    "oid",
    "ctid",
    "cmin",
    "cmax",
    "xmin",
    "xmax",
    "tableoid",
    "null",
    "true",
    "false",
    "default",
];

/// Slugs that would read as a part of the API or of a database.
const RESERVED_SLUGS: [&str; 6] = [
    "batch",
    "query",
    "workeros",
    "information_schema",
    "sqlite",
    "pg",
];

/// Declares a checked name.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// The name of a collection: `^[a-z][a-z0-9_]{0,62}$` and not reserved.
    Slug
}
name! {
    /// The name of a field: `^[a-z][a-z0-9_]{0,62}$` and not reserved.
    FieldName
}

impl Slug {
    /// Reads a slug; `path` is where it stood.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation).
    pub fn parse(text: &str, path: &str) -> Result<Self> {
        check(text, path, &RESERVED_SLUGS).map(Self)
    }
}

impl FieldName {
    /// Reads the name of a field; `path` is where it stood.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation).
    pub fn parse(text: &str, path: &str) -> Result<Self> {
        check(text, path, &RESERVED_FIELDS).map(Self)
    }
}

fn check(text: &str, path: &str, reserved: &[&str]) -> Result<Arc<str>> {
    let mut bytes = text.bytes();
    let well_formed = bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && text.len() <= MAX_BYTES;
    if !well_formed {
        let rule = "must be lower-case letters, digits and `_`, start with a letter, and be at most 63 long";
        return Err(Error::validation(path, "invalid_name", rule));
    }
    if reserved.contains(&text) || text.starts_with("sqlite_") || text.starts_with("pg_") {
        let why = format!("`{text}` is reserved; choose another name");
        return Err(Error::validation(path, "reserved_name", why));
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_held_to_the_rule() {
        for good in ["a", "posts", "a1_b", &"x".repeat(63)] {
            assert!(Slug::parse(good, "/slug").is_ok(), "{good}");
        }
        let bad = [
            "", "1a", "_a", "A", "a-b", "a b", "ä", "a\0", "sqlite_x", "pg_x", "a\"", "query",
        ];
        for bad in bad.iter().map(ToString::to_string).chain(["x".repeat(64)]) {
            let error = Slug::parse(&bad, "/slug").expect_err(&bad);
            assert_eq!(error.details()[0].path, "/slug");
        }
        for bad in ["id", "owner_id", "rowid", "ctid", "tenant_id"] {
            assert!(FieldName::parse(bad, "/name").is_err(), "{bad}");
        }
    }
}
