//! Why a table cannot be adopted.

use workeros_core::Error;

use super::catalogue::{Relation, Shape};

/// Why a table cannot be adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// It is ours, or the database's own.
    System,
    /// It is where hosts keep credentials.
    Guarded,
    /// It is no plain table.
    Shape(Shape),
    /// It has no primary key.
    NoKey,
    /// Its primary key is several columns.
    CompositeKey,
    /// Its primary key is of a type that ids cannot have.
    UnsupportedKey(String),
}

impl Obstacle {
    /// What stands in the way, if anything does.
    pub(super) fn of(relation: &Relation) -> Option<Self> {
        if is_ours(&relation.name) {
            return Some(Self::System);
        }
        if is_guarded(&relation.name) {
            return Some(Self::Guarded);
        }
        if relation.shape != Shape::Table {
            return Some(Self::Shape(relation.shape));
        }
        match relation.key().as_slice() {
            [] => Some(Self::NoKey),
            [column] => {
                let mapped = column
                    .mapped
                    .as_ref()
                    .filter(|mapped| mapped.enumeration.is_none());
                let fits =
                    mapped.is_some_and(|mapped| matches!(mapped.kind, "uuid" | "text" | "integer"));
                (!fits).then(|| Self::UnsupportedKey(column.sql_type.clone()))
            }
            _ => Some(Self::CompositeKey),
        }
    }

    pub(super) fn message(&self) -> String {
        match self {
            Self::System => "is a system table".to_owned(),
            Self::Guarded => "is where a host keeps credentials, and is never adopted".to_owned(),
            Self::Shape(shape) => shape_message(*shape).to_owned(),
            Self::NoKey => "has no primary key; an item needs an id".to_owned(),
            Self::CompositeKey => {
                "has a primary key of several columns; an id is one value".to_owned()
            }
            Self::UnsupportedKey(sql_type) => {
                format!(
                    "has a primary key of type `{sql_type}`; an id is a uuid, text or an integer"
                )
            }
        }
    }

    /// The answer to who wants to adopt it.
    pub(super) fn refusal(&self) -> Error {
        Error::validation("/table", self.code(), self.message())
    }

    fn code(&self) -> &'static str {
        match self {
            Self::System | Self::Guarded => "reserved_table",
            Self::Shape(Shape::View) => "view",
            Self::Shape(Shape::Partition | Shape::Partitioned) => "partition",
            Self::Shape(_) => "unsupported_table",
            Self::NoKey => "no_key",
            Self::CompositeKey => "composite_key",
            Self::UnsupportedKey(_) => "unsupported_key",
        }
    }
}

const fn shape_message(shape: Shape) -> &'static str {
    match shape {
        Shape::Table => "is a table",
        Shape::View => "is a view; adopt the table behind it",
        Shape::Partitioned => "is partitioned; only plain tables can be adopted",
        Shape::Partition => "is a partition of another table",
        Shape::Parent => "has tables that inherit from it, so its key is not unique",
        Shape::Virtual => "is a virtual table",
        Shape::Foreign => "is a table of another server",
    }
}

/// Whether a table of that name belongs to workeros or to the database.
/// SQLite finds a table whatever the case of its name.
pub(super) fn is_ours(name: &str) -> bool {
    let name = name.to_lowercase();
    ["workeros_", "sqlite_", "pg_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || name == "information_schema"
        || END_USERS.contains(&name.as_str())
        || is_managed(&name)
}

/// The tables of end users. Tables of hosts begin with `app_` too, so they are
/// known by their whole names.
const END_USERS: [&str; 15] = [
    "app_accounts",
    "app_anonymous",
    "app_auth_flows",
    "app_backup_codes",
    "app_organization_invitations",
    "app_organization_members",
    "app_organizations",
    "app_origins",
    "app_passkeys",
    "app_refresh",
    "app_sessions",
    "app_settings",
    "app_two_factor",
    "app_user_roles",
    "app_users",
];

/// Whether a table of that name is where a host keeps its users' credentials:
/// a permission row too many must not show them.
pub(super) fn is_guarded(name: &str) -> bool {
    ["users", "sessions"]
        .iter()
        .any(|guarded| name.eq_ignore_ascii_case(guarded))
}

/// `c_`, twelve digits of the workspace, `_`: how managed tables are called.
fn is_managed(name: &str) -> bool {
    let Some((tenant, slug)) = name
        .strip_prefix("c_")
        .and_then(|rest| rest.split_once('_'))
    else {
        return false;
    };
    tenant.len() == 12 && tenant.bytes().all(|byte| byte.is_ascii_hexdigit()) && !slug.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_tables_are_known_by_their_names() {
        for name in [
            "workeros_users",
            "WORKEROS_roles",
            "sqlite_sequence",
            "SQLite_stat1",
            "pg_class",
            "c_0123456789ab_posts",
            "app_users",
            "APP_Sessions",
        ] {
            assert!(is_ours(name), "{name}");
        }
        for name in [
            "workeros",
            "posts",
            "c_posts",
            "app_orders",
            "c_0123456789ag_x",
            "pgx",
            "my_sqlite_x",
        ] {
            assert!(!is_ours(name), "{name}");
        }
    }
}
