mod canonical;
mod parse;
mod sugar;

use std::fmt;
use std::sync::Arc;

use sea_query::{Expr, ExprTrait};
use serde_json::Value as Json;

use crate::ops::{Op, Test};
use crate::sql::{Columns, Slots, SqlError, constant};
use crate::{Fields, FilterError, Path, Row, Truth, Value, Variables};

/// A checked filter or permission. Cheap to clone.
///
/// Two conditions are equal when their canonical forms are.
#[derive(Clone)]
pub struct Condition(Arc<Node>);

/// INVARIANT: `And` and `Or` never have exactly one child, nor a child of
/// their own kind.
#[derive(Debug)]
enum Node {
    /// TRUE when empty.
    And(Vec<Condition>),
    /// FALSE when empty.
    Or(Vec<Condition>),
    Not(Condition),
    Leaf(Leaf),
}

/// An operator on a field.
#[derive(Debug)]
struct Leaf {
    path: Path,
    op: Op,
    test: Arc<dyn Test>,
}

impl Condition {
    /// TRUE for every row.
    #[must_use]
    pub fn all() -> Self {
        Self::from(Node::And(Vec::new()))
    }

    /// FALSE for every row.
    #[must_use]
    pub fn none() -> Self {
        Self::from(Node::Or(Vec::new()))
    }

    /// Reads and checks a filter. The fields are those its author may name.
    ///
    /// # Errors
    ///
    /// The filter is not one; the error says where and what to write. It
    /// depends on neither rows nor variables.
    pub fn parse(filter: &Json, fields: &dyn Fields) -> Result<Self, FilterError> {
        parse::parse(filter, fields)
    }

    /// Like [`parse`](Self::parse), from text of at most 64 KiB.
    ///
    /// # Errors
    ///
    /// As `parse`; besides, the text is not JSON (`malformed_json`), names a
    /// key twice in one object (`invalid_filter`), is too long or too deep
    /// (`limit_exceeded`).
    pub fn parse_str(filter: &str, fields: &dyn Fields) -> Result<Self, FilterError> {
        parse::parse(&parse::read(filter)?, fields)
    }

    /// TRUE where both are.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::all_of([self, other])
    }

    /// TRUE where at least one is.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_all() || other.is_all() {
            return Self::all();
        }
        Self::any_of([self, other])
    }

    /// Whether it is written as TRUE for every row.
    #[must_use]
    pub fn is_all(&self) -> bool {
        matches!(&*self.0, Node::And(conditions) if conditions.is_empty())
    }

    /// What it says about a row.
    #[must_use]
    pub fn evaluate(&self, row: &dyn Row, variables: &Variables) -> Truth {
        match &*self.0 {
            Node::And(conditions) => {
                let mut truth = Truth::True;
                for condition in conditions {
                    truth = truth.and(condition.evaluate(row, variables));
                    if truth == Truth::False {
                        break;
                    }
                }
                truth
            }
            Node::Or(conditions) => {
                let mut truth = Truth::False;
                for condition in conditions {
                    truth = truth.or(condition.evaluate(row, variables));
                    if truth == Truth::True {
                        break;
                    }
                }
                truth
            }
            Node::Not(condition) => !condition.evaluate(row, variables),
            Node::Leaf(leaf) => leaf.evaluate(row, variables),
        }
    }

    /// Whether it is TRUE for the row: the only answer that lets a row
    /// through.
    #[must_use]
    pub fn matches(&self, row: &dyn Row, variables: &Variables) -> bool {
        self.evaluate(row, variables).is_true()
    }

    /// The canonical form: no conveniences, variables by their first name.
    /// Parsing it gives an equal condition.
    #[must_use]
    pub fn to_json(&self) -> Json {
        canonical::to_json(self)
    }

    /// The paths the condition names, one per operator.
    pub fn fields(&self) -> impl Iterator<Item = &Path> {
        let mut pending = vec![self];
        std::iter::from_fn(move || {
            loop {
                match &*pending.pop()?.0 {
                    Node::And(conditions) | Node::Or(conditions) => {
                        pending.extend(conditions.iter().rev());
                    }
                    Node::Not(condition) => pending.push(condition),
                    Node::Leaf(leaf) => return Some(&leaf.path),
                }
            }
        })
    }

    /// The condition as a boolean SQL expression with the same three-valued
    /// answer. Its text depends on no variable.
    ///
    /// # Errors
    ///
    /// A path crosses a relation, or `columns` has no expression for a field.
    pub fn to_sql(&self, columns: &dyn Columns, slots: &mut Slots) -> Result<Expr, SqlError> {
        match &*self.0 {
            Node::And(conditions) => chain(conditions, Expr::and, true, columns, slots),
            Node::Or(conditions) => chain(conditions, Expr::or, false, columns, slots),
            Node::Not(condition) => {
                let condition = condition.to_sql(columns, slots)?;
                Ok(Expr::tuple([condition]).not())
            }
            Node::Leaf(leaf) => leaf.to_sql(columns, slots),
        }
    }

    fn all_of(conditions: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for condition in conditions {
            match &*condition.0 {
                Node::And(nested) => flat.extend_from_slice(nested),
                Node::Or(_) | Node::Not(_) | Node::Leaf(_) => flat.push(condition),
            }
        }
        only(&flat).unwrap_or_else(|| Self::from(Node::And(flat)))
    }

    fn any_of(conditions: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for condition in conditions {
            match &*condition.0 {
                Node::Or(nested) => flat.extend_from_slice(nested),
                Node::And(_) | Node::Not(_) | Node::Leaf(_) => flat.push(condition),
            }
        }
        only(&flat).unwrap_or_else(|| Self::from(Node::Or(flat)))
    }

    fn negated(self) -> Self {
        Self::from(Node::Not(self))
    }
}

impl Leaf {
    fn evaluate(&self, row: &dyn Row, variables: &Variables) -> Truth {
        match row.value(self.path.as_str()) {
            Some(value) => self.test.evaluate(value, variables),
            None if self.path.is_relation() => Truth::Unknown,
            None => self.test.evaluate(&Value::Null, variables),
        }
    }

    fn to_sql(&self, columns: &dyn Columns, slots: &mut Slots) -> Result<Expr, SqlError> {
        let path = self.path.as_str();
        if self.path.is_relation() {
            return Err(SqlError::RelationPath(path.to_owned()));
        }
        let column = columns
            .column(path)
            .ok_or_else(|| SqlError::UnknownColumn(path.to_owned()))?;
        let guard = columns.guard(path, slots)?;
        let test = self.test.to_sql(column, slots);
        Ok(match guard {
            None => test,
            Some(guard) => Expr::case(guard, test).into(),
        })
    }
}

impl From<Node> for Condition {
    fn from(node: Node) -> Self {
        Self(Arc::new(node))
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.to_json() == other.to_json()
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({})", self.to_json())
    }
}

/// The condition, if there is exactly one.
fn only(conditions: &[Condition]) -> Option<Condition> {
    match conditions {
        [condition] => Some(condition.clone()),
        _ => None,
    }
}

/// Joins the conditions; none is the identity of the operator.
fn chain(
    conditions: &[Condition],
    join: fn(Expr, Expr) -> Expr,
    identity: bool,
    columns: &dyn Columns,
    slots: &mut Slots,
) -> Result<Expr, SqlError> {
    conditions
        .iter()
        .map(|condition| condition.to_sql(columns, slots))
        .reduce(|left, right| Ok(join(left?, right?)))
        .unwrap_or_else(|| Ok(constant(identity)))
}
