use workeros_dsl::{Key, Type};

use super::FieldType;

/// A reference to an item of a collection, by its id.
#[derive(Debug)]
pub(super) struct Relation;

impl FieldType for Relation {
    fn name(&self) -> &'static str {
        "relation"
    }

    fn ty(&self) -> Type {
        Type::Relation(Key::Uuid)
    }

    fn sqlite(&self) -> &'static str {
        "TEXT"
    }

    fn postgres(&self) -> &'static str {
        "uuid"
    }
}
