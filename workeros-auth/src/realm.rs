use uuid::Uuid;
use workeros_core::{TenantId, Value};

/// Whose users, whose keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Realm {
    /// Those of the instance: the team that runs it. Its keys sign for every
    /// workspace without keys of its own.
    Instance,
    /// Those of a workspace.
    Workspace(TenantId),
}

impl Realm {
    /// The workspace, if it is one's.
    #[must_use]
    pub fn workspace(self) -> Option<TenantId> {
        match self {
            Self::Instance => None,
            Self::Workspace(tenant) => Some(tenant),
        }
    }

    /// The one that is stored so.
    pub(crate) fn of_id(id: Uuid) -> Self {
        match id.is_nil() {
            true => Self::Instance,
            false => Self::Workspace(TenantId::new(id)),
        }
    }

    /// How it is stored: the instance by the nil id, which no workspace has.
    pub(crate) fn id(self) -> Uuid {
        match self {
            Self::Instance => Uuid::nil(),
            Self::Workspace(tenant) => tenant.uuid(),
        }
    }
}

impl From<Realm> for Value {
    fn from(realm: Realm) -> Self {
        realm.id().into()
    }
}
