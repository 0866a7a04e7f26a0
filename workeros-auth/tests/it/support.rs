use std::sync::Arc;
use std::time::Duration;

use workeros_adapters::testkit::{Opened, databases};
use workeros_adapters::{MemoryMailer, MemoryRateLimiter};
use workeros_auth::{
    App, Auth, AuthBuilder, DisplayName, EmailAddress, Entered, MIGRATIONS, Password, Plane,
    RequestInfo, SignIn, SignUp, SignedIn,
};
use workeros_core::testkit::StandingClock;
use workeros_core::{
    Batch, Credential, Error, Identity, Mailer, Result, Rows, Runtime, Secret, Statement, Step,
    TenantId, Timestamp, Value, Workspace, migrate,
};

use crate::watched::Watched;

/// A password that the policy takes.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// An instance of its own on one database, with a clock that stands.
pub(crate) struct World {
    pub(crate) auth: Auth,
    pub(crate) tenant: TenantId,
    pub(crate) runtime: Runtime,
    /// `sqlite` or `postgres`.
    pub(crate) name: &'static str,
    clock: Arc<StandingClock>,
    _opened: Opened,
}

/// A world on every database there is, with cheap hashes.
pub(crate) async fn worlds() -> Vec<World> {
    worlds_with(AuthBuilder::danger_weak_hashing).await
}

/// A world on every database there is, built so.
pub(crate) async fn worlds_with(options: impl Fn(AuthBuilder) -> AuthBuilder) -> Vec<World> {
    let mut worlds = Vec::new();
    for opened in databases().await {
        worlds.push(World::new(opened, &options).await);
    }
    worlds
}

/// A world on every database there is, with cheap hashes and a database that
/// is watched.
pub(crate) async fn watched_worlds() -> Vec<(World, Arc<Watched>)> {
    let mut worlds = Vec::new();
    for mut opened in databases().await {
        let watched = Arc::new(Watched::new(Arc::clone(&opened.database)));
        opened.database = Arc::clone(&watched) as _;
        let world = World::new(opened, AuthBuilder::danger_weak_hashing).await;
        worlds.push((world, watched));
    }
    worlds
}

/// A world on every database there is, with cheap hashes, and the mails it
/// sends.
pub(crate) async fn mail_worlds() -> Vec<(World, MemoryMailer)> {
    let mut all = Vec::new();
    for mut world in worlds().await {
        let mailer = MemoryMailer::default();
        world.auth = world.mailing(Arc::new(mailer.clone()));
        all.push((world, mailer));
    }
    all
}

impl World {
    async fn new(opened: Opened, options: impl Fn(AuthBuilder) -> AuthBuilder) -> Self {
        let name = opened.name;
        let clock = Arc::new(StandingClock::default());
        let runtime =
            Runtime::new(Arc::clone(&opened.database)).with_clock(Arc::clone(&clock) as _);
        migrate(
            runtime.database.as_ref(),
            runtime.clock.as_ref(),
            MIGRATIONS,
        )
        .await
        .unwrap();
        let tenant = TenantId::new(runtime.ids.next_id());
        let auth = options(Auth::builder(runtime.clone(), tenant))
            .build()
            .unwrap();
        Self {
            auth,
            tenant,
            runtime,
            clock,
            name,
            _opened: opened,
        }
    }

    /// Another handle on the same database.
    pub(crate) fn auth_with(&self, options: impl Fn(AuthBuilder) -> AuthBuilder) -> Auth {
        options(Auth::builder(self.runtime.clone(), self.tenant))
            .build()
            .unwrap()
    }

    /// Another handle on the same database, which sends mail by this.
    pub(crate) fn mailing(&self, mailer: Arc<dyn Mailer>) -> Auth {
        let limiter = Arc::new(MemoryRateLimiter::new(Arc::clone(&self.runtime.clock)));
        self.auth_with(move |builder| {
            builder
                .danger_weak_hashing()
                .with_secret(secret())
                .with_rate_limiter(Arc::clone(&limiter) as _)
                .with_mailer(Arc::clone(&mailer))
        })
    }

    /// Another handle on the same database, which sends mail by this and holds
    /// nobody back.
    pub(crate) fn mailing_with(
        &self,
        mailer: &MemoryMailer,
        options: impl Fn(AuthBuilder) -> AuthBuilder,
    ) -> Auth {
        self.auth_with(|builder| {
            let builder = builder.danger_weak_hashing().with_secret(secret());
            options(builder.with_mailer(Arc::new(mailer.clone())))
        })
    }

    /// The end users of the workspace.
    pub(crate) async fn app(&self) -> Auth<App> {
        self.auth
            .app(Workspace::new(self.tenant, "default"))
            .await
            .unwrap()
    }

    /// The end users of another workspace.
    pub(crate) async fn other_app(&self) -> Auth<App> {
        let other = TenantId::new(self.runtime.ids.next_id());
        self.auth.app(Workspace::new(other, "other")).await.unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.runtime.clock.now()
    }

    pub(crate) fn wait(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub(crate) async fn sign_up(&self, name: &str) -> SignedIn {
        self.auth
            .sign_up_email(sign_up(name), &RequestInfo::new())
            .await
            .unwrap()
    }

    pub(crate) async fn sign_in(&self, name: &str) -> Result<SignedIn> {
        self.auth
            .sign_in_email(sign_in(name, PASSWORD), &RequestInfo::new())
            .await
            .map(signed_in)
    }

    /// Who acts with the session, as with a request.
    pub(crate) async fn identity(&self, signed_in: &SignedIn) -> Identity {
        let active = self.auth.session(&signed_in.token).await.unwrap().unwrap();
        let identity = Identity::host(active.user.id.to_string())
            .with_credential(Credential::Session(active.session.id));
        active.roles.into_iter().fold(identity, Identity::with_role)
    }

    pub(crate) async fn roles(&self, signed_in: &SignedIn) -> Vec<String> {
        self.auth
            .roles_of(self.tenant, signed_in.user.id)
            .await
            .unwrap()
    }

    pub(crate) async fn rows(&self, sql: &'static str, params: Vec<Value>) -> Rows {
        self.runtime
            .database
            .fetch(Statement::new(sql, params))
            .await
            .unwrap()
    }

    pub(crate) async fn run(&self, sql: &'static str, params: Vec<Value>) {
        let batch = Batch::new().step(Step::new(Statement::new(sql, params)));
        self.runtime.database.apply(batch).await.unwrap();
    }
}

pub(crate) fn secret() -> Secret {
    Secret::new("rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5").unwrap()
}

/// Whoever needs no second factor is signed in.
pub(crate) fn signed_in<P: Plane>(entered: Entered<P>) -> SignedIn<P> {
    match entered {
        Entered::SignedIn(signed_in) => signed_in,
        other => panic!("not signed in: {other:?}"),
    }
}

pub(crate) fn email(name: &str) -> EmailAddress {
    EmailAddress::parse(&format!("{name}@example.com")).unwrap()
}

pub(crate) fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

pub(crate) fn display_name(text: &str) -> DisplayName {
    DisplayName::parse(text).unwrap()
}

pub(crate) fn sign_up(name: &str) -> SignUp {
    SignUp::new(email(name), password(PASSWORD), display_name(name))
}

pub(crate) fn sign_in(name: &str, text: &str) -> SignIn {
    SignIn::new(email(name), password(text))
}

pub(crate) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// The path and code of the only finding.
pub(crate) fn finding(error: &Error) -> (&str, &str) {
    let [detail] = error.details() else {
        panic!("not one finding: {error:?}")
    };
    (&detail.path, &detail.code)
}
