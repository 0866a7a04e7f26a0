use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use workeros::role;

/// What somebody is to the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Runs it.
    Manager,
    /// Packs what was ordered.
    Clerk,
    /// Orders.
    Customer,
}

impl Position {
    /// The role he has in the backend, beyond those everybody has who is
    /// signed in.
    #[must_use]
    pub fn role(self) -> Option<&'static str> {
        match self {
            Self::Manager => Some(role::ADMIN),
            Self::Clerk => Some("clerk"),
            Self::Customer => None,
        }
    }
}

/// The shop's users by name. A real one has them in a database.
#[derive(Debug, Clone, Default)]
pub struct People(Arc<RwLock<BTreeMap<String, Position>>>);

impl People {
    /// Takes somebody in, or gives him another position.
    pub fn set(&self, name: &str, position: Position) {
        let mut people = self.0.write().unwrap_or_else(PoisonError::into_inner);
        people.insert(name.to_owned(), position);
    }

    /// Lets somebody go.
    pub fn remove(&self, name: &str) {
        let mut people = self.0.write().unwrap_or_else(PoisonError::into_inner);
        people.remove(name);
    }

    /// What somebody is, if he is anything.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<Position> {
        let people = self.0.read().unwrap_or_else(PoisonError::into_inner);
        people.get(name).copied()
    }
}
