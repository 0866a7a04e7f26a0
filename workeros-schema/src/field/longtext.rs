use workeros_dsl::Type;

use super::FieldType;

/// A long text.
#[derive(Debug)]
pub(super) struct Longtext;

impl FieldType for Longtext {
    fn name(&self) -> &'static str {
        "longtext"
    }

    fn ty(&self) -> Type {
        Type::Longtext
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
