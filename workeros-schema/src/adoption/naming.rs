//! From the names a table has to names a field can have.

use crate::name::{FieldName, Slug};

/// The longest name, in bytes.
const MAX_BYTES: usize = 63;

/// A field name for a column that no other field has: lower case with
/// underscores, as near to the column's name as can be.
pub(super) fn field_name(column: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let name = snake_case(column);
    let name = if FieldName::parse(&name, "").is_ok() {
        name
    } else {
        suffixed(&name, "column")
    };
    unique(&name, is_taken)
}

/// A slug for a table.
pub(super) fn slug(table: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let name = snake_case(table);
    let name = if Slug::parse(&name, "").is_ok() {
        name
    } else {
        suffixed(&name, "table")
    };
    unique(&name, is_taken)
}

fn unique(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut candidate = name.to_owned();
    let mut number = 1_u32;
    while is_taken(&candidate) {
        number += 1;
        candidate = suffixed(name, &number.to_string());
    }
    candidate
}

/// The name with something behind it, and together not too long. Reserved are
/// prefixes too, so what still reads as reserved gets one of its own.
fn suffixed(name: &str, suffix: &str) -> String {
    let room = MAX_BYTES - suffix.len() - 3;
    let kept = name
        .get(..room.min(name.len()))
        .unwrap_or_default()
        .trim_end_matches('_');
    let name = [kept, "_", suffix].concat();
    if FieldName::parse(&name, "").is_ok() {
        name
    } else {
        ["x_", &name].concat()
    }
}

/// `BillingPostalCode`, `billing-postal-code` and `Billing postal code` become
/// `billing_postal_code`. The result is letters, digits and underscores of
/// ASCII, starts with a letter and is at most 63 long.
fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    let mut rest = name.chars().peekable();
    while let Some(char) = rest.next() {
        if !char.is_ascii_alphanumeric() {
            separate(&mut out);
        } else {
            let starts_word = char.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase()
                        && rest.peek().is_some_and(char::is_ascii_lowercase)));
            if starts_word {
                separate(&mut out);
            }
            out.push(char.to_ascii_lowercase());
        }
        before = char;
    }
    let name = out.trim_matches('_');
    let name = match name.bytes().next() {
        None => "field".to_owned(),
        Some(first) if first.is_ascii_digit() => ["x_", name].concat(),
        Some(_) => name.to_owned(),
    };
    name.get(..MAX_BYTES.min(name.len()))
        .unwrap_or_default()
        .trim_end_matches('_')
        .to_owned()
}

fn separate(out: &mut String) {
    if !out.is_empty() && !out.ends_with('_') {
        out.push('_');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_get_names_a_field_can_have() {
        let long = "x".repeat(80);
        for (column, expected) in [
            ("title", "title"),
            ("BillingPostalCode", "billing_postal_code"),
            ("HTTPServer", "http_server"),
            ("UnitPrice2", "unit_price2"),
            ("Line 1 / total", "line_1_total"),
            ("_private_", "private"),
            ("2nd", "x_2nd"),
            ("\"; DROP TABLE x; --", "drop_table_x"),
            ("名前", "field"),
            ("id", "id_column"),
            ("Owner_ID", "owner_id_column"),
            ("sqlite_x", "x_sqlite_x_column"),
            (long.as_str(), &"x".repeat(63)),
        ] {
            let name = field_name(column, |_| false);
            assert_eq!(name, expected);
            assert!(FieldName::parse(&name, "").is_ok(), "{name}");
        }
    }

    #[test]
    fn no_two_columns_get_one_name() {
        let mut names: Vec<String> = Vec::new();
        for column in ["Name", "name", "NAME", "n\u{e4}me"] {
            let name = field_name(column, |name| names.iter().any(|other| other == name));
            names.push(name);
        }
        assert_eq!(names, ["name", "name_2", "name_3", "n_me"]);
        assert_eq!(slug("sqlite", |_| false), "x_sqlite_table");
    }
}
