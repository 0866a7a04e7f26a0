use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use workeros_core::{Clock, HttpClient, Random, Result};

use super::fetch::{get, get_json, get_object};
use super::metadata::Metadata;
use super::provider::OAuthProvider;
use super::refusal::{
    answered, invalid_code, invalid_identity, issuer_mismatch, no_id_tokens, unavailable,
};
use super::token::{Redemption, Tokens};
use super::{Authorization, AuthorizationRequest, Callback, ExternalIdentity, Pending};
use crate::fetched::Fetched;
use crate::jwt::{self, Claims, KeySet, TrustedIssuer};

/// A provider, as it is talked to. It remembers the provider's description and
/// keys for an hour, or a day where the provider cannot be reached; a key nobody
/// knows makes it ask again, at most every ten seconds.
pub struct OAuthClient {
    provider: OAuthProvider,
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    metadata: Fetched<Metadata>,
    keys: Fetched<KeySet>,
}

impl OAuthClient {
    /// A client of this provider. Nothing is sent yet.
    #[must_use]
    pub fn new(
        provider: OAuthProvider,
        http: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            provider,
            http,
            metadata: Fetched::nothing(Arc::clone(&clock), unavailable),
            keys: Fetched::nothing(Arc::clone(&clock), unavailable),
            clock,
            random,
        }
    }

    /// The provider.
    pub fn provider(&self) -> &OAuthProvider {
        &self.provider
    }

    /// Finds out whether the provider is there, where it is not one that is known
    /// to be.
    ///
    /// # Errors
    ///
    /// As [`authorize`](Self::authorize).
    pub(crate) async fn probe(&self) -> Result<()> {
        self.provider.kind().metadata(self).await.map(drop)
    }

    /// Makes the URL that a browser is sent to.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](workeros_core::ErrorKind::Unavailable) when the provider
    /// does not say where that is: code `PROVIDER_UNAVAILABLE` if that may pass,
    /// `PROVIDER_MISCONFIGURED` if somebody must do something about it.
    pub async fn authorize(&self, request: &AuthorizationRequest) -> Result<Authorization> {
        let metadata = self.provider.kind().metadata(self).await?;
        request.authorize(&self.provider, &metadata, &*self.random)
    }

    /// Finds out who came back.
    ///
    /// # Errors
    ///
    /// As [`authorize`](Self::authorize);
    /// [`BadRequest`](workeros_core::ErrorKind::BadRequest) when he comes with
    /// an error (`ACCESS_DENIED` and others), from elsewhere (`ISSUER_MISMATCH`)
    /// or with a code that does not hold (`INVALID_CODE`);
    /// [`Unauthorized`](workeros_core::ErrorKind::Unauthorized) with code
    /// `INVALID_TOKEN` when what the provider says of him does not.
    pub async fn identify(
        &self,
        callback: &Callback,
        redirect_uri: &str,
        pending: &Pending,
    ) -> Result<ExternalIdentity> {
        let kind = self.provider.kind();
        let metadata = kind.metadata(self).await?;
        self.check_issuer(&metadata, callback.issuer.as_deref())?;
        if let Some(error) = &callback.error {
            return Err(answered(error));
        }
        let code = callback.code.as_deref();
        let redemption = Redemption {
            code: code.ok_or_else(|| invalid_code("there is none"))?,
            redirect_uri,
            pending,
        };
        let now = self.clock.now();
        let tokens = redemption
            .send(&*self.http, &self.provider, &metadata, now)
            .await?;
        let identity = kind.identity(self, &tokens, pending).await?;
        Ok(self.named(identity, callback.user.as_deref()))
    }

    /// With the name that the browser brings along, where the provider tells
    /// none.
    pub(super) fn named(&self, identity: ExternalIdentity, user: Option<&str>) -> ExternalIdentity {
        let name = user.and_then(|user| self.provider.kind().read_name(user));
        match name {
            Some(name) if identity.name.is_none() => identity.with_name(Some(&name)),
            _ => identity,
        }
    }

    /// Finds out whom an ID token is about that an app of ours was given. It
    /// must be for us, by our id or that of one of our native apps, and say the
    /// nonce that the app has asked with, if any.
    ///
    /// # Errors
    ///
    /// As [`identify`](Self::identify);
    /// [`NotFound`](workeros_core::ErrorKind::NotFound) with code
    /// `ID_TOKEN_NOT_SUPPORTED` for a provider without such tokens.
    pub async fn identify_by_id_token(
        &self,
        token: &str,
        nonce: Option<&str>,
    ) -> Result<ExternalIdentity> {
        let metadata = self.provider.kind().metadata(self).await?;
        let native = self.provider.native_client_ids().iter();
        let rules = native.fold(self.rules(), TrustedIssuer::with_audience);
        let claims = self.id_token(&metadata, token, &rules, nonce).await?;
        // Nobody but the token itself says that it is one.
        if claims.is_like_access_token() || claims.is_notice() {
            return Err(invalid_identity("a token that is no ID token"));
        }
        ExternalIdentity::read(&self.provider, claims.subject(), claims.all())
    }

    /// What the provider says of itself.
    pub(super) async fn discovered(&self) -> Result<Arc<Metadata>> {
        let fetch = || {
            let (http, issuer) = (Arc::clone(&self.http), self.provider.issuer().to_owned());
            async move { Metadata::discover(&*http, &issuer).await }
        };
        self.metadata.get(|_| true, fetch).await
    }

    /// Who the tokens of OpenID Connect are about. What the ID token does not
    /// tell of his address is asked for.
    pub(super) async fn openid_identity(
        &self,
        tokens: &Tokens,
        pending: &Pending,
    ) -> Result<ExternalIdentity> {
        let metadata = self.discovered().await?;
        let token = tokens.id.as_deref();
        let token = token.ok_or_else(|| invalid_identity("there is no ID token"))?;
        let (rules, nonce) = (self.rules(), Some(pending.nonce()));
        let claims = self.id_token(&metadata, token, &rules, nonce).await?;
        let subject = claims.subject();
        match &metadata.userinfo_endpoint {
            Some(endpoint) if claims.claim("email").is_none() => {
                let info = self.fetch_object(endpoint, tokens).await?;
                if info.get("sub").and_then(Json::as_str) != Some(subject) {
                    return Err(invalid_identity("what it tells is about somebody else"));
                }
                ExternalIdentity::read(&self.provider, subject, &info)
            }
            _ => ExternalIdentity::read(&self.provider, subject, claims.all()),
        }
    }

    /// Reads an object that the access token opens.
    pub(super) async fn fetch_object(
        &self,
        url: &str,
        tokens: &Tokens,
    ) -> Result<Map<String, Json>> {
        get_object(&*self.http, url, Some(&tokens.access)).await
    }

    /// Reads what the access token opens.
    pub(super) async fn fetch_json(&self, url: &str, tokens: &Tokens) -> Result<Json> {
        get_json(&*self.http, url, Some(&tokens.access)).await
    }

    /// An answer of somebody else's is none, and so is one of nobody knows whom
    /// where the provider names itself.
    fn check_issuer(&self, metadata: &Metadata, issuer: Option<&str>) -> Result<()> {
        match issuer {
            Some(issuer) if issuer == self.provider.issuer() => Ok(()),
            None if !metadata.names_itself => Ok(()),
            _ => Err(issuer_mismatch()),
        }
    }

    /// What ID tokens are held to that were made for our own client.
    fn rules(&self) -> TrustedIssuer {
        TrustedIssuer::new(self.provider.issuer(), self.provider.client_id()).with_sole_party()
    }

    async fn id_token(
        &self,
        metadata: &Metadata,
        token: &str,
        rules: &TrustedIssuer,
        nonce: Option<&str>,
    ) -> Result<Claims> {
        let keys = self.keys(metadata, token).await?;
        let claims = rules
            .verify(token, &keys, self.clock.now())
            .map_err(invalid_identity)?;
        if claims.claim("nonce") != nonce.map(Json::from).as_ref() {
            return Err(invalid_identity("a nonce that was not asked with"));
        }
        Ok(claims)
    }

    /// The keys a token may be signed with.
    async fn keys(&self, metadata: &Metadata, token: &str) -> Result<Arc<KeySet>> {
        let url = metadata.jwks_uri.as_deref().ok_or_else(no_id_tokens)?;
        let id = jwt::key_id(token).map_err(invalid_identity)?;
        let suffices = |keys: &KeySet| id.as_deref().is_none_or(|id| keys.contains(id));
        let fetch = || {
            let (http, url) = (Arc::clone(&self.http), url.to_owned());
            async move {
                let document = get(&*http, &url, None).await?;
                KeySet::from_jwks(&document).map_err(unavailable)
            }
        };
        self.keys.get(suffices, fetch).await
    }
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}
