use workeros_core::Result;

use super::Kind;
use crate::oauth::OAuthProvider;
use crate::oauth::secret::ClientSecret;

const ISSUER: &str = "https://accounts.google.com";

#[derive(Debug)]
struct Google;

impl OAuthProvider {
    /// Google, by an OAuth client of type *Web application*.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for what can be
    /// neither the id nor the secret of a client.
    pub fn google(client_id: impl Into<String>, client_secret: impl Into<String>) -> Result<Self> {
        let secret = ClientSecret::text(client_secret)?;
        Self::new(&Google, "google", ISSUER, client_id, secret)
    }
}

impl Kind for Google {
    fn name(&self) -> &'static str {
        "google"
    }
}
