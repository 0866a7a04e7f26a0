//! `_in`, `_nin`.

use std::sync::Arc;

use sea_query::{Expr, ExprTrait};
use serde_json::Value as Json;

use super::{Operator, Test};
use crate::pointer::Pointer;
use crate::scalar::Scalar;
use crate::sql::{Slots, collation, constant};
use crate::term::{Term, unknown_variable};
use crate::types::Kind;
use crate::variable::Variable;
use crate::{FilterError, FilterErrorCode, Truth, Type, Value, Variables};

/// The longest list an operand can be.
const MAX_LIST: usize = 1000;

#[derive(Debug)]
pub(super) struct Membership {
    name: &'static str,
    negated: bool,
}

pub(super) static IN: Membership = Membership {
    name: "_in",
    negated: false,
};

pub(super) static NIN: Membership = Membership {
    name: "_nin",
    negated: true,
};

impl Operator for Membership {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_for(&self, ty: Type) -> bool {
        ty != Type::Json
    }

    fn parse(
        &self,
        operand: &Json,
        ty: Type,
        at: &Pointer<'_>,
    ) -> Result<Arc<dyn Test>, FilterError> {
        Ok(Arc::new(Member {
            negated: self.negated,
            list: List::parse(operand, ty, at)?,
        }))
    }
}

#[derive(Debug)]
struct Member {
    negated: bool,
    list: List,
}

impl Test for Member {
    fn evaluate(&self, value: &Value, variables: &Variables) -> Truth {
        let found = self.list.find(Scalar::of(value), variables);
        if self.negated { !found } else { found }
    }

    fn to_sql(&self, column: Expr, slots: &mut Slots) -> Expr {
        let found = self.list.contains_sql(column, slots);
        if self.negated {
            Expr::tuple([found]).not()
        } else {
            found
        }
    }

    fn operand(&self) -> Json {
        self.list.to_json()
    }
}

#[derive(Debug)]
enum List {
    Terms(Box<[Term]>),
    Variable(&'static Variable, Kind),
}

impl List {
    fn parse(operand: &Json, ty: Type, at: &Pointer<'_>) -> Result<Self, FilterError> {
        match operand {
            Json::Array(elements) => parse_terms(elements, ty, at).map(Self::Terms),
            Json::String(name) if is_variable(name) => parse_variable(name, ty, at),
            Json::Null => Err(crate::term::null_operand(at)),
            _ => Err(not_a_list(at)),
        }
    }

    /// `$or` of `_eq` over the elements: no element is FALSE even for NULL.
    fn find(&self, value: Option<Scalar<'_>>, variables: &Variables) -> Truth {
        match self {
            Self::Terms(terms) => any_equal(value, terms.iter().map(|term| term.scalar(variables))),
            Self::Variable(variable, kind) => variable
                .list(*kind, variables)
                .map_or(Truth::Unknown, |list| any_equal(value, list.map(Some))),
        }
    }

    fn contains_sql(&self, column: Expr, slots: &mut Slots) -> Expr {
        match self {
            Self::Terms(terms) => {
                let Some(first) = terms.first() else {
                    return constant(false);
                };
                let column = collation::equal(column, first.kind(), slots.dialect());
                let terms: Vec<Expr> = terms.iter().map(|term| slots.term(term)).collect();
                column.is_in(terms)
            }
            Self::Variable(variable, kind) => {
                let column = collation::equal(column, *kind, slots.dialect());
                slots.is_in_variable(column, variable, *kind)
            }
        }
    }

    fn to_json(&self) -> Json {
        match self {
            Self::Terms(terms) => terms.iter().map(Term::to_json).collect(),
            Self::Variable(variable, _) => Json::from(variable.name()),
        }
    }
}

fn any_equal<'a>(
    value: Option<Scalar<'_>>,
    elements: impl Iterator<Item = Option<Scalar<'a>>>,
) -> Truth {
    let mut found = Truth::False;
    for element in elements {
        let ordering = value
            .zip(element)
            .and_then(|(value, element)| value.compare(element));
        found = found.or(Truth::from(ordering.map(|ordering| ordering.is_eq())));
        if found.is_true() {
            break;
        }
    }
    found
}

fn parse_terms(elements: &[Json], ty: Type, at: &Pointer<'_>) -> Result<Box<[Term]>, FilterError> {
    if elements.len() > MAX_LIST {
        return Err(at.error(
            FilterErrorCode::LimitExceeded,
            "the list is longer than 1000",
        ));
    }
    elements
        .iter()
        .enumerate()
        .map(|(index, element)| Term::parse(element, ty, &at.index(index)))
        .collect()
}

fn parse_variable(name: &str, ty: Type, at: &Pointer<'_>) -> Result<List, FilterError> {
    let variable = Variable::find(name).ok_or_else(|| unknown_variable(name, at))?;
    if !variable.is_list_for(ty) {
        return Err(at.error(
            FilterErrorCode::TypeMismatch,
            format!("`{name}` is not a list for a field of type `{ty}`"),
        ));
    }
    Ok(List::Variable(variable, ty.kind()))
}

fn is_variable(text: &str) -> bool {
    text.starts_with('$') && !text.starts_with("$$")
}

fn not_a_list(at: &Pointer<'_>) -> FilterError {
    at.error(
        FilterErrorCode::TypeMismatch,
        "expected an array, `$user.roles` or `$user.orgs`",
    )
}
