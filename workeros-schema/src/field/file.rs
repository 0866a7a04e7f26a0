use workeros_dsl::{Key, Type};

use super::FieldType;

/// A reference to a stored file, by its id.
#[derive(Debug)]
pub(super) struct File;

impl FieldType for File {
    fn name(&self) -> &'static str {
        "file"
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
