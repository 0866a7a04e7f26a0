use std::collections::BTreeSet;

use workeros_dsl::Condition;

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
}

impl Grant {
    /// Every row, every column.
    #[must_use]
    pub fn all() -> Self {
        Self { rules: vec![Rule { condition: Condition::all(), fields: FieldSet::All }] }
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
        let mut grant = Self { rules: Vec::with_capacity(rules.len()) };
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
        let mut conditions = self.rules.iter().map(|rule| rule.condition.clone());
        let first = conditions.next().unwrap_or_else(Condition::all);
        conditions.fold(first, Condition::or)
    }

    /// Whether any rule names the column: a caller may then speak of it.
    #[must_use]
    pub fn names(&self, field: &str) -> bool {
        self.rules.iter().any(|rule| rule.fields.contains(field))
    }

    /// On which rows the column is visible: `None` when on all rows the grant
    /// admits.
    #[must_use]
    pub fn visibility(&self, field: &str) -> Option<Condition> {
        if self.rules.iter().all(|rule| rule.fields.contains(field)) {
            return None;
        }
        let naming = self.rules.iter().filter(|rule| rule.fields.contains(field));
        let mut conditions = naming.map(|rule| rule.condition.clone());
        let first = conditions.next().unwrap_or_else(Condition::none);
        Some(conditions.fold(first, Condition::or))
    }
}
