mod comparison;
mod membership;
mod null;
mod text;

use std::fmt;
use std::sync::Arc;

use sea_query::Expr;
use serde_json::Value as Json;

use crate::pointer::Pointer;
use crate::sql::Slots;
use crate::{FilterError, Truth, Type, Value, Variables};

pub(crate) use null::parse_flag;

/// The operators of the canonical form: a new one is a line here.
static OPERATORS: [&dyn Operator; 12] = [
    &comparison::EQ,
    &comparison::NEQ,
    &membership::IN,
    &membership::NIN,
    &comparison::GT,
    &comparison::GTE,
    &comparison::LT,
    &comparison::LTE,
    &text::CONTAINS,
    &text::STARTS_WITH,
    &text::ENDS_WITH,
    &null::NULL,
];

/// An operator: what it is called, which fields take it, what its operand is.
pub(crate) trait Operator: fmt::Debug + Sync {
    fn name(&self) -> &'static str;

    fn is_for(&self, ty: Type) -> bool;

    /// Reads the operand of a field whose type takes the operator.
    fn parse(
        &self,
        operand: &Json,
        ty: Type,
        at: &Pointer<'_>,
    ) -> Result<Arc<dyn Test>, FilterError>;
}

/// An operator with its operand: what it says about a value, in memory and in
/// SQL. Both must give the same three-valued answer.
pub(crate) trait Test: fmt::Debug + Send + Sync {
    fn evaluate(&self, value: &Value, variables: &Variables) -> Truth;

    fn to_sql(&self, column: Expr, slots: &mut Slots) -> Expr;

    /// The operand in canonical form.
    fn operand(&self) -> Json;
}

/// An operator of the language, in its canonical spelling.
#[derive(Clone, Copy)]
pub struct Op(&'static dyn Operator);

impl Op {
    /// Every operator, in the order of the language.
    pub fn all() -> impl Iterator<Item = Self> {
        OPERATORS.into_iter().map(Self)
    }

    /// The operator of that name, such as `_eq`.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::all().find(|op| op.name() == name)
    }

    /// The name as it is written in a filter.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    pub(crate) fn is_for(self, ty: Type) -> bool {
        self.0.is_for(ty)
    }

    pub(crate) fn parse(
        self,
        operand: &Json,
        ty: Type,
        at: &Pointer<'_>,
    ) -> Result<Arc<dyn Test>, FilterError> {
        self.0.parse(operand, ty, at)
    }
}

impl PartialEq for Op {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Op {}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
