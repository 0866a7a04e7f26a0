//! As what somebody has to do with a workspace.

use workeros_core::{
    Credential, Error, ErrorKind, Result, SessionId, Subject, TenantId, UserId, Workspace,
};
use workeros_schema::WorkspaceDetails;

use crate::call::Call;
use crate::subject::resolve_in;

/// The workspace the path names, and as what somebody has to do with it: as who
/// runs the instance, or as what he is in it.
pub(super) struct Standing {
    pub(super) tenant: TenantId,
    pub(super) subject: Subject,
}

impl Standing {
    /// A workspace that is not there and one that somebody has nothing to do
    /// with get the same answer.
    pub(super) async fn of(call: &Call) -> Result<Self> {
        let tenant = call.id().map_err(|_: Error| Workspace::not_there())?;
        team_user(call)?;
        let subject = match operator(call).await? {
            Some(operator) => operator,
            None => subject_in(call, tenant).await?,
        };
        let standing = Self { tenant, subject };
        standing.details(call).await?;
        Ok(standing)
    }

    /// The same for who may say who is in it: the operator or one of its admins.
    pub(super) async fn of_admin(call: &Call) -> Result<Self> {
        let standing = Self::of(call).await?;
        standing.require_admin(call).await?;
        Ok(standing)
    }

    pub(super) async fn require_admin(&self, call: &Call) -> Result<()> {
        let plane = call.plane();
        if call.parts.method.is_safe() {
            plane.require_admin(&self.subject).await
        } else {
            plane.require_admin_to_change(&self.subject).await
        }
    }

    /// Whether it is who runs the instance, and brings in anybody.
    pub(super) fn is_operator(&self, call: &Call) -> bool {
        self.subject.tenant() == call.plane().default_tenant()
    }

    pub(super) async fn details(&self, call: &Call) -> Result<WorkspaceDetails> {
        let workspaces = call.plane().workspaces(self.subject.clone());
        let found = workspaces.get(self.tenant).await;
        found.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Workspace::not_there(),
            _ => error,
        })
    }
}

/// Who asks, in the default workspace, if he runs the instance.
pub(super) async fn operator(call: &Call) -> Result<Option<Subject>> {
    let plane = call.plane();
    let subject = match subject_in(call, plane.default_tenant()).await {
        Ok(subject) => subject,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match plane.require_operator(&subject).await {
        Ok(()) => Ok(Some(subject)),
        Err(error) if error.kind() == ErrorKind::Forbidden => Ok(None),
        Err(error) => Err(error),
    }
}

/// Who asks, as he acts in a workspace. A session acts in every one its user is
/// in; whatever else there is to act by, in one.
pub(super) async fn subject_in(call: &Call, tenant: TenantId) -> Result<Subject> {
    if call.tenant() == tenant {
        return Ok(call.subject());
    }
    match call.identity()?.credential {
        Credential::Session(_) => resolve_in(&call.backend, &call.parts, Some(tenant)).await,
        _ => Err(Workspace::not_there()),
    }
}

/// The user who asks, if he is one of ours. End users have nothing to do with
/// workspaces but that they are in one.
pub(in crate::routes) fn team_user(call: &Call) -> Result<Option<UserId>> {
    let identity = call.identity()?;
    match identity.credential {
        Credential::Session(_) | Credential::ApiKey(_) => Ok(identity.user_id.parse().ok()),
        Credential::AppSession(_) | Credential::TrustedToken => {
            let why = "end users have nothing to do with workspaces";
            Err(Error::new(ErrorKind::Forbidden, why))
        }
        _ => Ok(None),
    }
}

/// The user who asks by a session of his own, and that session.
pub(super) fn own_session(call: &Call) -> Result<(UserId, SessionId)> {
    match (team_user(call)?, call.identity()?.credential) {
        (Some(user), Credential::Session(session)) => Ok((user, session)),
        _ => Err(Error::new(ErrorKind::Forbidden, "sign in to do this")),
    }
}
