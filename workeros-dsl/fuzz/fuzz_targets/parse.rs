//! Any text is read or refused; what is read means the same when it is
//! written and read again.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use workeros_dsl::{Condition, Field, Fields, Key, Type, Variables};

/// A collection with a field of every type and a relation to itself.
struct Posts;

impl Fields for Posts {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        match name {
            "title" => Some(Field::new(Type::Text)),
            "views" => Some(Field::new(Type::Integer)),
            "score" => Some(Field::new(Type::Number)),
            "open" => Some(Field::new(Type::Boolean)),
            "meta" => Some(Field::new(Type::Json)),
            "at" => Some(Field::new(Type::Timestamp)),
            "key" => Some(Field::new(Type::Uuid)),
            "parent" => Some(Field::relation(Type::Relation(Key::Uuid), self)),
            _ => None,
        }
    }
}

fuzz_target!(|text: &str| {
    let Ok(condition) = Condition::parse_str(text, &Posts) else {
        return;
    };
    let again = Condition::parse(&condition.to_json(), &Posts);
    assert_eq!(again, Ok(condition.clone()));
    let _ = condition.evaluate(&BTreeMap::new(), &Variables::default());
});
