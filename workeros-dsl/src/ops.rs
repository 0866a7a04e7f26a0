use crate::Type;

/// An operator of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op(&'static str);

impl Op {
    /// Every operator of the canonical form.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::empty()
    }

    pub(crate) fn is_for(self, _: Type) -> bool {
        todo!()
    }
}
