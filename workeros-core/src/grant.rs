use std::collections::BTreeSet;

use workeros_dsl::{Condition, Row, Variables};

/// What somebody may do with the rows of one collection, for one action.
///
/// A grant is the union of its [rules](Rule), one for each permission row that
/// applies. A row is granted if any rule admits it; a column is visible on a
/// row only if some rule admits the row *and* names the column.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    rules: Vec<Rule>,
}

/// One (condition, fields) pair of a [`Grant`].
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Which rows.
    pub condition: Condition,
    /// Which columns of these rows.
    pub fields: FieldSet,
}

/// A set of columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldSet {
    /// Every column, also those that come later.
    All,
    /// These.
    Only(BTreeSet<String>),
}

impl FieldSet {
    /// Whether the column is in the set.
    #[must_use]
    pub fn contains(&self, field: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(fields) => fields.contains(field),
        }
    }

    /// The columns of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Only(mut fields), Self::Only(more)) => {
                fields.extend(more);
                Self::Only(fields)
            }
        }
    }
}

impl Grant {
    /// Every row, every column.
    #[must_use]
    pub fn all() -> Self {
        Self {
            rules: vec![Rule {
                condition: Condition::all(),
                fields: FieldSet::All,
            }],
        }
    }

    /// The union of these rules; none of them is no grant at all.
    #[must_use]
    pub fn union(rules: Vec<Rule>) -> Option<Self> {
        if rules.is_empty() {
            return None;
        }
        let everything = |rule: &Rule| rule.condition.is_all() && rule.fields == FieldSet::All;
        if rules.iter().any(everything) {
            return Some(Self::all());
        }
        let mut grant = Self {
            rules: Vec::with_capacity(rules.len()),
        };
        for rule in rules {
            if !grant.rules.contains(&rule) {
                grant.rules.push(rule);
            }
        }
        Some(grant)
    }

    /// The pairs.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether every row and every column is granted.
    #[must_use]
    pub fn is_all(&self) -> bool {
        matches!(self.rules.as_slice(), [rule] if rule.condition.is_all() && rule.fields == FieldSet::All)
    }

    /// Which rows: the disjunction of all conditions.
    #[must_use]
    pub fn condition(&self) -> Condition {
        let conditions = self.rules.iter().map(|rule| rule.condition.clone());
        // INVARIANT: a grant has at least one rule.
        conditions
            .reduce(Condition::or)
            .unwrap_or_else(Condition::all)
    }

    /// Whether any rule names the column: a caller may then speak of it.
    #[must_use]
    pub fn names(&self, field: &str) -> bool {
        self.rules.iter().any(|rule| rule.fields.contains(field))
    }

    /// On which rows, of those the grant admits, the column is visible.
    #[must_use]
    pub fn visibility(&self, field: &str) -> Visibility {
        if self.rules.iter().all(|rule| rule.fields.contains(field)) {
            return Visibility::Everywhere;
        }
        let naming = self.rules.iter().filter(|rule| rule.fields.contains(field));
        let conditions = naming.map(|rule| rule.condition.clone());
        match conditions.reduce(Condition::or) {
            None => Visibility::Nowhere,
            Some(condition) if condition.is_all() => Visibility::Everywhere,
            Some(condition) => Visibility::Where(condition),
        }
    }

    /// The columns visible on that row; `None` when no rule admits it.
    #[must_use]
    pub fn fields_on(&self, row: &dyn Row, variables: &Variables) -> Option<FieldSet> {
        let admitting = self
            .rules
            .iter()
            .filter(|rule| rule.condition.matches(row, variables));
        admitting
            .map(|rule| rule.fields.clone())
            .reduce(FieldSet::union)
    }
}

/// On which of the rows a grant admits a column is visible.
#[derive(Debug, Clone, PartialEq)]
pub enum Visibility {
    /// On all of them.
    Everywhere,
    /// On none: for this caller the column does not exist.
    Nowhere,
    /// On those that match.
    Where(Condition),
}
