use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::Params;
use workeros_core::{
    CaptchaServices, Error, ErrorKind, HttpClient, Mailer, RateLimiter, Result, Runtime, Secret,
    Step, TenantId, Workspaces,
};

use crate::access::Apps;
use crate::anonymous::{AnonymousLink, LinkHook};
use crate::auth::{Auth, Inner, RoleGuard};
use crate::background::Background;
use crate::cache::Cache;
use crate::hashing::Hasher;
use crate::mail::Mail;
use crate::oauth::{self, OAuthProvider};
use crate::plane::PerPlane;
use crate::setup::FirstAdmin;
use crate::store::Store;
use crate::third_party::TrustedTokens;
use crate::{
    AuthHooks, CaptchaPolicy, CookiePolicy, RealmSettings, SetupToken, SignUpPolicy, TokenIssuer,
};

/// Builds an [`Auth`]; see [`Auth::builder`].
#[must_use]
pub struct AuthBuilder {
    runtime: Runtime,
    default_tenant: TenantId,
    settings: RealmSettings,
    app_settings: RealmSettings,
    setup_token: Option<String>,
    has_first_admin: bool,
    cookie: CookiePolicy,
    hashing_threads: usize,
    hashing_queue: usize,
    weak_hashing: bool,
    role_guard: Option<Box<RoleGuard>>,
    cached: usize,
    #[cfg(feature = "passkey")]
    passkeys: Option<crate::RelyingParty>,
    secret: Option<Secret>,
    limiter: Option<Arc<dyn RateLimiter>>,
    mailer: Option<Arc<dyn Mailer>>,
    apps: Option<(String, Arc<dyn Workspaces>)>,
    http: Option<Arc<dyn HttpClient>>,
    captchas: Option<Arc<dyn CaptchaServices>>,
    oauth: PerPlane<Vec<OAuthProvider>>,
    issuers: Vec<TokenIssuer>,
    hooks: Vec<Arc<dyn AuthHooks>>,
    anonymous_link: Option<LinkHook>,
}

impl AuthBuilder {
    pub(crate) fn new(runtime: Runtime, default_tenant: TenantId) -> Self {
        Self {
            runtime,
            default_tenant,
            settings: RealmSettings::new(),
            app_settings: RealmSettings::new(),
            setup_token: None,
            has_first_admin: true,
            cookie: CookiePolicy::secure(),
            hashing_threads: spare_cores(),
            hashing_queue: 128,
            weak_hashing: false,
            role_guard: None,
            cached: 10_000,
            #[cfg(feature = "passkey")]
            passkeys: None,
            secret: None,
            limiter: None,
            mailer: None,
            apps: None,
            http: None,
            captchas: None,
            oauth: PerPlane::default(),
            issuers: Vec::new(),
            hooks: Vec::new(),
            anonymous_link: None,
        }
    }

