use workeros_dsl::Type;

use super::FieldType;

/// Any JSON.
#[derive(Debug)]
pub(super) struct Json;

impl FieldType for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn ty(&self) -> Type {
        Type::Json
    }

    fn sqlite(&self) -> &'static str {
        "TEXT"
    }

    fn postgres(&self) -> &'static str {
        "jsonb"
    }
}
