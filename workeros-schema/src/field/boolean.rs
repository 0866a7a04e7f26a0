use workeros_dsl::Type;

use super::FieldType;

/// True or false.
#[derive(Debug)]
pub(super) struct Boolean;

impl FieldType for Boolean {
    fn name(&self) -> &'static str {
        "boolean"
    }

    fn ty(&self) -> Type {
        Type::Boolean
    }

    fn sqlite(&self) -> &'static str {
        "INTEGER"
    }

    fn postgres(&self) -> &'static str {
        "boolean"
    }
}
