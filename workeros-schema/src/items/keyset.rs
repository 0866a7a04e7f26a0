use sea_query::{Alias, Expr, ExprTrait};
use workeros_dsl::Type;
use workeros_dsl::sql::Slots;

use super::query::Direction;

/// One key of an order, as SQL.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) value: Expr,
    pub(crate) ty: Type,
    pub(crate) direction: Direction,
    pub(crate) nullable: bool,
    /// Whether a cursor holds the value as text, since it may lie beyond what
    /// its type can hold here: an instant of an adopted table on Postgres.
    pub(crate) as_text: bool,
}

/// What Postgres calls an instant.
const INSTANT: &str = "timestamptz";

impl Key {
    /// What a cursor holds of an item, and as which type.
    pub(crate) fn carried(&self) -> (Expr, Type) {
        if self.as_text {
            (self.value.clone().cast_as(Alias::new("text")), Type::Text)
        } else {
            (self.value.clone(), self.ty)
        }
    }

    /// The value of the cursor, which is that argument of the statement.
    fn argument(&self, index: usize, slots: &mut Slots) -> Expr {
        if self.as_text {
            let text = slots.argument(index, Type::Text);
            text.cast_as(Alias::new(INSTANT))
        } else {
            slots.argument(index, self.ty)
        }
    }
}

/// Which rows come after the one a cursor was made of. `nulls` says which of
/// the cursor's values are null; the values are the arguments from `first` on.
///
/// Null is the smallest value: first ascending, last descending.
pub(crate) fn after(keys: &[Key], nulls: &[bool], first: usize, slots: &mut Slots) -> Expr {
    if let Some(tuple) = row_value(keys, first, slots) {
        return tuple;
    }
    // From the last key to the first: after = beyond(k) OR (same(k) AND rest).
    let mut rest: Option<Expr> = None;
    for (index, key) in keys.iter().enumerate().rev() {
        let is_null = nulls.get(index).copied().unwrap_or_default();
        let beyond = beyond(key, is_null, first + index, slots);
        let within = rest.map(|rest| same(key, is_null, first + index, slots).and(rest));
        rest = match (beyond, within) {
            (Some(beyond), Some(within)) => Some(beyond.or(within)),
            (beyond, within) => beyond.or(within),
        };
    }
    let after = rest.unwrap_or_else(|| Expr::cust("1 = 0"));
    match keys.first().zip(nulls.first()) {
        Some((key, is_null)) => match not_before(key, *is_null, first, slots) {
            Some(bound) => bound.and(after),
            None => after,
        },
        None => after,
    }
}

/// What follows of the first key alone, where it is one range of an index.
fn not_before(key: &Key, is_null: bool, argument: usize, slots: &mut Slots) -> Option<Expr> {
    let value = key.value.clone();
    match key.direction {
        Direction::Ascending if !is_null => Some(value.gte(key.argument(argument, slots))),
        Direction::Descending if is_null => Some(value.is_null()),
        Direction::Descending if !key.nullable => Some(value.lte(key.argument(argument, slots))),
        Direction::Ascending | Direction::Descending => None,
    }
}

/// `(a, b) < ($1, $2)`, which either engine reads from an index: where all keys
/// run one way and none can be null.
fn row_value(keys: &[Key], first: usize, slots: &mut Slots) -> Option<Expr> {
    let direction = keys.first()?.direction;
    if keys
        .iter()
        .any(|key| key.nullable || key.direction != direction)
    {
        return None;
    }
    let row = Expr::tuple(keys.iter().map(|key| key.value.clone()));
    let values: Vec<Expr> = keys
        .iter()
        .enumerate()
        .map(|(index, key)| key.argument(first + index, slots))
        .collect();
    let values = Expr::tuple(values);
    Some(match direction {
        Direction::Ascending => row.gt(values),
        Direction::Descending => row.lt(values),
    })
}

/// Rows whose key lies beyond the cursor's; `None` if there can be none.
fn beyond(key: &Key, is_null: bool, argument: usize, slots: &mut Slots) -> Option<Expr> {
    match (key.direction, is_null) {
        (Direction::Ascending, true) => Some(key.value.clone().is_not_null()),
        (Direction::Descending, true) => None,
        (Direction::Ascending, false) => Some(key.value.clone().gt(key.argument(argument, slots))),
        (Direction::Descending, false) => {
            let smaller = key.value.clone().lt(key.argument(argument, slots));
            let null = key.nullable.then(|| key.value.clone().is_null());
            Some(match null {
                Some(null) => smaller.or(null),
                None => smaller,
            })
        }
    }
}

fn same(key: &Key, is_null: bool, argument: usize, slots: &mut Slots) -> Expr {
    if is_null {
        key.value.clone().is_null()
    } else {
        key.value.clone().eq(key.argument(argument, slots))
    }
}
