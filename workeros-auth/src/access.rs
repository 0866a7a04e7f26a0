//! How end users act: by access tokens that last minutes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use workeros_core::{
    Error, ErrorKind, Identity, Result, Runtime, Sealer, Secret, SessionId, TenantId, Timestamp,
    Workspace, Workspaces,
};

use crate::jwt::{AccessPolicy, AccessToken, KeyRing, SigningKeys, claimed_workspace};
use crate::key::SessionKey;
use crate::verified::{Verified, VerifiedToken};
use crate::{App, Auth, Realm, SignedIn};

/// What it takes that workspaces have end users.
#[derive(Debug)]
pub(crate) struct Apps {
    issuer: String,
    keys: SigningKeys,
    verified: Verified<KeyRing, Access>,
    workspaces: Arc<dyn Workspaces>,
}

/// What an access token says.
#[derive(Debug)]
struct Access {
    workspace: Workspace,
    session: SessionKey,
}

/// An access token whose signature was verified.
type VerifiedAccess = Arc<VerifiedToken<KeyRing, Access>>;

/// An access token as it came with a request, not yet checked against
/// anything. It never shows in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedToken(String);

/// What an end user acts by.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct IssuedAccess {
    /// The token, for the header `Authorization`.
    pub token: PresentedToken,
    /// How long it holds.
    pub lifetime: Duration,
}

impl PresentedToken {
    /// Reads what looks like a signed token; `None` for what does not.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let looks_signed = text.split('.').count() == 3 && text.is_ascii();
        looks_signed.then(|| Self(text.to_owned()))
    }

    /// The token itself, for the one who signed in.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PresentedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedToken(..)")
    }
}

impl Apps {
    pub(crate) fn new(
        runtime: Runtime,
        secret: Secret,
        issuer: String,
        workspaces: Arc<dyn Workspaces>,
    ) -> Self {
        let sealer = Sealer::new(secret, Arc::clone(&runtime.random));
        Self {
            issuer,
            keys: SigningKeys::new(runtime, sealer),
            verified: Verified::new(),
            workspaces,
        }
    }

    /// The workspace with this id.
    pub(crate) async fn workspace(&self, id: TenantId) -> Result<Option<Workspace>> {
        self.workspaces.by_id(id).await
    }

    /// Who signs our tokens.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What we are called: the host of the public URL.
    pub(crate) fn host(&self) -> String {
        let url = self.issuer.parse::<http::Uri>().unwrap_or_default();
        url.host().unwrap_or_default().to_owned()
    }

    /// The keys that all workspaces are signed for with.
    async fn ring(&self) -> Result<Arc<KeyRing>> {
        self.keys.ring(Realm::Instance).await
    }

    /// What was found out about a token before, if it was.
    fn known(&self, token: &PresentedToken, now: Timestamp) -> Option<VerifiedAccess> {
        self.verified.get(token.expose(), now)
    }

