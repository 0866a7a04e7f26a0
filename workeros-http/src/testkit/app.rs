use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use http::Method;
use serde_json::json;
use tokio::sync::Mutex;
use workeros_auth::{Auth, AuthBuilder, CookiePolicy};
use workeros_core::testkit::StandingClock;
use workeros_core::{Database, Runtime, Secret, migrate};
use workeros_schema::{DataPlane, Hooks};

use super::Client;
use crate::router::Route;
use crate::{Backend, Config, Endpoint};

const SECRET: &str = "rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5";
const ADMIN: &str = "admin";

/// A whole backend on a database of its own, without a socket, with a clock
/// that stands and passwords that are hashed cheaply.
pub struct TestApp {
    backend: Backend,
    clock: Arc<StandingClock>,
    /// Session tokens by name.
    tokens: Mutex<HashMap<String, String>>,
}

/// Builds a [`TestApp`].
pub struct TestAppBuilder {
    database: Arc<dyn Database>,
    hooks: Hooks,
    public_url: String,
    configure: Box<dyn FnOnce(Config) -> Config + Send>,
    configure_auth: Box<dyn FnOnce(AuthBuilder) -> AuthBuilder + Send>,
}

impl TestApp {
    /// An app as it comes, reached at `http://localhost:8080`.
    ///
    /// # Panics
    ///
    /// When the database cannot be set up.
    pub async fn new(database: Arc<dyn Database>) -> Self {
        Self::builder(database).build().await
    }

    /// An app to be set up.
    #[must_use]
    pub fn builder(database: Arc<dyn Database>) -> TestAppBuilder {
        TestAppBuilder {
            database,
            hooks: Hooks::default(),
            public_url: "http://localhost:8080".to_owned(),
            configure: Box::new(|config| config),
            configure_auth: Box::new(|auth| auth),
        }
    }

    /// The service.
    #[must_use]
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &StandingClock {
        &self.clock
    }

    /// The endpoint a request would go to.
    #[must_use]
    pub fn endpoint(&self, method: &Method, path: &str) -> Option<&Endpoint> {
        match self.backend.0.router.find(method, path) {
            Ok(Route::Found(endpoint, _)) => Some(endpoint),
            _ => None,
        }
    }

    /// Somebody who is not signed in.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        Client::new(self.backend.clone(), None)
    }

    /// The admin, `admin@example.com`: whoever signed up first.
    ///
    /// # Panics
    ///
    /// When he cannot sign up.
    pub async fn admin(&self) -> Client {
        let token = self.token(&mut *self.tokens.lock().await, ADMIN).await;
        Client::new(self.backend.clone(), Some(token))
    }

    /// Somebody signed in: `ann` has the address `ann@example.com`, no role
    /// but those that come with being signed in, and is always the same.
    ///
    /// # Panics
    ///
    /// When he cannot sign up.
    pub async fn user(&self, name: &str) -> Client {
        let mut tokens = self.tokens.lock().await;
        // The first one is the admin, so he must be there before.
        self.token(&mut tokens, ADMIN).await;
        let token = self.token(&mut tokens, name).await;
        Client::new(self.backend.clone(), Some(token))
    }

    /// A new API key of somebody, narrowed to these roles.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    pub async fn api_key(&self, owner: &str, roles: Option<&[&str]>) -> Client {
        let body = json!({"name": "a key", "roles": roles});
        let made = self
            .user(owner)
            .await
            .post("/api/api-keys")
            .json(&body)
            .await
            .expect(201);
        let key = made.data()["key"].as_str().unwrap().to_owned();
        Client::new(self.backend.clone(), Some(key))
    }

    /// Whoever has this session's token, access token or API key.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Client {
        Client::new(self.backend.clone(), Some(token.into()))
    }

    async fn token(&self, tokens: &mut HashMap<String, String>, name: &str) -> String {
        if let Some(token) = tokens.get(name) {
            return token.clone();
        }
        let email = format!("{name}@example.com");
        let body = json!({"email": email, "password": "correct horse battery", "name": name});
        let signed_up = self
            .anonymous()
            .post("/api/auth/sign-up/email")
            .json(&body)
            .await;
        let token = signed_up.expect(200).json()["token"]
            .as_str()
            .unwrap()
            .to_owned();
        tokens.insert(name.to_owned(), token.clone());
        token
    }
}

impl TestAppBuilder {
    /// Sets the host's hooks.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = hooks;
        self
    }

    /// Sets where the app is reached.
    #[must_use]
    pub fn with_public_url(mut self, public_url: impl Into<String>) -> Self {
        self.public_url = public_url.into();
        self
    }

    /// Sets options of the service.
    #[must_use]
    pub fn with_config(
        mut self,
        configure: impl FnOnce(Config) -> Config + Send + 'static,
    ) -> Self {
        self.configure = Box::new(configure);
        self
    }

    /// Sets options of the bundled auth.
    #[must_use]
    pub fn with_auth(
        mut self,
        configure: impl FnOnce(AuthBuilder) -> AuthBuilder + Send + 'static,
    ) -> Self {
        self.configure_auth = Box::new(configure);
        self
    }

    /// Sets the database up and makes the app.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub async fn build(self) -> TestApp {
        let clock = Arc::new(StandingClock::default());
        let runtime = Runtime::new(self.database).with_clock(Arc::clone(&clock) as _);
        let secret = Secret::new(SECRET).unwrap();
        let plane = DataPlane::open(runtime.clone(), &secret, self.hooks)
            .await
            .unwrap();
        migrate(
            &*runtime.database,
            &*runtime.clock,
            workeros_auth::MIGRATIONS,
        )
        .await
        .unwrap();
        let config = Config::new(self.public_url.parse().unwrap()).unwrap();
        let auth = Auth::builder(runtime, plane.default_tenant())
            .with_cookie(CookiePolicy::for_public_url(&config.public_url))
            .with_role_guard(DataPlane::role_guard)
            .with_secret(secret)
            .with_apps(
                self.public_url.trim_end_matches('/'),
                Arc::new(plane.clone()),
            )
            .danger_weak_hashing();
        #[cfg(feature = "passkey")]
        let auth = match workeros_auth::RelyingParty::of_origin(config.origin.as_str()) {
            Ok(party) => auth.with_passkeys(party),
            Err(_) => auth,
        };
        let auth = (self.configure_auth)(auth).build().unwrap();
        let config = (self.configure)(config.with_auth(auth));
        TestApp {
            backend: Backend::new(plane, config),
            clock,
            tokens: Mutex::default(),
        }
    }
}

impl fmt::Debug for TestApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestApp")
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TestAppBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestAppBuilder").finish_non_exhaustive()
    }
}
