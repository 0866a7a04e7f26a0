use workeros_core::{Identity, Result, Row, Timestamp, UserId, role};

use crate::Locale;
use crate::email::{is_of_guest, is_placeholder};

/// A user. What proves who it is (the password's hash) is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its e-mail address, canonical; see [`address`](Self::address).
    pub email: String,
    /// The name it goes by; may be empty.
    pub name: String,
    /// Whether somebody showed to read mail at the address.
    pub email_verified: bool,
    /// Whether it is kept from signing in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The URL of its picture, if it has one; see [`ImageUrl`](crate::ImageUrl).
    pub image: Option<String>,
    /// The language of mails to it, if it has chosen one.
    pub locale: Option<Locale>,
    /// The anonymous user by whose session it signed up, as long as it has not
    /// signed in.
    pub(crate) guest: Option<UserId>,
}

/// A user with its roles in one workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// The user.
    pub user: User,
    /// Names of its roles, sorted, without `public` and `authenticated`, which
    /// follow from being signed in.
    pub roles: Vec<String>,
}

impl User {
    /// Its e-mail address, if it has one. What stands in the place of one ends in
    /// `.invalid`, and is nobody's.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        Some(self.email.as_str()).filter(|email| !is_placeholder(email))
    }

    /// Refuses who has no account.
    pub(crate) fn require_account(&self) -> Result<()> {
        let identity = Identity::host(self.id.to_string());
        identity.with_guest(self.is_anonymous()).require_account()
    }

    /// Whether it has no account: neither an address nor a passkey.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        is_of_guest(&self.email)
    }

    /// How many columns [`read`](Self::read) reads.
    pub(crate) const COLUMNS: usize = 10;

    /// Reads what `user` stands for in [`planes!`](crate::plane::planes), from a
    /// position on.
    pub(crate) fn read(row: &Row, at: usize) -> Result<Self> {
        Ok(Self {
            id: UserId::new(row.uuid(at)?),
            email: row.text(at + 1)?.to_owned(),
            name: row.text(at + 2)?.to_owned(),
            email_verified: row.boolean(at + 3)?,
            disabled: row.boolean(at + 4)?,
            created_at: row.timestamp(at + 5)?,
            updated_at: row.timestamp(at + 6)?,
            image: row.optional_text(at + 7)?.map(ToOwned::to_owned),
            locale: row
                .optional_text(at + 8)?
                .and_then(|tag| Locale::parse(tag).ok()),
            guest: row.optional_uuid(at + 9)?.map(UserId::new),
        })
    }
}

/// Reads one role name of each row, where there is one, but for that of members.
pub(crate) fn read_roles<'a>(
    rows: impl IntoIterator<Item = &'a Row>,
    at: usize,
) -> Result<Vec<String>> {
    let mut roles = Vec::new();
    for row in rows {
        let name = row.optional_text(at)?;
        let shown = name.filter(|name| *name != role::AUTHENTICATED);
        roles.extend(shown.map(ToOwned::to_owned));
    }
    roles.sort_unstable();
    Ok(roles)
}

/// Whether one of the rows names the role.
pub(crate) fn holds<'a>(
    rows: impl IntoIterator<Item = &'a Row>,
    at: usize,
    role: &str,
) -> Result<bool> {
    for row in rows {
        if row.optional_text(at)? == Some(role) {
            return Ok(true);
        }
    }
    Ok(false)
}
