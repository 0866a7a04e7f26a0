use workeros_dsl::Type;

use super::FieldType;

/// A double.
#[derive(Debug)]
pub(super) struct Number;

impl FieldType for Number {
    fn name(&self) -> &'static str {
        "number"
    }

    fn ty(&self) -> Type {
        Type::Number
    }

    fn sqlite(&self) -> &'static str {
        "REAL"
    }

    fn postgres(&self) -> &'static str {
        "double precision"
    }
}
