use workeros_dsl::Type;

use super::FieldType;

/// A 64-bit integer.
#[derive(Debug)]
pub(super) struct Integer;

impl FieldType for Integer {
    fn name(&self) -> &'static str {
        "integer"
    }

    fn ty(&self) -> Type {
        Type::Integer
    }

    fn sqlite(&self) -> &'static str {
        "INTEGER"
    }

    fn postgres(&self) -> &'static str {
        "bigint"
    }
}
