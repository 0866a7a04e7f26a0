use std::sync::Arc;

use http::Uri;
#[cfg(all(feature = "captcha", feature = "http-client"))]
use workeros_adapters::KnownCaptchas;
use workeros_adapters::{ConsoleMailer, DatabaseRateLimiter, MemoryRateLimiter};
#[cfg(feature = "http-client")]
use workeros_adapters::{ReqwestClient, ReqwestOptions};
use workeros_auth::{Auth, AuthBuilder, AuthHooks, CookiePolicy};
use workeros_core::{
    Authenticator, Clock, Database, Dialect, Error, ErrorKind, IdGenerator, Mailer, Random,
    RateLimiter, Result, Runtime, Secret, migrate,
};
use workeros_http::{Backend, Config, Origin, TrustedProxies};
use workeros_schema::{DataPlane, Hooks, Limits};

use crate::Workeros;
use crate::tasks::Tasks;

/// Where clients reach a backend that does not say.
const DEFAULT_URL: &str = "http://127.0.0.1:8080";

type AuthOptions = Box<dyn FnOnce(AuthBuilder) -> AuthBuilder + Send>;

/// Puts a [`Workeros`] together. Everything has a default; [`build`](Self::build)
/// checks the whole.
#[must_use]
pub struct Builder {
    database: Option<Arc<dyn Database>>,
    public_url: String,
    secret: Option<Secret>,
    hooks: Hooks,
    limits: Limits,
    auth: Option<AuthOptions>,
    mailer: Option<Arc<dyn Mailer>>,
    rate_limiter: Option<Arc<dyn RateLimiter>>,
    auth_hooks: Vec<Arc<dyn AuthHooks>>,
    authenticators: Vec<Arc<dyn Authenticator>>,
    allowed_origins: Vec<String>,
    trusted_origins: Vec<String>,
    max_body_bytes: Option<usize>,
    trusted_proxies: TrustedProxies,
    clock: Option<Arc<dyn Clock>>,
    ids: Option<Arc<dyn IdGenerator>>,
    random: Option<Arc<dyn Random>>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            database: None,
            public_url: DEFAULT_URL.to_owned(),
            secret: None,
            hooks: Hooks::default(),
            limits: Limits::default(),
            auth: Some(Box::new(|auth| auth)),
            mailer: None,
            rate_limiter: None,
            auth_hooks: Vec::new(),
            authenticators: Vec::new(),
            allowed_origins: Vec::new(),
            trusted_origins: Vec::new(),
            max_body_bytes: None,
            trusted_proxies: TrustedProxies::default(),
            clock: None,
            ids: None,
            random: None,
        }
    }

    /// Sets the database. Default, with the feature `sqlite`:
    /// `./.data/workeros.sqlite`.
    pub fn db(self, database: impl Database) -> Self {
        self.shared_db(Arc::new(database))
    }

    /// Sets a database that the host uses as well.
    pub fn shared_db(mut self, database: Arc<dyn Database>) -> Self {
        self.database = Some(database);
        self
    }

    /// Sets where clients reach the backend, the path it is mounted under
    /// included. Default: `http://127.0.0.1:8080`. Cookies, CSRF protection
    /// and links go by it.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = url.into();
        self
    }

    /// Sets the secret that everything is derived from which is signed or sealed:
    /// cursors, codes, the tokens of end users, second factors, mails until they are
    /// sent. Without one, a random one is made at the first start and kept in the
    /// database.
    pub fn secret(mut self, secret: Secret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Sets the host's hooks.
    pub fn hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self
    }

    /// Sets how much of the database one workspace may take.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets up the bundled users, sessions and API keys. Said again, it adds to
    /// what was said before.
    pub fn auth(
        mut self,
        options: impl FnOnce(AuthBuilder) -> AuthBuilder + Send + 'static,
    ) -> Self {
        self.auth = Some(match self.auth.take() {
            Some(before) => Box::new(|auth| options(before(auth))),
            None => Box::new(options),
        });
        self
    }

    /// Leaves the bundled users out: the host brings its own, by
    /// [`authenticator`](Self::authenticator).
    pub fn without_auth(mut self) -> Self {
        self.auth = None;
        self
    }

    /// Sets who sends the mails of the bundled users. Default:
    /// [`ConsoleMailer`], which writes them to the log.
    pub fn mailer(mut self, mailer: impl Mailer) -> Self {
        self.mailer = Some(Arc::new(mailer));
        self
    }

    /// Sets what counts attempts to sign in, mails, and requests by API keys.
    /// Default: memory on SQLite, which one instance has to itself, and on
    /// Postgres the database, so that instances which share it count together.
    pub fn rate_limiter(mut self, limiter: impl RateLimiter) -> Self {
        self.rate_limiter = Some(Arc::new(limiter));
        self
    }

    /// Adds somebody who has a say when users are made, sign in and are written
    /// to: the team and the end users of every workspace. May be called more than
    /// once; each is asked, in that order.
    pub fn auth_hooks(mut self, hooks: impl AuthHooks) -> Self {
        self.auth_hooks.push(Arc::new(hooks));
        self
    }

    /// Adds users of the host's own. They are asked before the bundled ones.
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.authenticators.push(Arc::new(authenticator));
        self
    }

    /// Lets pages of an origin (`https://app.example.com`) use the backend from
    /// a browser.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.allowed_origins.push(origin.into());
        self
    }

    /// Lets pages of an origin act for whoever is signed in, without letting
    /// them read answers: another name of the host, say.
    pub fn trust_origin(mut self, origin: impl Into<String>) -> Self {
        self.trusted_origins.push(origin.into());
        self
    }

    /// Sets the largest body of a request, in bytes. Default: 2 MiB.
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = Some(bytes);
        self
    }

    /// Sets the proxies that are believed when they name the client of a
    /// request. Default: none, so whoever connects is the client.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.trusted_proxies = proxies;
        self
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Sets the generator of ids.
    pub fn ids(mut self, ids: impl IdGenerator) -> Self {
        self.ids = Some(Arc::new(ids));
        self
    }

    /// Sets the source of random bytes.
    pub fn random(mut self, random: impl Random) -> Self {
        self.random = Some(Arc::new(random));
        self
    }

    /// Checks the whole, migrates the system tables and starts the background
    /// work.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) for a setting that cannot be;
    /// what the database answers.
    pub async fn build(mut self) -> Result<Workeros> {
        let url = parse_url(&self.public_url)?;
        self.check()?;
        let (plane, secret) = self.plane().await?;
        let mut config = Config::new(url.clone())?.with_trusted_proxies(self.trusted_proxies);
        let auth = match self.auth {
            Some(options) => {
                let mailer = self.mailer.unwrap_or_else(to_the_log);
                let limiter = match self.rate_limiter {
                    Some(limiter) => limiter,
                    None => default_rate_limiter(plane.runtime()).await?,
                };
                let hooks = self.auth_hooks;
                let given = move |auth: AuthBuilder| {
                    let auth = auth.with_mailer(mailer).with_rate_limiter(limiter);
                    options(hooks.into_iter().fold(auth, AuthBuilder::with_hooks))
                };
                Some(open_auth(&plane, &url, secret, given).await?)
            }
            None => None,
        };
        if let Some(auth) = &auth {
            config = config.with_auth(auth.clone());
        }
        for authenticator in self.authenticators {
            config = config.with_authenticator(authenticator);
        }
        config = config
            .with_allowed_origins(origins(&self.allowed_origins)?)
            .with_trusted_origins(origins(&self.trusted_origins)?);
        if let Some(bytes) = self.max_body_bytes {
            config = config.with_max_body_bytes(bytes);
        }
        let tasks = Tasks::start(&plane, auth.as_ref()).await?;
        Ok(Workeros::new(Backend::new(plane, config), tasks))
    }

    /// Migrates the system tables and gives the data, without a service, without
    /// the bundled users and without background work: for a tool that runs beside a
    /// server, and for a deployment that migrates before its instances start.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn open(mut self) -> Result<DataPlane> {
        let (plane, _) = self.plane().await?;
        if self.auth.is_some() {
            migrate_auth(plane.runtime()).await?;
            if self.rate_limiter.is_none() {
                default_rate_limiter(plane.runtime()).await?;
            }
        }
        Ok(plane)
    }

    /// What is for the bundled users alone must not be said for nobody.
    fn check(&self) -> Result<()> {
        let for_users = [
            ("mailer", self.mailer.is_some()),
            ("rate_limiter", self.rate_limiter.is_some()),
            ("auth_hooks", !self.auth_hooks.is_empty()),
        ];
        match for_users.into_iter().find(|(_, is_set)| *is_set) {
            Some((name, _)) if self.auth.is_none() => {
                let why =
                    format!("`{name}` is for the bundled users, whom `without_auth` leaves out");
                Err(Error::new(ErrorKind::Validation, why))
            }
            _ => Ok(()),
        }
    }

    async fn plane(&mut self) -> Result<(DataPlane, Secret)> {
        let runtime = self.runtime().await?;
        let secret = match self.secret.take() {
            Some(secret) => secret,
            None => DataPlane::stored_secret(&runtime).await?,
        };
        let hooks = std::mem::take(&mut self.hooks);
        let plane = DataPlane::open_with(runtime, &secret, hooks, self.limits.clone()).await?;
        Ok((plane, secret))
    }

    async fn runtime(&mut self) -> Result<Runtime> {
        let database = match self.database.take() {
            Some(database) => database,
            None => default_database().await?,
        };
        let mut runtime = Runtime::new(database);
        if let Some(clock) = self.clock.take() {
            runtime = runtime.with_clock(clock);
        }
        if let Some(ids) = self.ids.take() {
            runtime = runtime.with_ids(ids);
        }
        if let Some(random) = self.random.take() {
            runtime = runtime.with_random(random);
        }
        Ok(runtime)
    }
}

