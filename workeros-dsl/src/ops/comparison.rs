//! `_eq`, `_neq`, `_gt`, `_gte`, `_lt`, `_lte`.

use std::cmp::Ordering;
use std::sync::Arc;

use sea_query::{BinOper, Expr, ExprTrait};
use serde_json::Value as Json;

use super::{Operator, Test};
use crate::pointer::Pointer;
use crate::scalar::Scalar;
use crate::sql::{Slots, collation};
use crate::term::Term;
use crate::{FilterError, Truth, Type, Value, Variables};

#[derive(Debug)]
pub(super) struct Comparison {
    name: &'static str,
    /// Whether it asks for the order, and not just for equality.
    ordered: bool,
    holds: fn(Ordering) -> bool,
    sql: BinOper,
}

pub(super) static EQ: Comparison = Comparison {
    name: "_eq",
    ordered: false,
    holds: Ordering::is_eq,
    sql: BinOper::Equal,
};

pub(super) static NEQ: Comparison = Comparison {
    name: "_neq",
    ordered: false,
    holds: Ordering::is_ne,
    sql: BinOper::NotEqual,
};

pub(super) static GT: Comparison = Comparison {
    name: "_gt",
    ordered: true,
    holds: Ordering::is_gt,
    sql: BinOper::GreaterThan,
};

pub(super) static GTE: Comparison = Comparison {
    name: "_gte",
    ordered: true,
    holds: Ordering::is_ge,
    sql: BinOper::GreaterThanOrEqual,
};

pub(super) static LT: Comparison = Comparison {
    name: "_lt",
    ordered: true,
    holds: Ordering::is_lt,
    sql: BinOper::SmallerThan,
};

pub(super) static LTE: Comparison = Comparison {
    name: "_lte",
    ordered: true,
    holds: Ordering::is_le,
    sql: BinOper::SmallerThanOrEqual,
};

impl Operator for Comparison {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_for(&self, ty: Type) -> bool {
        match ty {
            Type::Json => false,
            Type::Boolean | Type::Relation(_) => !self.ordered,
            Type::Text
            | Type::Longtext
            | Type::Integer
            | Type::Number
            | Type::Timestamp
            | Type::Uuid => true,
        }
    }

    fn parse(
        &self,
        operand: &Json,
        ty: Type,
        at: &Pointer<'_>,
    ) -> Result<Arc<dyn Test>, FilterError> {
        Ok(Arc::new(Compare {
            ordered: self.ordered,
            holds: self.holds,
            sql: self.sql,
            term: Term::parse(operand, ty, at)?,
        }))
    }
}

#[derive(Debug)]
struct Compare {
    ordered: bool,
    holds: fn(Ordering) -> bool,
    sql: BinOper,
    term: Term,
}

impl Test for Compare {
    fn evaluate(&self, value: &Value, variables: &Variables) -> Truth {
        let ordering = Scalar::of(value)
            .zip(self.term.scalar(variables))
            .and_then(|(value, operand)| value.compare(operand));
        Truth::from(ordering.map(self.holds))
    }

    fn to_sql(&self, column: Expr, slots: &mut Slots) -> Expr {
        let kind = self.term.kind();
        let column = if self.ordered {
            collation::ordered(column, kind, slots.dialect())
        } else {
            collation::equal(column, kind, slots.dialect())
        };
        column.binary(self.sql, slots.term(&self.term))
    }

    fn operand(&self) -> Json {
        self.term.to_json()
    }
}
