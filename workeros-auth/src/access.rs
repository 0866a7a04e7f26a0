//! How end users act: by access tokens that last minutes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use workeros_core::{
    Error, ErrorKind, Identity, Result, Runtime, Sealer, Secret, SessionId, Timestamp, Workspace,
    Workspaces,
};

use crate::jwt::{AccessPolicy, AccessToken, KeyRing, SigningKeys, claimed_workspace};
use crate::key::SessionKey;
use crate::verified::{Entry, Verified};
use crate::{App, Auth, Realm, SignedIn};

/// What it takes that workspaces have end users.
#[derive(Debug)]
pub(crate) struct Apps {
    issuer: String,
    keys: SigningKeys,
    verified: Verified,
    workspaces: Arc<dyn Workspaces>,
}

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

    /// The keys that all workspaces are signed for with.
    async fn ring(&self) -> Result<Arc<KeyRing>> {
        self.keys.ring(Realm::Instance).await
    }

    /// What a token says, if it holds: of any workspace.
    async fn verify(&self, token: &PresentedToken, now: Timestamp) -> Result<Option<Arc<Entry>>> {
        let (text, ring) = (token.expose(), self.ring().await?);
        if let Some(verified) = self.verified.get(text, &ring, now) {
            return Ok(Some(verified));
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
                let entry = Entry {
                    workspace,
                    key: SessionKey::of_id(SessionId::new(access.session())),
                    ring,
                    expires_at,
                };
                Ok(Some(self.verified.put(text, entry)))
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

    /// Who acts by an access token, in the workspace it is for; `None` when the
    /// token does not hold or its session has ended.
    pub(crate) async fn identity_of_access_token(
        &self,
        token: &PresentedToken,
    ) -> Result<Option<Identity>> {
        let Some(apps) = &self.inner.apps else {
            return Ok(None);
        };
        let Some(verified) = apps.verify(token, self.now()).await? else {
            return Ok(None);
        };
        let app = self.app(verified.workspace.clone()).await?;
        app.identity_of_session(&verified.key, None).await
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
        let token = AccessToken::new(user, signed_in.session.id.uuid());
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
        let verified = apps.verify(token, self.now()).await?;
        let ours =
            verified.filter(|verified| Some(verified.workspace.id) == self.realm.workspace());
        Ok(ours.map(|verified| verified.key))
    }

    fn tokens(&self) -> Result<(&Apps, AccessPolicy)> {
        let apps = self.inner.apps.as_ref().ok_or_else(Error::not_found)?;
        let workspace = self.workspace.as_ref().ok_or_else(Error::not_found)?;
        Ok((apps, apps.policy(workspace)))
    }
}
