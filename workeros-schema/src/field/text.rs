use workeros_dsl::Type;

use super::FieldType;

/// A short text.
#[derive(Debug)]
pub(crate) struct Text;

impl FieldType for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn ty(&self) -> Type {
        Type::Text
    }

    fn sqlite(&self) -> &'static str {
        "TEXT"
    }

    fn postgres(&self) -> &'static str {
        r#"text COLLATE "C""#
    }

    fn searchable(&self) -> bool {
        true
    }
}
