use uuid::Uuid;
use workeros_core::{Credential, Identity, Scope, TenantId, Value, role};

use crate::ActiveSession;
use crate::organization::affiliate;

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
            .with_tenant(active.tenant)
            .with_guest(active.user.is_anonymous());
        let identity = match active.user.address() {
            Some(address) => identity.with_email(address),
            None => identity,
        };
        let identity = match &active.session.impersonation {
            Some(by) => identity
                .with_impersonator(Some(by.admin))
                .with_scope(Scope::FULL.with_read_only(by.read_only)),
            None => identity,
        };
        // Who has no account has no roles, whatever stands in the table.
        let roles = active.roles.iter();
        let roles = roles.filter(|_| !active.user.is_anonymous());
        match self {
            Self::Instance => roles.fold(
                identity.with_credential(Credential::Session(session)),
                Identity::with_role,
            ),
            Self::Workspace(_) => {
                let active_in = active.session.active_organization;
                let identity = affiliate(identity, &active.affiliations, active_in);
                roles.filter(|name| *name != role::ADMIN).fold(
                    identity.with_credential(Credential::AppSession(session)),
                    Identity::with_role,
                )
            }
        }
    }
}

impl From<Realm> for Value {
    fn from(realm: Realm) -> Self {
        realm.id().into()
    }
}
