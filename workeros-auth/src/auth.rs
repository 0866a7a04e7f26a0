use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use workeros_core::{
    Batch, CaptchaServices, Clock, Error, ErrorKind, HttpClient, IdGenerator, Random, RateLimiter,
    Result, Rows, Runtime, Sealer, Secret, Statement, Step, TenantId, Timestamp, Workspace,
};

use crate::access::Apps;
use crate::activity::Caller;
use crate::anonymous::LinkHook;
use crate::api_key::KnownKey;
use crate::background::Background;
use crate::builder::AuthBuilder;
use crate::cache::Cache;
use crate::changes::Affected;
use crate::hashing::Hasher;
use crate::mail::Mail;
use crate::plane::PerPlane;
use crate::settings::KnownRules;
use crate::setup::FirstAdmin;
use crate::store::Store;
use crate::third_party::TrustedTokens;
use crate::{ActiveSession, App, CookiePolicy, Plane, Platform, Realm, RealmSettings};

/// Users and sessions of one realm: of the instance, or, as `Auth<App>`, of one
/// workspace. Cheap to clone.
///
/// Its methods are called within a tokio runtime.
#[derive(Clone)]
pub struct Auth<P: Plane = Platform> {
    pub(crate) inner: Arc<Inner>,
    pub(crate) realm: Realm,
    pub(crate) settings: Arc<RealmSettings>,
    /// Whose workspace it is, if it is one's.
    pub(crate) workspace: Option<Workspace>,
    /// Who asks, where that is known.
    pub(crate) caller: Option<Arc<Caller>>,
    plane: PhantomData<P>,
}

/// What all realms of an instance share.
pub(crate) struct Inner {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdGenerator>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) sessions: PerPlane<Cache<ActiveSession>>,
    pub(crate) keys: Cache<KnownKey>,
    pub(crate) default_tenant: TenantId,
    pub(crate) hasher: Hasher,
    pub(crate) app_settings: Arc<RealmSettings>,
    pub(crate) rules: Cache<KnownRules>,
    pub(crate) first_admin: FirstAdmin,
    pub(crate) cookie: CookiePolicy,
    pub(crate) role_guard: Option<Box<RoleGuard>>,
    pub(crate) background: Background,
    pub(crate) secret: Option<Secret>,
    pub(crate) limiter: Option<Arc<dyn RateLimiter>>,
    pub(crate) mail: Option<Mail>,
    pub(crate) apps: Option<Apps>,
    pub(crate) http: Option<Arc<dyn HttpClient>>,
    pub(crate) captchas: Option<Arc<dyn CaptchaServices>>,
    pub(crate) trusted: TrustedTokens,
    pub(crate) anonymous_link: Option<LinkHook>,
}

/// Makes the step that a named role must pass before it is given to a user.
pub(crate) type RoleGuard = dyn Fn(TenantId, &str) -> Step + Send + Sync;

impl Auth {
    /// Starts building. The first user to sign up becomes admin of
    /// `default_tenant`.
    pub fn builder(runtime: Runtime, default_tenant: TenantId) -> AuthBuilder {
        AuthBuilder::new(runtime, default_tenant)
    }

    pub(crate) fn new(inner: Inner, settings: RealmSettings) -> Self {
        Self {
            inner: Arc::new(inner),
            realm: Realm::Instance,
            settings: Arc::new(settings),
            workspace: None,
            caller: None,
            plane: PhantomData,
        }
    }

    /// How the session cookie is named and marked.
    #[must_use]
    pub fn cookie(&self) -> &CookiePolicy {
        &self.inner.cookie
    }

    /// The end users of a workspace, by the settings that it has now.
    ///
    /// # Errors
    ///
    /// What the database answers;
    /// [`Internal`](ErrorKind::Internal) when the settings cannot be read.
    pub async fn app(&self, workspace: Workspace) -> Result<Auth<App>> {
        let settings = self.rules_of(workspace.id).await?;
        Ok(self.app_by(workspace, settings))
    }

    /// The same for who changes the settings, also where they cannot be read: what
    /// holds then is what the builder says, so it is for nothing else.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn app_to_set_up(&self, workspace: Workspace) -> Result<Auth<App>> {
        let settings = match self.rules_of(workspace.id).await {
            Err(error) if error.kind() == ErrorKind::Internal => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, workspace = %workspace.id, "settings cannot be read");
                Arc::clone(&self.inner.app_settings)
            }
            read => read?,
        };
        Ok(self.app_by(workspace, settings))
    }

    fn app_by(&self, workspace: Workspace, settings: Arc<RealmSettings>) -> Auth<App> {
        Auth {
            inner: Arc::clone(&self.inner),
            realm: Realm::Workspace(workspace.id),
            settings,
            workspace: Some(workspace),
            caller: self.caller.clone(),
            plane: PhantomData,
        }
    }
}

impl<P: Plane> Auth<P> {
    /// Whose users these are.
    #[must_use]
    pub fn realm(&self) -> Realm {
        self.realm
    }

    /// The rules for them.
    #[must_use]
    pub fn settings(&self) -> &RealmSettings {
        &self.settings
    }

    /// How long a session lives at most, from sign-in; also the `Max-Age` of
    /// its cookie.
    #[must_use]
    pub fn session_lifetime(&self) -> Duration {
        self.settings.lifetime.absolute
    }

    /// Waits until the work in the background is done: renewed password
    /// hashes, and when sessions and keys were last used. Call it before the
    /// database is closed.
    pub async fn drain(&self) {
        self.inner.background.drain().await;
    }

    /// Learns what other instances on the same database changed. To be called
    /// every half second: sessions and API keys are remembered only while the
    /// last call that succeeded began less than a second ago, so without it
    /// each check reads the database.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn refresh(&self) -> Result<()> {
        self.inner.store.refresh().await
    }

    /// The workspace its users act in when a request names none.
    pub(crate) fn home(&self) -> TenantId {
        let own = self.realm.workspace();
        own.unwrap_or(self.inner.default_tenant)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// The secret of the instance.
    pub(crate) fn secret(&self) -> Result<&Secret> {
        let secret = self.inner.secret.as_ref();
        secret.ok_or_else(|| Error::new(ErrorKind::Unsupported, "this instance has no secret"))
    }

    /// What keeps the secrets of users at rest.
    pub(crate) fn sealer(&self) -> Result<Sealer> {
        let secret = self.secret()?.clone();
        Ok(Sealer::new(secret, Arc::clone(&self.inner.random)))
    }

    pub(crate) async fn fetch(&self, statement: Statement) -> Result<Rows> {
        self.inner.store.fetch(statement).await
    }

    /// See [`Store::apply`].
    pub(crate) async fn apply(&self, affected: &[Affected], batch: Batch) -> Result<()> {
        self.inner.store.apply::<P>(affected, batch).await
    }

    /// See [`Store::apply_and_read`].
    pub(crate) async fn apply_and_read(&self, affected: &[Affected], batch: Batch) -> Result<Rows> {
        self.inner.store.apply_and_read::<P>(affected, batch).await
    }
}

impl<P: Plane> fmt::Debug for Auth<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inner(..)")
    }
}
