//! `_null`.

use std::sync::Arc;

use sea_query::{Expr, ExprTrait};
use serde_json::Value as Json;

use super::{Operator, Test};
use crate::pointer::Pointer;
use crate::sql::Slots;
use crate::{FilterError, FilterErrorCode, Truth, Type, Value, Variables};

#[derive(Debug)]
pub(super) struct Null;

pub(super) static NULL: Null = Null;

impl Operator for Null {
    fn name(&self) -> &'static str {
        "_null"
    }

    fn is_for(&self, _: Type) -> bool {
        true
    }

    fn parse(
        &self,
        operand: &Json,
        _: Type,
        at: &Pointer<'_>,
    ) -> Result<Arc<dyn Test>, FilterError> {
        Ok(Arc::new(IsNull(parse_flag(operand, at)?)))
    }
}

#[derive(Debug)]
struct IsNull(bool);

impl Test for IsNull {
    fn evaluate(&self, value: &Value, _: &Variables) -> Truth {
        Truth::from(value.is_null() == self.0)
    }

    fn to_sql(&self, column: Expr, _: &mut Slots) -> Expr {
        if self.0 {
            column.is_null()
        } else {
            column.is_not_null()
        }
    }

    fn operand(&self) -> Json {
        Json::from(self.0)
    }
}

/// Reads an operand that can only be true or false.
pub(crate) fn parse_flag(operand: &Json, at: &Pointer<'_>) -> Result<bool, FilterError> {
    operand
        .as_bool()
        .ok_or_else(|| at.error(FilterErrorCode::TypeMismatch, "expected true or false"))
}
