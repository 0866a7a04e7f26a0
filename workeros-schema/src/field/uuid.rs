use workeros_dsl::Type;

use super::FieldType;

/// A UUID.
#[derive(Debug)]
pub(crate) struct Uuid;

impl FieldType for Uuid {
    fn name(&self) -> &'static str {
        "uuid"
    }

    fn ty(&self) -> Type {
        Type::Uuid
    }

    fn sqlite(&self) -> &'static str {
        "TEXT"
    }

    fn postgres(&self) -> &'static str {
        "uuid"
    }
}
