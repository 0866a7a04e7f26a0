//! What is accepted besides the operators, and rewritten to them.

use serde_json::Value as Json;

use super::Condition;
use super::parse::{Parser, Target};
use crate::ops::parse_flag;
use crate::pointer::Pointer;
use crate::{FilterError, FilterErrorCode, Type};

/// A spelling that stands for operators.
pub(super) struct Sugar {
    name: &'static str,
    pub(super) is_for: fn(Type) -> bool,
    pub(super) expand: Expand,
}

type Expand = fn(&mut Parser, &Target<'_>, &Json, &Pointer<'_>) -> Result<Condition, FilterError>;

/// The spellings: a new one is a line here.
static SUGARS: [Sugar; 4] = [
    Sugar {
        name: "_between",
        is_for: is_ordered,
        expand: between,
    },
    Sugar {
        name: "_empty",
        is_for: is_text,
        expand: |parser, target, operand, at| empty(parser, target, parse_flag(operand, at)?, at),
    },
    Sugar {
        name: "_nempty",
        is_for: is_text,
        expand: |parser, target, operand, at| empty(parser, target, !parse_flag(operand, at)?, at),
    },
    Sugar {
        name: "_nnull",
        is_for: |_| true,
        expand: |parser, target, operand, at| null(parser, target, !parse_flag(operand, at)?, at),
    },
];

/// The spelling of that name.
pub(super) fn find(name: &str) -> Option<&'static Sugar> {
    SUGARS.iter().find(|sugar| sugar.name == name)
}

fn is_text(ty: Type) -> bool {
    matches!(ty, Type::Text | Type::Longtext)
}

fn is_ordered(ty: Type) -> bool {
    ty.operators().any(|op| op.name() == "_gte")
}

/// `_gte` and `_lte`.
fn between(
    parser: &mut Parser,
    target: &Target<'_>,
    operand: &Json,
    at: &Pointer<'_>,
) -> Result<Condition, FilterError> {
    let Json::Array(bounds) = operand else {
        return Err(at.error(
            FilterErrorCode::TypeMismatch,
            "expected an array of two bounds",
        ));
    };
    let [low, high] = bounds.as_slice() else {
        return Err(at.error(FilterErrorCode::InvalidValue, "expected exactly two bounds"));
    };
    Ok(Condition::all_of([
        parser.condition(target, "_gte", low, &at.index(0))?,
        parser.condition(target, "_lte", high, &at.index(1))?,
    ]))
}

/// NULL or `""`, and its opposite. Never unknown.
fn empty(
    parser: &mut Parser,
    target: &Target<'_>,
    empty: bool,
    at: &Pointer<'_>,
) -> Result<Condition, FilterError> {
    let is_null = null(parser, target, empty, at)?;
    let nothing = Json::from("");
    if empty {
        let is_nothing = parser.condition(target, "_eq", &nothing, at)?;
        return Ok(Condition::any_of([is_null, is_nothing]));
    }
    let is_something = parser.condition(target, "_neq", &nothing, at)?;
    Ok(Condition::all_of([is_null, is_something]))
}

fn null(
    parser: &mut Parser,
    target: &Target<'_>,
    null: bool,
    at: &Pointer<'_>,
) -> Result<Condition, FilterError> {
    parser.condition(target, "_null", &Json::from(null), at)
}
