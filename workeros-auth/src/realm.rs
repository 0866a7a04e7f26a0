use uuid::Uuid;
use workeros_core::{Credential, Identity, TenantId, Value, role};

use crate::ActiveSession;

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

    /// How it is stored: the instance by the nil id, which no workspace has.
    pub(crate) fn id(self) -> Uuid {
        match self {
            Self::Instance => Uuid::nil(),
            Self::Workspace(tenant) => tenant.uuid(),
        }
    }

    /// Who acts by a session of this realm, and where he may. An end user is
    /// never an admin, whatever his roles are called.
    pub(crate) fn identity(self, active: &ActiveSession) -> Identity {
        let session = active.session.id;
        let identity = Identity::host(active.user.id.to_string())
            .with_email(&active.user.email)
            .with_tenant(active.tenant);
        let roles = active.roles.iter();
        match self {
            Self::Instance => roles.fold(
                identity.with_credential(Credential::Session(session)),
                Identity::with_role,
            ),
            Self::Workspace(_) => roles.filter(|name| *name != role::ADMIN).fold(
                identity.with_credential(Credential::AppSession(session)),
                Identity::with_role,
            ),
        }
    }
}

impl From<Realm> for Value {
    fn from(realm: Realm) -> Self {
        realm.id().into()
    }
}
