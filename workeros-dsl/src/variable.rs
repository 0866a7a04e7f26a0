use std::fmt;

use crate::scalar::Scalar;
use crate::types::{Kind, parse_uuid};
use crate::{Timestamp, Type};

/// What the variables of the language stand for in one request. What is not
/// given has no value: a comparison with it is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Variables {
    user_id: Option<String>,
    user_email: Option<String>,
    user_roles: Option<Vec<String>>,
    user_orgs: Option<Vec<String>>,
    org_id: Option<String>,
    org_role: Option<String>,
    tenant_id: Option<String>,
    now: Option<Timestamp>,
}

impl Variables {
    /// Sets `$user.id`.
    #[must_use]
    pub fn with_user_id(mut self, id: impl Into<Option<String>>) -> Self {
        self.user_id = id.into();
        self
    }

    /// Sets `$user.email`.
    #[must_use]
    pub fn with_user_email(mut self, email: impl Into<Option<String>>) -> Self {
        self.user_email = email.into();
        self
    }

    /// Sets `$user.roles`. An empty list is a known empty list.
    #[must_use]
    pub fn with_user_roles(mut self, roles: impl Into<Option<Vec<String>>>) -> Self {
        self.user_roles = roles.into();
        self
    }

    /// Sets `$user.orgs`. An empty list is a known empty list.
    #[must_use]
    pub fn with_user_orgs(mut self, ids: impl Into<Option<Vec<String>>>) -> Self {
        self.user_orgs = ids.into();
        self
    }

    /// Sets `$org.id`.
    #[must_use]
    pub fn with_org_id(mut self, id: impl Into<Option<String>>) -> Self {
        self.org_id = id.into();
        self
    }

    /// Sets `$org.role`.
    #[must_use]
    pub fn with_org_role(mut self, role: impl Into<Option<String>>) -> Self {
        self.org_role = role.into();
        self
    }

    /// Sets `$tenant.id`, alias `$user.tenant_id`.
    #[must_use]
    pub fn with_tenant_id(mut self, id: impl Into<Option<String>>) -> Self {
        self.tenant_id = id.into();
        self
    }

    /// Sets `$now`, taken once per request.
    #[must_use]
    pub fn with_now(mut self, now: impl Into<Option<Timestamp>>) -> Self {
        self.now = now.into();
        self
    }

    /// What `$user.id` stands for.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// What `$user.email` stands for.
    #[must_use]
    pub fn user_email(&self) -> Option<&str> {
        self.user_email.as_deref()
    }

    /// What `$user.roles` stands for.
    #[must_use]
    pub fn user_roles(&self) -> Option<&[String]> {
        self.user_roles.as_deref()
    }

    /// What `$user.orgs` stands for.
    #[must_use]
    pub fn user_orgs(&self) -> Option<&[String]> {
        self.user_orgs.as_deref()
    }

    /// What `$org.id` stands for.
    #[must_use]
    pub fn org_id(&self) -> Option<&str> {
        self.org_id.as_deref()
    }

    /// What `$org.role` stands for.
    #[must_use]
    pub fn org_role(&self) -> Option<&str> {
        self.org_role.as_deref()
    }

    /// What `$tenant.id` stands for.
    #[must_use]
    pub fn tenant_id(&self) -> Option<&str> {
        self.tenant_id.as_deref()
    }

    /// What `$now` stands for.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        self.now
    }
}

/// The variables of the language: a new one is a line here.
static VARIABLES: [Variable; 8] = [
    Variable {
        names: &["$user.id"],
        source: Source::Id(Variables::user_id),
    },
    Variable {
        names: &["$user.email"],
        source: Source::Text(Variables::user_email),
    },
    Variable {
        names: &["$user.roles"],
        source: Source::TextList(Variables::user_roles),
    },
    Variable {
        names: &["$user.orgs"],
        source: Source::IdList(Variables::user_orgs),
    },
    Variable {
        names: &["$org.id"],
        source: Source::Id(Variables::org_id),
    },
    Variable {
        names: &["$org.role"],
        source: Source::Text(Variables::org_role),
    },
    Variable {
        names: &["$tenant.id", "$user.tenant_id"],
        source: Source::Id(Variables::tenant_id),
    },
    Variable {
        names: &["$now"],
        source: Source::Instant(Variables::now),
    },
];

