use workeros_dsl::Type;

use super::FieldType;

/// An instant.
#[derive(Debug)]
pub(crate) struct Timestamp;

impl FieldType for Timestamp {
    fn name(&self) -> &'static str {
        "timestamp"
    }

    fn ty(&self) -> Type {
        Type::Timestamp
    }

    fn sqlite(&self) -> &'static str {
        "TEXT"
    }

    fn postgres(&self) -> &'static str {
        "timestamptz"
    }
}
