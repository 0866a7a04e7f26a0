use async_trait::async_trait;
use http::request::Parts;
use workeros_core::{Authenticator, Credential, Identity, Result, TenantId};

use crate::refusal::invalid_credentials;
use crate::{ActiveSession, Auth, Credentials};

/// A session acts in the workspace asked for, with the roles its user has
/// there. A key is bound to its own workspace, whatever is asked for: the
/// identity says which.
///
/// A cookie whose session has ended is as wrong as any other credential: the
/// answer is [`Unauthorized`](workeros_core::ErrorKind::Unauthorized), and the
/// caller may take the cookie away.
#[async_trait]
impl Authenticator for Auth {
    async fn authenticate(&self, request: &Parts, tenant: TenantId) -> Result<Option<Identity>> {
        let Some(credentials) = self.credentials(&request.headers)? else {
            return Ok(None);
        };
        let identity = match credentials {
            Credentials::Bearer(token) | Credentials::Cookie(token) => {
                self.session_in(&token, tenant).await?.map(Identity::from)
            }
            Credentials::ApiKey(key) => self.identity_of_key(&key).await?,
        };
        identity.map(Some).ok_or_else(invalid_credentials)
    }
}

impl From<ActiveSession> for Identity {
    fn from(active: ActiveSession) -> Self {
        let identity = Self::host(active.user.id.to_string())
            .with_email(active.user.email)
            .with_credential(Credential::Session(active.session.id));
        active.roles.into_iter().fold(identity, Self::with_role)
    }
}