    /// Sets the rules for the users of the instance.
    pub fn with_settings(mut self, settings: RealmSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Sets the rules for the end users of workspaces, where those do not say
    /// otherwise ([`Auth::change_settings`]), and the limits within which they
    /// may.
    pub fn with_app_settings(mut self, settings: RealmSettings) -> Self {
        self.app_settings = settings;
        self
    }

    /// Sets who may become a user of the instance by himself (everybody). The
    /// first one always may.
    pub fn with_sign_up(mut self, policy: SignUpPolicy) -> Self {
        self.settings = self.settings.with_sign_up(policy);
        self
    }

    /// See [`RealmSettings::with_min_password_length`].
    pub fn with_min_password_length(mut self, chars: usize) -> Self {
        self.settings = self.settings.with_min_password_length(chars);
        self
    }

    /// See [`RealmSettings::with_blocked_passwords`].
    pub fn with_blocked_passwords(
        mut self,
        words: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Self {
        self.settings = self.settings.with_blocked_passwords(words);
        self
    }

    /// Asks for this token (at least 16 characters) at the first sign-up, so
    /// that no stranger becomes admin of a server that is already reachable.
    pub fn with_setup_token(mut self, token: impl Into<String>) -> Self {
        self.setup_token = Some(token.into());
        self
    }

    /// Makes nobody admin by signing up first: who runs the instance is known to the
    /// host, by an authenticator of its own, or by [`create_user`](Auth::create_user).
    pub fn without_first_admin(mut self) -> Self {
        self.has_first_admin = false;
        self
    }

    /// Asks for a captcha of the users of the instance; see
    /// [`RealmSettings::with_captcha`].
    pub fn with_captcha(mut self, policy: CaptchaPolicy) -> Self {
        self.settings = self.settings.with_captcha(policy);
        self
    }

    /// Lets workspaces bring [captchas](RealmSettings::with_captcha) of their own,
    /// of these services.
    pub fn with_captcha_services(mut self, services: Arc<dyn CaptchaServices>) -> Self {
        self.captchas = Some(services);
        self
    }

    /// Adds somebody who has a say in what happens to users, of the instance and
    /// of every workspace. Those of the
    /// [settings](RealmSettings::with_hooks) are asked before.
    pub fn with_hooks(mut self, hooks: Arc<dyn AuthHooks>) -> Self {
        self.hooks.push(hooks);
        self
    }

    /// Sets the name and marks of the session cookie
    /// ([`CookiePolicy::secure`]).
    pub fn with_cookie(mut self, cookie: CookiePolicy) -> Self {
        self.cookie = cookie;
        self
    }

    /// See [`RealmSettings::with_session_lifetime`].
    pub fn with_session_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings = self.settings.with_session_lifetime(lifetime);
        self
    }

    /// See [`RealmSettings::with_session_idle`].
    pub fn with_session_idle(mut self, idle: Duration) -> Self {
        self.settings = self.settings.with_session_idle(idle);
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

    /// Sets what is done when an anonymous user signs in to an account he has: he
    /// is that user from then on, and the anonymous one is gone, whose id rows may
    /// hold. It is waited for before he is answered; that it fails is logged, and
    /// the activity names both users for who wants to try again. Nobody else moves
    /// what belonged to the one to the other.
    pub fn with_anonymous_link<F>(
        mut self,
        hook: impl Fn(AnonymousLink) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        self.anonymous_link = Some(LinkHook::new(hook));
        self
    }

    /// Sets how many sessions of each plane, and as many API keys, are remembered (10 000;
    /// about 1 KiB each). With 0, and unless
    /// [`Auth::refresh`] is called all the time, each check reads the database.
    pub fn with_cached_sessions(mut self, entries: usize) -> Self {
        self.cached = entries;
        self
    }

    /// Sets the secret that codes, refresh tokens and what is kept sealed go by;
    /// instances on one database need the same. Without it there is no mail and
    /// no second factor, and there are no end users.
    pub fn with_secret(mut self, secret: Secret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Sets what counts attempts and mails. Without it nothing is held back.
    pub fn with_rate_limiter(mut self, limiter: Arc<dyn RateLimiter>) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Counts nothing and holds nothing back, whatever was
    /// [set](Self::with_rate_limiter) before: **passwords and codes can be
    /// guessed, and keys have no quotas**. For measurements.
    pub fn danger_without_rate_limits(mut self) -> Self {
        tracing::warn!("nothing is held back: `danger_without_rate_limits` is for measurements");
        self.limiter = None;
        self
    }

    /// Sends mail: links to verify an address and to choose a new password
    /// (without it there are none). Mails are queued in the database, sealed
    /// by the [secret](Self::with_secret); whoever sets this calls
    /// [`Auth::deliver_mail`] and [`Auth::drop_expired`].
    pub fn with_mailer(mut self, mailer: Arc<dyn Mailer>) -> Self {
        self.mailer = Some(mailer);
        self
    }

    /// Lets workspaces have end users. Their access tokens are signed with keys
    /// of the instance, sealed by the [secret](Self::with_secret), and say that
    /// they are of `issuer`, the public URL.
    pub fn with_apps(mut self, issuer: impl Into<String>, workspaces: Arc<dyn Workspaces>) -> Self {
        self.apps = Some((issuer.into(), workspaces));
        self
    }

    /// Lets the users of the instance sign in by an account at this provider,
    /// which needs an [HTTP client](Self::with_http_client) and a
    /// [secret](Self::with_secret).
    pub fn with_oauth_provider(mut self, provider: OAuthProvider) -> Self {
        self.oauth.platform.push(provider);
        self
    }

    /// Lets the end users of every workspace sign in by an account at this
    /// provider.
    pub fn with_app_oauth_provider(mut self, provider: OAuthProvider) -> Self {
        self.oauth.app.push(provider);
        self
    }

    /// Lets end users act by tokens of this issuer, in the workspaces it names or
    /// in all, without an account here. Its keys are fetched by the
    /// [HTTP client](Self::with_http_client).
    pub fn with_trusted_issuer(mut self, issuer: TokenIssuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Sets what requests to providers and issuers are sent by. It says where they may go.
    pub fn with_http_client(mut self, client: Arc<dyn HttpClient>) -> Self {
        self.http = Some(client);
        self
    }

    /// Sets whom passkeys are made for where the
    /// [settings](RealmSettings::with_passkeys) do not say (nobody: there are
    /// none).
    #[cfg(feature = "passkey")]
    pub fn with_passkeys(mut self, party: crate::RelyingParty) -> Self {
        self.passkeys = Some(party);
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
        let params = self.hashing_params()?;
        let finish = |settings: RealmSettings, providers| {
            let add = RealmSettings::with_hooks;
            let mut settings = self.hooks.iter().cloned().fold(settings, add);
            settings.providers = oauth::connect(providers, self.http.as_ref(), &self.runtime)?;
            #[cfg(feature = "passkey")]
            let settings = settings.or_passkeys(self.passkeys.as_ref());
            Ok::<_, Error>(settings)
        };
        let settings = finish(self.settings, self.oauth.platform)?;
        let app_settings = finish(self.app_settings, self.oauth.app)?;
        let clock = &self.runtime.clock;
        let trusted = TrustedTokens::new(self.issuers, self.http.as_ref(), clock)?;
        let apps = self.apps.zip(self.secret.clone());
        let apps = apps.map(|((issuer, workspaces), secret)| {
            Apps::new(self.runtime.clone(), secret, issuer, workspaces)
        });
        let random = Arc::clone(&self.runtime.random);
        let first_admin = match self.setup_token.as_deref() {
            _ if !self.has_first_admin => FirstAdmin::Nobody,
            Some(token) => FirstAdmin::WithToken(SetupToken::new(token)),
            None => FirstAdmin::Anybody,
        };
        let inner = Inner {
            hasher: Hasher::new(params, random, self.hashing_threads, self.hashing_queue),
            store: Arc::new(Store::new(self.runtime.database)),
            clock: self.runtime.clock,
            ids: self.runtime.ids,
            random: self.runtime.random,
            sessions: PerPlane {
                platform: Cache::new(self.cached),
                app: Cache::new(self.cached),
            },
            keys: Cache::new(self.cached),
            default_tenant: self.default_tenant,
            app_settings: Arc::new(app_settings),
            rules: Cache::new(self.cached),
            first_admin,
            cookie: self.cookie,
            role_guard: self.role_guard,
            background: Background::default(),
            secret: self.secret,
            limiter: self.limiter,
            mail: self.mailer.map(Mail::new),
            apps,
            http: self.http,
            captchas: self.captchas,
            trusted,
            anonymous_link: self.anonymous_link,
        };
        Ok(Auth::new(inner, settings))
    }

    fn hashing_params(&self) -> Result<Params> {
        let params = if self.weak_hashing {
            tracing::warn!("passwords are hashed weakly: `danger_weak_hashing` is for tests");
            Params::new(Params::MIN_M_COST, 1, 1, None)
        } else {
            Params::new(Params::DEFAULT_M_COST, Params::DEFAULT_T_COST, 1, None)
        };
        params.map_err(Error::internal)
    }

    fn check(&self) -> Result<()> {
        let settings = [&self.settings, &self.app_settings];
        settings.iter().try_for_each(|settings| settings.check())?;
        let verifies = settings
            .iter()
            .any(|settings| settings.require_verified_email);
        if verifies && self.mailer.is_none() {
            return refuse("addresses cannot be verified without a mailer");
        }
        self.check_secret()?;
        self.check_issuers()?;
        let token = self.setup_token.as_ref();
        if token.is_some_and(|token| token.len() < SetupToken::MIN_BYTES) {
            return refuse(
                "the setup token is shorter than 16 characters; make one with `openssl rand -hex 16`",
            );
        }
        if self.setup_token.is_some() && !self.has_first_admin {
            return refuse("a setup token is of no use where nobody becomes admin by signing up");
        }
        if self.hashing_threads == 0 {
            return refuse("at least one thread must check passwords");
        }
        Ok(())
    }

    /// Refuses what goes by a secret where there is none.
    fn check_secret(&self) -> Result<()> {
        let has_providers = !(self.oauth.platform.is_empty() && self.oauth.app.is_empty());
        let goes_by_it = [
            (
                self.mailer.is_some(),
                "mail needs a secret that it is sealed with",
            ),
            (
                self.apps.is_some(),
                "end users need a secret that their tokens go by",
            ),
            (
                has_providers,
                "providers need a secret that what is begun with them is sealed with",
            ),
            #[cfg(feature = "passkey")]
            (
                self.passkeys.is_some(),
                "passkeys need a secret that what devices are asked is sealed with",
            ),
        ];
        let refused = goes_by_it.into_iter().find(|(is_there, _)| *is_there);
        match refused {
            Some((_, why)) if self.secret.is_none() => refuse(why),
            _ => Ok(()),
        }
    }

    fn check_issuers(&self) -> Result<()> {
        match &self.apps {
            None if !self.issuers.is_empty() => {
                refuse("issuers are trusted for end users, and there are none")
            }
            Some((ours, _)) if self.issuers.iter().any(|issuer| issuer.issuer() == ours) => {
                refuse("an issuer that is trusted must not be this instance itself")
            }
            _ => Ok(()),
        }
    }
}

fn refuse(why: &'static str) -> Result<()> {
    Err(Error::new(ErrorKind::Validation, why))
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