fn to_the_log() -> Arc<dyn Mailer> {
    tracing::warn!("mail is written to the log, with the links in it: no mailer is set");
    Arc::new(ConsoleMailer)
}

async fn default_rate_limiter(runtime: &Runtime) -> Result<Arc<dyn RateLimiter>> {
    let (database, clock) = (Arc::clone(&runtime.database), Arc::clone(&runtime.clock));
    Ok(match database.dialect() {
        Dialect::Sqlite => Arc::new(MemoryRateLimiter::new(clock)),
        Dialect::Postgres => Arc::new(DatabaseRateLimiter::open(database, clock).await?),
    })
}

async fn migrate_auth(runtime: &Runtime) -> Result<()> {
    let (database, clock) = (&*runtime.database, &*runtime.clock);
    migrate(database, clock, workeros_auth::MIGRATIONS).await
}

async fn open_auth(
    plane: &DataPlane,
    url: &Uri,
    secret: Secret,
    options: impl FnOnce(AuthBuilder) -> AuthBuilder,
) -> Result<Auth> {
    let runtime = plane.runtime();
    migrate_auth(runtime).await?;
    let issuer = url.to_string();
    let builder = Auth::builder(runtime.clone(), plane.default_tenant())
        .with_cookie(CookiePolicy::for_public_url(url))
        .with_secret(secret)
        .with_apps(issuer.trim_end_matches('/'), Arc::new(plane.clone()))
        .with_role_guard(DataPlane::role_guard);
    #[cfg(feature = "passkey")]
    let builder = match passkeys_of(url) {
        Some(party) => builder.with_passkeys(party),
        None => builder,
    };
    #[cfg(feature = "http-client")]
    let builder = with_requests(builder);
    let auth = options(builder).build()?;
    auth.warn_without_admin().await?;
    Ok(auth)
}

