use std::collections::BTreeMap;
use std::fmt;

use crate::Type;

/// The fields a condition may name, as its author may see them.
///
/// A field the author may not read must be absent: it then gives the same
/// `unknown_field` as one that does not exist.
pub trait Fields {
    /// The field with exactly this name.
    fn field(&self, name: &str) -> Option<Field<'_>>;
}

/// One field of a [`Fields`].
#[derive(Clone, Copy)]
pub struct Field<'a> {
    ty: Type,
    related: Option<&'a dyn Fields>,
}

impl<'a> Field<'a> {
    /// A field of that type. A relation given this way can be compared but
    /// not followed.
    #[must_use]
    pub fn new(ty: Type) -> Self {
        Self { ty, related: None }
    }

    /// A relation whose fields can be named behind a dot.
    #[must_use]
    pub fn relation(ty: Type, related: &'a dyn Fields) -> Self {
        Self {
            ty,
            related: Some(related),
        }
    }

    /// The type.
    #[must_use]
    pub fn ty(&self) -> Type {
        self.ty
    }

    /// The fields behind the relation, if it can be followed.
    #[must_use]
    pub fn related(&self) -> Option<&'a dyn Fields> {
        self.related
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("ty", &self.ty)
            .field("related", &self.related.is_some())
            .finish()
    }
}

impl Fields for BTreeMap<String, Type> {
    fn field(&self, name: &str) -> Option<Field<'_>> {
        self.get(name).copied().map(Field::new)
    }
}
