use async_trait::async_trait;
use http::request::Parts;
use workeros_core::{Authenticator, Identity, Result, TenantId};

use crate::refusal::invalid_credentials;
use crate::{Auth, Credentials, SessionKey};

/// A session acts in the workspace that is named, with the roles its user has
/// there; without one in that it was [switched to](Auth::switch_workspace), or in
/// the default one. An API key and an end user act in their own workspace,
/// whatever is named: the identity says which. Only a token of a
/// [trusted issuer](crate::TokenIssuer) may leave that to what is named.
///
/// A cookie whose session has ended is as wrong as any other credential: the
/// answer is [`Unauthorized`](workeros_core::ErrorKind::Unauthorized), and the
/// caller may take the cookie away.
#[async_trait]
impl Authenticator for Auth {
    async fn authenticate(
        &self,
        request: &Parts,
        named: Option<TenantId>,
    ) -> Result<Option<Identity>> {
        let Some(credentials) = self.credentials(&request.headers)? else {
            return Ok(None);
        };
        let identity = match credentials {
            Credentials::Bearer(token) | Credentials::Cookie(token) => {
                self.identity_of_session(&SessionKey::of_token(&token), named)
                    .await?
            }
            Credentials::Access(token) => self.identity_of_access_token(&token, named).await?,
            Credentials::ApiKey(key) => self.identity_of_key(&key).await?,
        };
        identity.map(Some).ok_or_else(invalid_credentials)
    }
}
