//! What is remembered of members.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use http::Request;
use http::header::AUTHORIZATION;
use workeros_auth::{App, Auth, Organizer, PresentedToken, RequestInfo};
use workeros_core::{Authenticator as _, Identity, Result, TenantId, Workspace, Workspaces};

use super::new;
use crate::several::Listening;
use crate::support::{World, secret, sign_up, worlds};

/// The one workspace there is.
#[derive(Debug)]
struct One(Workspace);

#[async_trait]
impl Workspaces for One {
    async fn by_slug(&self, slug: &str) -> Result<Option<Workspace>> {
        Ok((self.0.slug == slug).then(|| self.0.clone()))
    }

    async fn by_id(&self, id: TenantId) -> Result<Option<Workspace>> {
        Ok((self.0.id == id).then(|| self.0.clone()))
    }
}

fn instance(world: &World) -> Auth {
    let one = Arc::new(One(Workspace::new(world.tenant, "default")));
    world.auth_with(|builder| {
        let one = Arc::clone(&one) as _;
        builder
            .danger_weak_hashing()
            .with_secret(secret())
            .with_apps("https://example.com", one)
    })
}

/// Who acts by an access token, as with a request.
async fn act(auth: &Auth, token: &PresentedToken) -> Identity {
    let request = Request::builder()
        .header(AUTHORIZATION, format!("Bearer {}", token.expose()))
        .body(());
    let (parts, ()) = request.unwrap().into_parts();
    auth.authenticate(&parts, None).await.unwrap().unwrap()
}

async fn app(world: &World, auth: &Auth) -> Auth<App> {
    let workspace = Workspace::new(world.tenant, "default");
    auth.app(workspace).await.unwrap()
}

/// SES-5: what somebody is no longer he is not there within a second, and not here
/// once it was answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_member_is_other_instances_know_within_a_second() {
    for world in worlds().await {
        let (here, there) = (instance(&world), instance(&world));
        let _listening = [Listening::new(&here), Listening::new(&there)];
        let users = app(&world, &here).await;
        let request = RequestInfo::new();
        let ann = users.sign_up_email(sign_up("ann"), &request).await.unwrap();
        let token = users.access_token(&ann).await.unwrap().token;
        let alone = act(&there, &token).await;
        assert_eq!(
            (alone.organizations, alone.organization),
            (Some(vec![]), None)
        );

        let session = Some(ann.session.id);
        let made = users.create_organization(ann.user.id, new("acme"), session);
        let acme = made.await.unwrap().0.id.to_string();
        let is_owner = |who: &Identity| {
            let active = who.organization.as_ref();
            active.is_some_and(|active| active.id == acme && active.role == "owner")
        };
        assert!(is_owner(&act(&here, &token).await));
        known_within_a_second(&there, &token, is_owner).await;

        let owner = users.organization_by_slug("acme").await.unwrap();
        users
            .delete_organization(owner, Organizer::User(ann.user.id))
            .await
            .unwrap();
        let is_in_none = |who: &Identity| {
            who.organization.is_none() && who.organizations.as_deref() == Some(&[])
        };
        assert!(is_in_none(&act(&here, &token).await));
        known_within_a_second(&there, &token, is_in_none).await;
    }
}

async fn known_within_a_second(
    there: &Auth,
    token: &PresentedToken,
    is_known: impl Fn(&Identity) -> bool,
) {
    let changed = Instant::now();
    while !is_known(&act(there, token).await) {
        assert!(changed.elapsed() < Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
