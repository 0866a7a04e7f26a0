//! `_contains`, `_starts_with`, `_ends_with`.

use std::sync::Arc;

use sea_query::{Expr, ExprTrait, Func};
use serde_json::Value as Json;

use super::{Operator, Test};
use crate::pointer::Pointer;
use crate::scalar::Scalar;
use crate::sql::{Slots, collation};
use crate::term::Term;
use crate::{Dialect, FilterError, Truth, Type, Value, Variables};

#[derive(Debug)]
pub(super) struct Substring {
    name: &'static str,
    place: Place,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Anywhere,
    Start,
    End,
}

pub(super) static CONTAINS: Substring = Substring {
    name: "_contains",
    place: Place::Anywhere,
};

pub(super) static STARTS_WITH: Substring = Substring {
    name: "_starts_with",
    place: Place::Start,
};

pub(super) static ENDS_WITH: Substring = Substring {
    name: "_ends_with",
    place: Place::End,
};

impl Operator for Substring {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_for(&self, ty: Type) -> bool {
        matches!(ty, Type::Text | Type::Longtext)
    }

    fn parse(
        &self,
        operand: &Json,
        ty: Type,
        at: &Pointer<'_>,
    ) -> Result<Arc<dyn Test>, FilterError> {
        Ok(Arc::new(HasSubstring {
            place: self.place,
            term: Term::parse(operand, ty, at)?,
        }))
    }
}

#[derive(Debug)]
struct HasSubstring {
    place: Place,
    term: Term,
}

impl Test for HasSubstring {
    fn evaluate(&self, value: &Value, variables: &Variables) -> Truth {
        match (value.as_text(), self.term.scalar(variables)) {
            (Some(text), Some(Scalar::Text(part))) => Truth::from(match self.place {
                Place::Anywhere => text.contains(part),
                Place::Start => text.starts_with(part),
                Place::End => text.ends_with(part),
            }),
            _ => Truth::Unknown,
        }
    }

    fn to_sql(&self, column: Expr, slots: &mut Slots) -> Expr {
        let column = collation::ordered(column, self.term.kind(), slots.dialect());
        match (self.place, self.term.literal_text()) {
            (Place::Anywhere, _) => contains(column, slots.term(&self.term), slots.dialect()),
            (Place::Start, Some(prefix)) => in_range_of(prefix, column, slots),
            (Place::Start, None) => starts_with(column, slots.term(&self.term), slots.dialect()),
            (Place::End, _) => ends_with(column, slots.term(&self.term), slots.dialect()),
        }
    }

    fn operand(&self) -> Json {
        self.term.to_json()
    }
}

fn contains(column: Expr, part: Expr, dialect: Dialect) -> Expr {
    let position = match dialect {
        Dialect::Sqlite => Func::cust("instr"),
        Dialect::Postgres => Func::cust("strpos"),
    };
    Expr::from(position.args([column, part])).gt(Expr::Constant(0.into()))
}

/// `prefix <= column < the next text that does not start with it`: the form
/// an index serves.
fn in_range_of(prefix: &str, column: Expr, slots: &mut Slots) -> Expr {
    let from = column.clone().gte(slots.text(prefix.to_owned()));
    match after_all_with(prefix) {
        Some(end) => from.and(column.lt(slots.text(end))),
        None => from,
    }
}

/// The least text greater than every text with that prefix, or `None` when
/// nothing is: the last character that can be raised, raised.
fn after_all_with(prefix: &str) -> Option<String> {
    let kept = prefix.trim_end_matches(char::MAX);
    let last = kept.chars().next_back()?;
    let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32)?;
    let mut end = kept.strip_suffix(last)?.to_owned();
    end.push(next);
    Some(end)
}

fn starts_with(column: Expr, prefix: Expr, dialect: Dialect) -> Expr {
    match dialect {
        Dialect::Sqlite => {
            let length = Func::cust("length").arg(prefix.clone());
            Expr::from(Func::cust("substr").args([column, Expr::Constant(1.into()), length.into()]))
                .eq(prefix)
        }
        Dialect::Postgres => Func::cust("starts_with").args([column, prefix]).into(),
    }
}

/// On SQLite the suffix is cut by its start, not by a negative length, which
/// would be the whole text for an empty suffix. A suffix longer than the text
/// gives a start before it, and then less than the suffix.
fn ends_with(column: Expr, suffix: Expr, dialect: Dialect) -> Expr {
    let length = Func::cust("length").arg(suffix.clone());
    let end = match dialect {
        Dialect::Sqlite => {
            let start = Expr::from(Func::cust("length").arg(column.clone()))
                .sub(length)
                .add(Expr::Constant(1.into()));
            Func::cust("substr").args([column, start])
        }
        Dialect::Postgres => Func::cust("right").args([column, length.into()]),
    };
    Expr::from(end).eq(suffix)
}
