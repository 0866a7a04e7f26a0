use workeros_core::Result;

use super::Kind;
use crate::oauth::OAuthProvider;
use crate::oauth::secret::ClientSecret;

#[derive(Debug)]
struct OpenId;

impl OAuthProvider {
    /// Any provider of OpenID Connect that describes itself below its issuer:
    /// Keycloak, Entra ID, Okta, Auth0 and many others. The id is its name in
    /// our paths: lower case letters, digits and `-`.
    ///
    /// It must sign ID tokens by RS256, ES256 or EdDSA.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for what can be
    /// neither the id nor the secret of a client, and for an issuer that is not
    /// an https URL (http for this very machine).
    pub fn oidc(
        id: &str,
        issuer: &str,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
    ) -> Result<Self> {
        let secret = ClientSecret::text(client_secret)?;
        Self::new(&OpenId, id, issuer, client_id, secret)
    }
}

impl Kind for OpenId {
    fn name(&self) -> &'static str {
        "oidc"
    }
}
