use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::Params;
use workeros_core::{Error, ErrorKind, Result, Runtime, Step, TenantId};

use crate::auth::{Auth, Inner, Lifetime, RoleGuard};
use crate::background::Background;
use crate::cache::Cache;
use crate::hashing::Hasher;
use crate::mail::{Mail, MailOptions};
use crate::password::PasswordPolicy;
use crate::store::Store;
use crate::{CookiePolicy, SetupToken};

const DAY: Duration = Duration::from_hours(24);
const MAX_MIN_PASSWORD_LENGTH: usize = 64;

/// Builds an [`Auth`]; see [`Auth::builder`].
#[must_use]
pub struct AuthBuilder {
    runtime: Runtime,
    default_tenant: TenantId,
    policy: PasswordPolicy,
    setup_token: Option<String>,
    cookie: CookiePolicy,
    lifetime: Lifetime,
    hashing_threads: usize,
    hashing_queue: usize,
    weak_hashing: bool,
    role_guard: Option<Box<RoleGuard>>,
    cached: usize,
    mail: Option<MailOptions>,
}

impl AuthBuilder {
    pub(crate) fn new(runtime: Runtime, default_tenant: TenantId) -> Self {
        Self {
            runtime,
            default_tenant,
            policy: PasswordPolicy {
                min_chars: PasswordPolicy::MIN_CHARS,
                blocked: Default::default(),
            },
            setup_token: None,
            cookie: CookiePolicy::secure(),
            lifetime: Lifetime {
                absolute: DAY * 30,
                idle: DAY,
            },
            hashing_threads: spare_cores(),
            hashing_queue: 128,
            weak_hashing: false,
            role_guard: None,
            cached: 10_000,
            mail: None,
        }
    }

    /// Sets the least number of characters of a new password, 8 to 64 (8;
    /// NIST recommends 15 where there is no second factor).
    pub fn with_min_password_length(mut self, chars: usize) -> Self {
        self.policy.min_chars = chars;
        self
    }

    /// Refuses these as passwords, besides the 10 000 most common ones: the
    /// names of your company and product.
    pub fn with_blocked_passwords(
        mut self,
        words: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Self {
        let words = words.into_iter().map(|word| word.as_ref().to_lowercase());
        self.policy.blocked.extend(words);
        self
    }

    /// Asks for this token (at least 16 characters) at the first sign-up, so
    /// that no stranger becomes admin of a server that is already reachable.
    pub fn with_setup_token(mut self, token: impl Into<String>) -> Self {
        self.setup_token = Some(token.into());
        self
    }

    /// Sets the name and marks of the session cookie
    /// ([`CookiePolicy::secure`]).
    pub fn with_cookie(mut self, cookie: CookiePolicy) -> Self {
        self.cookie = cookie;
        self
    }

    /// Sets how long a session lives at most, from sign-in (30 days).
    pub fn with_session_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime.absolute = lifetime;
        self
    }

    /// Sets how long a session lives without a request (24 hours).
    pub fn with_session_idle(mut self, idle: Duration) -> Self {
        self.lifetime.idle = idle;
        self
    }

    /// Sets how many passwords are checked at once (one less than there are
    /// cores, 1 to 4; each takes 19 MiB and a core for some 30 ms) and how many
    /// callers may wait (128) before further ones are turned away. As many as
    /// cores check the most passwords, and let everything else wait for them.
    pub fn with_hashing(mut self, threads: usize, queue: usize) -> Self {
        self.hashing_threads = threads;
        self.hashing_queue = queue;
        self
    }

    /// Sets the step that is put in front of every batch that gives a role to
    /// a user; it fails when there is no such role. Not asked for `admin`,
    /// `authenticated` and `public`. Without it any name will do.
    pub fn with_role_guard(
        mut self,
        guard: impl Fn(TenantId, &str) -> Step + Send + Sync + 'static,
    ) -> Self {
        self.role_guard = Some(Box::new(guard));
        self
    }

    /// Sets how many sessions, and as many API keys, are remembered (10 000;
    /// about 1 KiB each). With 0, and unless
    /// [`Auth::refresh`] is called all the time, each check reads the database.
    pub fn with_cached_sessions(mut self, entries: usize) -> Self {
        self.cached = entries;
        self
    }

    /// Sends mail: links to verify an address and to choose a new password
    /// (without it there are none). Mails are queued in the database; whoever
    /// sets this calls [`Auth::deliver_mail`] and [`Auth::drop_expired`].
    pub fn with_mail(mut self, mail: MailOptions) -> Self {
        self.mail = Some(mail);
        self
    }

    /// Makes password hashes that cost next to nothing, **and are next to
    /// worthless**: for tests.
    pub fn danger_weak_hashing(mut self) -> Self {
        self.weak_hashing = true;
        self
    }

    /// Checks the whole.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) when an option is out of its
    /// range.
    pub fn build(self) -> Result<Auth> {
        self.check()?;
        let params = if self.weak_hashing {
            tracing::warn!("passwords are hashed weakly: `danger_weak_hashing` is for tests");
            Params::new(Params::MIN_M_COST, 1, 1, None)
        } else {
            Params::new(Params::DEFAULT_M_COST, Params::DEFAULT_T_COST, 1, None)
        };
        let params = params.map_err(Error::internal)?;
        let random = Arc::clone(&self.runtime.random);
        let mail = self
            .mail
            .map(|options| Mail::new(options, Arc::clone(&random)));
        let inner = Inner {
            hasher: Hasher::new(params, random, self.hashing_threads, self.hashing_queue),
            store: Arc::new(Store::new(self.runtime.database)),
            clock: self.runtime.clock,
            ids: self.runtime.ids,
            random: self.runtime.random,
            sessions: Cache::new(self.cached),
            keys: Cache::new(self.cached),
            default_tenant: self.default_tenant,
            policy: self.policy,
            setup_token: self.setup_token.as_deref().map(SetupToken::new),
            cookie: self.cookie,
            lifetime: self.lifetime,
            role_guard: self.role_guard,
            background: Background::default(),
            mail,
        };
        Ok(Auth {
            inner: Arc::new(inner),
        })
    }

    fn check(&self) -> Result<()> {
        let refuse = |why| Err(Error::new(ErrorKind::Validation, why));
        let lengths = PasswordPolicy::MIN_CHARS..=MAX_MIN_PASSWORD_LENGTH;
        if !lengths.contains(&self.policy.min_chars) {
            return refuse("the least password length must be between 8 and 64 characters");
        }
        if self
            .setup_token
            .as_ref()
            .is_some_and(|token| token.len() < SetupToken::MIN_BYTES)
        {
            return refuse(
                "the setup token is shorter than 16 characters; make one with `openssl rand -hex 16`",
            );
        }
        if self.lifetime.absolute.is_zero() || self.lifetime.idle.is_zero() {
            return refuse("a session must live longer than no time at all");
        }
        if self.hashing_threads == 0 {
            return refuse("at least one thread must check passwords");
        }
        Ok(())
    }
}

/// A flood of sign-ins is to leave a core for everything else.
fn spare_cores() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores.saturating_sub(1).clamp(1, 4)
}

impl fmt::Debug for AuthBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthBuilder").finish_non_exhaustive()
    }
}
