use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;
use workeros_core::Result;

use super::Kind;
use crate::oauth::metadata::Metadata;
use crate::oauth::refusal::unavailable;
use crate::oauth::secret::ClientSecret;
use crate::oauth::token::{Authentication, Tokens};
use crate::oauth::{ExternalIdentity, OAuthClient, OAuthProvider, Pending};

/// As it calls itself in its answers.
const ISSUER: &str = "https://github.com/login/oauth";
const AUTHORIZE: &str = "https://github.com/login/oauth/authorize";
const TOKEN: &str = "https://github.com/login/oauth/access_token";
const USER: &str = "https://api.github.com/user";
const EMAILS: &str = "https://api.github.com/user/emails";

/// Speaks OAuth alone: who somebody is, is asked for.
#[derive(Debug)]
struct GitHub;

impl OAuthProvider {
    /// GitHub, by an OAuth app, or by a GitHub app that may read e-mail
    /// addresses.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for what can be
    /// neither the id nor the secret of a client.
    pub fn github(client_id: impl Into<String>, client_secret: impl Into<String>) -> Result<Self> {
        let secret = ClientSecret::text(client_secret)?;
        Self::new(&GitHub, "github", ISSUER, client_id, secret)
    }
}

#[async_trait]
impl Kind for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn has_id_tokens(&self) -> bool {
        false
    }

    fn scopes(&self) -> &'static [&'static str] {
        &["read:user", "user:email"]
    }

    async fn metadata(&self, _: &OAuthClient) -> Result<Arc<Metadata>> {
        Ok(Arc::new(Metadata {
            authorization_endpoint: AUTHORIZE.to_owned(),
            token_endpoint: TOKEN.to_owned(),
            userinfo_endpoint: None,
            jwks_uri: None,
            names_itself: false,
            authentication: Authentication::Post,
        }))
    }

    async fn identity(
        &self,
        client: &OAuthClient,
        tokens: &Tokens,
        _: &Pending,
    ) -> Result<ExternalIdentity> {
        let user = client.fetch_object(USER, tokens).await?;
        let emails = client.fetch_json(EMAILS, tokens).await?;
        let id = user.get("id").and_then(Json::as_u64);
        let id = id.ok_or_else(|| unavailable("a user without an id"))?;
        let text = |name| user.get(name).and_then(Json::as_str);
        let identity = ExternalIdentity::new(client.provider(), &id.to_string())?;
        let email = primary(&emails);
        Ok(identity
            .with_email(email, email.map(|_| true))
            .with_name(text("name").or_else(|| text("login")))
            .with_picture(text("avatar_url")))
    }
}

/// The address that is primary, if it is verified. The one in the profile may
/// be any, and is shown to everybody.
fn primary(emails: &Json) -> Option<&str> {
    let is = |email: &Json, name: &str| email.get(name) == Some(&Json::Bool(true));
    let emails = emails.as_array()?.iter();
    let mut primary = emails.filter(|email| is(email, "primary") && is(email, "verified"));
    primary.next()?.get("email")?.as_str()
}
