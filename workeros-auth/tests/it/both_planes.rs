//! The users of an instance and the end users of a workspace, for what both can
//! do.

use std::sync::Arc;

use async_trait::async_trait;
use workeros_adapters::MemoryMailer;
use workeros_auth::{
    App, Auth, AuthBuilder, Plane, Platform, RequestInfo, SessionKey, SignUp, SignedIn,
};
use workeros_core::{Result, TenantId, Workspace, Workspaces};

use crate::support::{World, secret, worlds};

/// The workspace of a world, and another one.
#[derive(Debug, Clone)]
struct Two([Workspace; 2]);

#[async_trait]
impl Workspaces for Two {
    async fn by_slug(&self, slug: &str) -> Result<Option<Workspace>> {
        Ok(self.0.iter().find(|one| one.slug == slug).cloned())
    }

    async fn by_id(&self, id: TenantId) -> Result<Option<Workspace>> {
        Ok(self.0.iter().find(|one| one.id == id).cloned())
    }
}

/// An instance with end users in two workspaces, and the mails it sends.
pub(crate) struct Planes {
    pub(crate) world: World,
    pub(crate) mailer: MemoryMailer,
    pub(crate) team: Auth,
    pub(crate) app: Auth<App>,
    pub(crate) other_app: Auth<App>,
}

impl Planes {
    /// On every database there is, built so.
    pub(crate) async fn all(options: impl Fn(AuthBuilder) -> AuthBuilder) -> Vec<Self> {
        let mut all = Vec::new();
        for world in worlds().await {
            println!("on {}", world.name);
            all.push(Self::of(world, &options).await);
        }
        all
    }

    async fn of(world: World, options: &impl Fn(AuthBuilder) -> AuthBuilder) -> Self {
        let mailer = MemoryMailer::default();
        let other = TenantId::new(world.runtime.ids.next_id());
        let two = [
            Workspace::new(world.tenant, "default"),
            Workspace::new(other, "other"),
        ];
        let team = world.auth_with(|builder| {
            let builder = builder
                .danger_weak_hashing()
                .with_secret(secret())
                .with_mailer(Arc::new(mailer.clone()))
                .with_apps("https://example.com", Arc::new(Two(two.clone())));
            options(builder)
        });
        let [one, other] = two;
        Self {
            app: team.app(one).await.unwrap(),
            other_app: team.app(other).await.unwrap(),
            team,
            mailer,
            world,
        }
    }
}

/// A plane whose sessions a request can come with.
#[async_trait]
pub(crate) trait Presented: Plane {
    async fn key(auth: &Auth<Self>, signed_in: &SignedIn<Self>) -> SessionKey;
}

#[async_trait]
impl Presented for Platform {
    async fn key(_: &Auth, signed_in: &SignedIn) -> SessionKey {
        SessionKey::of_token(&signed_in.token)
    }
}

#[async_trait]
impl Presented for App {
    async fn key(auth: &Auth<Self>, signed_in: &SignedIn<Self>) -> SessionKey {
        let access = auth.access_token(signed_in).await.unwrap();
        let key = auth.session_of_token(&access.token).await.unwrap();
        key.expect("it was made just now")
    }
}

/// A request that comes with a session.
pub(crate) async fn from<P: Presented>(auth: &Auth<P>, signed_in: &SignedIn<P>) -> RequestInfo {
    RequestInfo::new().with_replaced(Some(P::key(auth, signed_in).await))
}

/// Signs up without a session before.
pub(crate) async fn sign_up<P: Plane>(auth: &Auth<P>, sign_up: SignUp) -> SignedIn<P> {
    let request = RequestInfo::new();
    auth.sign_up_email(sign_up, &request).await.unwrap()
}
