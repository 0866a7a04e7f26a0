use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use workeros_core::{Result, Runtime, Statement, Step, TenantId, Timestamp};

use crate::background::Background;
use crate::builder::AuthBuilder;
use crate::hashing::Hasher;
use crate::password::PasswordPolicy;
use crate::{CookiePolicy, SetupToken};

/// Users, sessions and API keys of one instance. Cheap to clone.
///
/// Its methods are called within a tokio runtime.
#[derive(Clone)]
pub struct Auth {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) runtime: Runtime,
    pub(crate) default_tenant: TenantId,
    pub(crate) hasher: Hasher,
    pub(crate) policy: PasswordPolicy,
    pub(crate) setup_token: Option<SetupToken>,
    pub(crate) cookie: CookiePolicy,
    pub(crate) lifetime: Lifetime,
    pub(crate) role_guard: Option<Box<RoleGuard>>,
    pub(crate) background: Background,
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

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.runtime.now()
    }

    pub(crate) async fn fetch(&self, statement: Statement) -> Result<workeros_core::Rows> {
        self.inner.runtime.database.fetch(statement).await
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("default_tenant", &self.inner.default_tenant)
            .finish_non_exhaustive()
    }
}
