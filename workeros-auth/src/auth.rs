use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use workeros_core::{
    Batch, Clock, IdGenerator, Random, Result, Rows, Runtime, Statement, Step, TenantId, Timestamp,
};

use crate::api_key::KnownKey;
use crate::background::Background;
use crate::builder::AuthBuilder;
use crate::cache::Cache;
use crate::changes::Affected;
use crate::hashing::Hasher;
use crate::mail::Mail;
use crate::password::PasswordPolicy;
use crate::store::Store;
use crate::{ActiveSession, CookiePolicy, SetupToken};

/// Users, sessions and API keys of one instance. Cheap to clone.
///
/// Its methods are called within a tokio runtime.
#[derive(Clone)]
pub struct Auth {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdGenerator>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) sessions: Cache<ActiveSession>,
    pub(crate) keys: Cache<KnownKey>,
    pub(crate) default_tenant: TenantId,
    pub(crate) hasher: Hasher,
    pub(crate) policy: PasswordPolicy,
    pub(crate) setup_token: Option<SetupToken>,
    pub(crate) cookie: CookiePolicy,
    pub(crate) lifetime: Lifetime,
    pub(crate) role_guard: Option<Box<RoleGuard>>,
    pub(crate) background: Background,
    pub(crate) mail: Option<Mail>,
}

/// Makes the step that a named role must pass before it is given to a user.
pub(crate) type RoleGuard = dyn Fn(TenantId, &str) -> Step + Send + Sync;

/// How long a session lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetime {
    /// From sign-in.
    pub(crate) absolute: Duration,
    /// From the last request.
    pub(crate) idle: Duration,
}

impl Auth {
    /// Starts building. The first user to sign up becomes admin of
    /// `default_tenant`.
    pub fn builder(runtime: Runtime, default_tenant: TenantId) -> AuthBuilder {
        AuthBuilder::new(runtime, default_tenant)
    }

    /// How the session cookie is named and marked.
    #[must_use]
    pub fn cookie(&self) -> &CookiePolicy {
        &self.inner.cookie
    }

    /// How long a session lives at most, from sign-in; also the `Max-Age` of
    /// its cookie.
    #[must_use]
    pub fn session_lifetime(&self) -> Duration {
        self.inner.lifetime.absolute
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

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    pub(crate) async fn fetch(&self, statement: Statement) -> Result<Rows> {
        self.inner.store.fetch(statement).await
    }

    /// See [`Store::apply`].
    pub(crate) async fn apply(&self, affected: &[Affected], batch: Batch) -> Result<()> {
        self.inner.store.apply(affected, batch).await
    }

    /// See [`Store::apply_and_read`].
    pub(crate) async fn apply_and_read(&self, affected: &[Affected], batch: Batch) -> Result<Rows> {
        self.inner.store.apply_and_read(affected, batch).await
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("default_tenant", &self.inner.default_tenant)
            .finish_non_exhaustive()
    }
}