/// A line of the table of variables.
pub(crate) struct Variable {
    /// The canonical name first.
    names: &'static [&'static str],
    source: Source,
}

/// Where the value is, and what kind of value it is.
enum Source {
    /// Text that becomes the type of the field it is compared with.
    Id(fn(&Variables) -> Option<&str>),
    Text(fn(&Variables) -> Option<&str>),
    TextList(fn(&Variables) -> Option<&[String]>),
    /// Each becomes the type of the field that is looked up in them.
    IdList(fn(&Variables) -> Option<&[String]>),
    Instant(fn(&Variables) -> Option<Timestamp>),
}

impl Variable {
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        VARIABLES
            .iter()
            .find(|variable| variable.names.contains(&name))
    }

    pub(crate) fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// Whether it can be compared with one value of that type.
    pub(crate) fn is_for(&self, ty: Type) -> bool {
        match self.source {
            Source::Id(_) => holds_ids(ty),
            Source::Text(_) => holds_text(ty),
            Source::TextList(_) | Source::IdList(_) => false,
            Source::Instant(_) => ty == Type::Timestamp,
        }
    }

    /// Whether it can be the list a value of that type is looked up in.
    pub(crate) fn is_list_for(&self, ty: Type) -> bool {
        match self.source {
            Source::TextList(_) => holds_text(ty),
            Source::IdList(_) => holds_ids(ty),
            Source::Id(_) | Source::Text(_) | Source::Instant(_) => false,
        }
    }

    /// Its value as one of that kind. `None` is unknown: absent, or not a
    /// value of that kind.
    pub(crate) fn scalar<'a>(&self, kind: Kind, variables: &'a Variables) -> Option<Scalar<'a>> {
        match self.source {
            Source::Id(read) => id(read(variables)?, kind),
            Source::Text(read) => text(read(variables)?),
            Source::TextList(_) | Source::IdList(_) => None,
            Source::Instant(read) => read(variables).map(Scalar::Timestamp),
        }
    }

    /// Its value as a list of that kind. A list with an unusable element is
    /// unknown as a whole.
    pub(crate) fn list<'a>(
        &self,
        kind: Kind,
        variables: &'a Variables,
    ) -> Option<impl Iterator<Item = Scalar<'a>> + use<'a>> {
        let (list, read): (&'a [String], ReadElement) = match self.source {
            Source::TextList(list) => (list(variables)?, |element, _| text(element)),
            Source::IdList(list) => (list(variables)?, id),
            Source::Id(_) | Source::Text(_) | Source::Instant(_) => return None,
        };
        let elements = list.iter().map(move |element| read(element, kind));
        let is_usable = elements.clone().all(|element| element.is_some());
        is_usable.then(|| elements.flatten())
    }
}

/// Reads an element of a list as a value of a kind.
type ReadElement = for<'a> fn(&'a str, Kind) -> Option<Scalar<'a>>;

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn holds_ids(ty: Type) -> bool {
    matches!(
        ty,
        Type::Text | Type::Longtext | Type::Uuid | Type::Relation(_)
    )
}

fn holds_text(ty: Type) -> bool {
    matches!(ty, Type::Text | Type::Longtext)
}

fn id(id: &str, kind: Kind) -> Option<Scalar<'_>> {
    match kind {
        Kind::Text => text(id),
        Kind::Integer => integer(id).map(Scalar::Integer),
        Kind::Uuid => parse_uuid(id).map(Scalar::Uuid),
        Kind::Number | Kind::Boolean | Kind::Json | Kind::Timestamp => None,
    }
}

/// No column can hold U+0000, and no database takes it as a parameter.
fn text(text: &str) -> Option<Scalar<'_>> {
    (!text.contains('\0')).then_some(Scalar::Text(text))
}

/// Reads what `to_string` writes and no other spelling, so that two ids never
/// stand for one key.
fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = match digits.as_bytes() {
        [b'0'] => digits.len() == text.len(),
        [first, ..] => (b'1'..=b'9').contains(first),
        [] => false,
    };
    text.parse().ok().filter(|_| canonical)
}