    /// What a token says, if it holds: of any workspace. `known` is what was found
    /// out about it before.
    async fn verify(
        &self,
        token: &PresentedToken,
        known: Option<VerifiedAccess>,
        now: Timestamp,
    ) -> Result<Option<VerifiedAccess>> {
        let (text, ring) = (token.expose(), self.ring().await?);
        if let Some(verified) = known.filter(|known| Arc::ptr_eq(&known.keys, &ring)) {
            // The workspace may have been deleted since.
            let there = self.workspaces.by_id(verified.says.workspace.id).await?;
            return Ok(there.map(|_| verified));
        }
        // Nobody has vouched for it yet: it only says which rules to hold the
        // token to.
        let Some(claimed) = claimed_workspace(text) else {
            return Ok(None);
        };
        let Some(workspace) = self.workspaces.by_id(claimed).await? else {
            return Ok(None);
        };
        let policy = self.policy(&workspace);
        match policy.verify_until(text, ring.keys(), now) {
            Ok((access, expires_at)) => {
                let session = SessionKey::of_id(SessionId::new(access.session()));
                let verified = VerifiedToken {
                    says: Access { workspace, session },
                    keys: ring,
                    expires_at,
                };
                Ok(Some(self.verified.put(text, verified)))
            }
            Err(error) if error.kind() == ErrorKind::Unauthorized => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn policy(&self, workspace: &Workspace) -> AccessPolicy {
        AccessPolicy::new(&self.issuer, &workspace.slug, workspace.id)
    }
}

impl Auth {
    /// The end users of the workspace with this slug.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) when there is none, or workspaces
    /// have no end users here.
    pub async fn app_by_slug(&self, slug: &str) -> Result<Auth<App>> {
        let apps = self.inner.apps.as_ref().ok_or_else(Error::not_found)?;
        let workspace = apps.workspaces.by_slug(slug).await?;
        self.app(workspace.ok_or_else(Error::not_found)?).await
    }

    /// The public keys access tokens are verified with, as JWKS (RFC 7517).
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) when workspaces have no end users
    /// here.
    pub async fn jwks(&self) -> Result<Json> {
        let apps = self.inner.apps.as_ref().ok_or_else(Error::not_found)?;
        Ok(apps.ring().await?.jwks().clone())
    }

    /// Who acts by an access token, of ours or of an issuer that is trusted, in
    /// the workspace it is for; `None` when the token does not hold or its
    /// session has ended. `named` is the workspace the request names.
    pub(crate) async fn identity_of_access_token(
        &self,
        token: &PresentedToken,
        named: Option<TenantId>,
    ) -> Result<Option<Identity>> {
        let Some(apps) = &self.inner.apps else {
            return Ok(None);
        };
        let now = self.now();
        let known = apps.known(token, now);
        // What is ours is nobody else's.
        if known.is_none()
            && let Some(identity) = self.identity_of_foreign_token(apps, token, named).await?
        {
            return Ok(Some(identity));
        }
        let Some(verified) = apps.verify(token, known, now).await? else {
            return Ok(None);
        };
        let app = self.app(verified.says.workspace.clone()).await?;
        app.identity_of_session(&verified.says.session, None).await
    }

    /// Who acts by a token of an issuer that the host trusts, or the workspace
    /// that is named.
    async fn identity_of_foreign_token(
        &self,
        apps: &Apps,
        token: &PresentedToken,
        named: Option<TenantId>,
    ) -> Result<Option<Identity>> {
        let workspaces = apps.workspaces.as_ref();
        let identity = self.inner.trusted.identify(token, named, workspaces);
        if let Some(identity) = identity.await? {
            return Ok(Some(identity));
        }
        let Some(named) = named else {
            return Ok(None);
        };
        match &self.rules_of(named).await?.issuers {
            Some(issuers) => {
                let identity = issuers.tokens.identify(token, Some(named), workspaces);
                identity.await
            }
            None => Ok(None),
        }
    }
}

impl Auth<App> {
    /// A token that the session can be acted by, for some minutes.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn access_token(&self, signed_in: &SignedIn<App>) -> Result<IssuedAccess> {
        let (apps, policy) = self.tokens()?;
        let user = signed_in.user.id.uuid();
        let mut token = AccessToken::new(user, signed_in.session.id.uuid());
        for (name, value) in &signed_in.claims {
            token = token.with_claim(name, value.clone())?;
        }
        let text = policy.issue(&token, &*apps.ring().await?, self.now())?;
        Ok(IssuedAccess {
            token: PresentedToken(text),
            lifetime: policy.lifetime(),
        })
    }

    /// The session an access token of this workspace is for. Whether that is
    /// still there is another question. `None` when the token does not hold.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn session_of_token(&self, token: &PresentedToken) -> Result<Option<SessionKey>> {
        let apps = self.inner.apps.as_ref().ok_or_else(Error::not_found)?;
        let now = self.now();
        let verified = apps.verify(token, apps.known(token, now), now).await?;
        let verified = verified.as_ref().map(|verified| &verified.says);
        let ours = verified.filter(|access| Some(access.workspace.id) == self.realm.workspace());
        Ok(ours.map(|access| access.session))
    }

    fn tokens(&self) -> Result<(&Apps, AccessPolicy)> {
        let apps = self.inner.apps.as_ref().ok_or_else(Error::not_found)?;
        let workspace = self.workspace.as_ref().ok_or_else(Error::not_found)?;
        Ok((apps, apps.policy(workspace)))
    }
}