/// What asks providers, also those that workspaces name: it goes nowhere inside the
/// network unless the host sets another.
#[cfg(feature = "http-client")]
fn with_requests(builder: AuthBuilder) -> AuthBuilder {
    match ReqwestClient::new(ReqwestOptions::default()) {
        Ok(client) => {
            let client = Arc::new(client);
            #[cfg(feature = "captcha")]
            let builder = builder
                .with_captcha_services(Arc::new(KnownCaptchas::new(Arc::clone(&client) as _)));
            builder.with_http_client(client)
        }
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(
                error,
                "no requests to other servers: their client cannot be made"
            );
            builder
        }
    }
}

/// Passkeys are of a domain; a URL with an IP address has none.
#[cfg(feature = "passkey")]
fn passkeys_of(url: &Uri) -> Option<workeros_auth::RelyingParty> {
    let (scheme, authority) = (url.scheme_str()?, url.authority()?);
    workeros_auth::RelyingParty::of_origin(&format!("{scheme}://{authority}")).ok()
}

fn origins(texts: &[String]) -> Result<Vec<Origin>> {
    texts.iter().map(|text| Origin::parse(text)).collect()
}

fn parse_url(url: &str) -> Result<Uri> {
    url.parse().map_err(|error| {
        let message = format!("`{url}` is not a public URL such as `https://example.com`");
        Error::new(ErrorKind::Validation, message).with_source(error)
    })
}

#[cfg(feature = "sqlite")]
async fn default_database() -> Result<Arc<dyn Database>> {
    std::fs::create_dir_all("./.data").map_err(|error| {
        let why = "the folder `./.data` cannot be made; name a database by `.db(…)`";
        Error::new(ErrorKind::Unavailable, why).with_source(error)
    })?;
    Ok(Arc::new(
        workeros_adapters::Sqlite::open("./.data/workeros.sqlite").await?,
    ))
}

#[cfg(not(feature = "sqlite"))]
async fn default_database() -> Result<Arc<dyn Database>> {
    let why = "no database: name one by `.db(…)`, or turn the feature `sqlite` on";
    Err(Error::new(ErrorKind::Validation, why))
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("database", &self.database)
            .field("public_url", &self.public_url)
            .field("hooks", &self.hooks)
            .field("allowed_origins", &self.allowed_origins)
            .finish_non_exhaustive()
    }
}
