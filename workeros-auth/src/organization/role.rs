use std::fmt;

use workeros_core::{Error, Result};

/// What somebody is in an organization: `owner`, `admin`, `member`, or a name
/// that means something to the application and gives the rights of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationRole(String);

/// How much a role may do. The greater may do what the lesser may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Member,
    Admin,
    Owner,
}

const MAX_CHARS: usize = 64;

/// From which rank on one may do what with what, by the names better-auth has
/// for it.
const RIGHTS: [(&str, &str, Rank); 14] = [
    ("organization", "update", Rank::Admin),
    ("organization", "delete", Rank::Owner),
    ("member", "create", Rank::Admin),
    ("member", "update", Rank::Admin),
    ("member", "delete", Rank::Admin),
    ("invitation", "create", Rank::Admin),
    ("invitation", "cancel", Rank::Admin),
    ("team", "create", Rank::Admin),
    ("team", "update", Rank::Admin),
    ("team", "delete", Rank::Admin),
    ("ac", "create", Rank::Admin),
    ("ac", "read", Rank::Member),
    ("ac", "update", Rank::Admin),
    ("ac", "delete", Rank::Admin),
];

impl OrganizationRole {
    /// Whoever may do everything with an organization.
    pub const OWNER: &'static str = "owner";
    /// Whoever brings in members, and changes what the others are.
    pub const ADMIN: &'static str = "admin";
    /// Whoever is in it.
    pub const MEMBER: &'static str = "member";

    /// Reads a role: 1 to 64 characters without white space, commas and control
    /// characters.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `/role`.
    pub fn parse(text: &str) -> Result<Self> {
        let unfit = |char: char| char.is_control() || char.is_whitespace() || char == ',';
        if !(1..=MAX_CHARS).contains(&text.chars().count()) || text.chars().any(unfit) {
            let why = "must be one role, of at most 64 characters";
            return Err(Error::validation("/role", "invalid_value", why));
        }
        Ok(Self(text.to_owned()))
    }

    /// A role as it was read before.
    pub(super) fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The role of an owner.
    #[must_use]
    pub fn owner() -> Self {
        Self(Self::OWNER.to_owned())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it may do everything.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.rank() == Rank::Owner
    }

    /// Whether it may do that (`update`, `delete`, …) with that (`organization`,
    /// `member`, `invitation`, …). What is not known nobody may do.
    #[must_use]
    pub fn may(&self, resource: &str, action: &str) -> bool {
        let right = RIGHTS
            .iter()
            .find(|(known, act, _)| *known == resource && *act == action);
        right.is_some_and(|(_, _, rank)| self.rank() >= *rank)
    }

    pub(super) fn rank(&self) -> Rank {
        match self.as_str() {
            Self::OWNER => Rank::Owner,
            Self::ADMIN => Rank::Admin,
            _ => Rank::Member,
        }
    }
}

impl fmt::Display for OrganizationRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_one_word() {
        for text in [
            "owner",
            "member",
            "chief-of_staff",
            "Prüfer",
            &"x".repeat(64),
        ] {
            assert_eq!(OrganizationRole::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            " ",
            "a b",
            "owner,member",
            " owner",
            "a\n",
            "a\0",
            &"x".repeat(65),
        ] {
            assert!(OrganizationRole::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_role_that_is_not_known_is_a_member() {
        let may = |role: &str| {
            let role = OrganizationRole::parse(role).unwrap();
            [
                role.may("organization", "delete"),
                role.may("organization", "update"),
                role.may("ac", "read"),
                role.may("organization", "read"),
                role.may("nothing", "update"),
            ]
        };
        assert_eq!(may("owner"), [true, true, true, false, false]);
        assert_eq!(may("admin"), [false, true, true, false, false]);
        assert_eq!(may("member"), [false, false, true, false, false]);
        assert_eq!(may("Owner"), may("member"));
        assert_eq!(may("billing"), may("member"));
    }
}
