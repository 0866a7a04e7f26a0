//! The app plane: end users of workspaces, refresh and access tokens.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::Request;
use http::header::AUTHORIZATION;
use workeros_auth::{
    App, Auth, Entered, PresentedToken, RealmSettings, RefreshToken, RequestInfo, SessionKey,
    SignUpPolicy, SignedIn, UserPatch,
};
use workeros_core::{
    Authenticator as _, Credential, ErrorKind, Identity, Result, TenantId, Workspace, Workspaces,
};

use crate::race::{race, rounds};
use crate::support::{
    PASSWORD, World, display_name, finding, names, secret, sign_in, sign_up, worlds,
};

/// Two workspaces.
#[derive(Debug)]
struct Two(Workspace, Workspace);

#[async_trait]
impl Workspaces for Two {
    async fn by_slug(&self, slug: &str) -> Result<Option<Workspace>> {
        let found = [&self.0, &self.1].into_iter().find(|one| one.slug == slug);
        Ok(found.cloned())
    }

    async fn by_id(&self, id: TenantId) -> Result<Option<Workspace>> {
        let found = [&self.0, &self.1].into_iter().find(|one| one.id == id);
        Ok(found.cloned())
    }
}

/// The engine with end users in two workspaces, and these.
struct Apps {
    auth: Auth,
    one: Auth<App>,
    other: Auth<App>,
}

impl Apps {
    async fn of(world: &World) -> Self {
        let one = Workspace::new(world.tenant, "one");
        let other = Workspace::new(TenantId::new(world.runtime.ids.next_id()), "other");
        let two = Arc::new(Two(one.clone(), other.clone()));
        let auth = world.auth_with(|builder| {
            let two = Arc::clone(&two) as _;
            builder
                .danger_weak_hashing()
                .with_secret(secret())
                .with_apps("https://example.com", two)
        });
        Self {
            one: auth.app(one).await.unwrap(),
            other: auth.app(other).await.unwrap(),
            auth,
        }
    }

    async fn sign_up(&self, name: &str) -> SignedIn<App> {
        let request = RequestInfo::new();
        self.one
            .sign_up_email(sign_up(name), &request)
            .await
            .unwrap()
    }

    async fn access(&self, signed_in: &SignedIn<App>) -> PresentedToken {
        self.one.access_token(signed_in).await.unwrap().token
    }

    /// Who acts by an access token, as with a request.
    async fn act(&self, world: &World, token: &PresentedToken) -> Result<Option<Identity>> {
        let request = Request::builder()
            .header(AUTHORIZATION, format!("Bearer {}", token.expose()))
            .body(());
        let (parts, ()) = request.unwrap().into_parts();
        self.auth.authenticate(&parts, Some(world.tenant)).await
    }
}

fn kind<T: std::fmt::Debug>(result: Result<T>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[tokio::test]
async fn an_address_is_one_user_in_each_workspace_and_on_each_plane() {
    for world in worlds().await {
        let apps = Apps::of(&world).await;
        let (team, user) = (world.sign_up("ann").await, apps.sign_up("ann").await);
        let request = RequestInfo::new();
        let there = apps.other.sign_up_email(sign_up("ann"), &request);
        let there = there.await.unwrap();
        assert_ne!(team.user.id, user.user.id);
        assert_ne!(user.user.id, there.user.id);
        let again = apps
            .one
            .sign_up_email(sign_up("ann"), &RequestInfo::new())
            .await;
        assert_eq!(kind(again), ErrorKind::Validation);

        // What is done to one is done to that one.
        apps.one.delete_user(user.user.id).await.unwrap();
        assert_eq!(
            kind(apps.one.delete_user(there.user.id).await),
            ErrorKind::NotFound
        );
        assert_eq!(
            kind(world.auth.delete_user(there.user.id).await),
            ErrorKind::NotFound
        );
        assert_eq!(
            kind(apps.other.delete_user(team.user.id).await),
            ErrorKind::NotFound
        );
        assert!(world.auth.session(&team.token).await.unwrap().is_some());
        let entered = apps.other.sign_in_email(sign_in("ann", PASSWORD), &request);
        assert!(matches!(entered.await.unwrap(), Entered::SignedIn(_)));
    }
}

/// FIRST-4: an end user is never an admin.
#[tokio::test]
async fn first_4_an_end_user_is_never_an_admin() {
    for world in worlds().await {
        let apps = Apps::of(&world).await;
        let first = apps.sign_up("ann").await;
        let token = apps.access(&first).await;
        let identity = apps.act(&world, &token).await.unwrap().unwrap();
        assert!(identity.roles.is_empty());
        // Nor by the name of a role.
        let roles = names(&["admin", "editor"]);
        let set = apps
            .one
            .set_roles(world.tenant, first.user.id, &roles)
            .await;
        assert_eq!(finding(&set.unwrap_err()), ("/roles", "invalid_value"));
        // Nor whatever stands in the table.
        let insert = "INSERT INTO app_user_roles (tenant_id, user_id, role) VALUES ($1, $2, $3)";
        let params = vec![world.tenant.into(), first.user.id.into(), "admin".into()];
        world.run(insert, params).await;
        let patch = UserPatch::new().with_name(Some(display_name("Ann")));
        let changed = apps.one.update_user(world.tenant, first.user.id, patch);
        changed.await.unwrap();
        let identity = apps.act(&world, &token).await.unwrap().unwrap();
        assert!(
            !identity.roles.contains(&"admin".to_owned()),
            "{identity:?}"
        );
        assert!(world.auth.warn_without_admin().await.unwrap());
    }
}

/// TOK-2: a token acts in its own workspace alone.
#[tokio::test]
async fn tok_2_a_token_acts_in_its_own_workspace_alone() {
    for world in worlds().await {
        let apps = Apps::of(&world).await;
        let ann = apps.sign_up("ann").await;
        let token = apps.access(&ann).await;
        let identity = apps.act(&world, &token).await.unwrap().unwrap();
        assert_eq!(identity.tenant, Some(world.tenant));
        assert_eq!(identity.credential, Credential::AppSession(ann.session.id));
        assert_eq!(identity.user_id, ann.user.id.to_string());
        assert_eq!(apps.other.session_of_token(&token).await.unwrap(), None);
        let key = apps.one.session_of_token(&token).await.unwrap().unwrap();
        assert!(apps.one.session_by_key(&key).await.unwrap().is_some());
        assert!(apps.other.session_by_key(&key).await.unwrap().is_none());
        assert!(apps.auth.session_by_key(&key).await.unwrap().is_none());
        assert_eq!(
            kind(apps.other.refresh_session(&ann.token).await),
            ErrorKind::Unauthorized
        );
    }
}

/// TOK-6: an access token dies with its session.
#[tokio::test]
async fn tok_6_an_access_token_dies_with_its_session() {
    for world in worlds().await {
        let apps = Apps::of(&world).await;
        for way in 0..4 {
            let name = format!("ann{way}");
            let ann = apps.sign_up(&name).await;
            let token = apps.access(&ann).await;
            apps.act(&world, &token).await.unwrap().unwrap();
            let id = ann.user.id;
            match way {
                0 => {
                    let key = apps.one.session_of_token(&token).await.unwrap().unwrap();
                    apps.one.end_session(&key).await.unwrap();
                }
                1 => apps.one.revoke_sessions(id).await.unwrap(),
                2 => {
                    let disable = UserPatch::new().with_disabled(Some(true));
                    apps.one
                        .update_user(world.tenant, id, disable)
                        .await
                        .unwrap();
                }
                _ => apps.one.delete_user(id).await.unwrap(),
            }
            assert_eq!(
                kind(apps.act(&world, &token).await),
                ErrorKind::Unauthorized,
                "{way}"
            );
            assert_eq!(
                kind(apps.one.refresh_session(&ann.token).await),
                ErrorKind::Unauthorized
            );
        }
    }
}

/// TOK-1: an access token ends after minutes.
#[tokio::test]
async fn tok_1_an_access_token_ends_after_minutes() {
    for world in worlds().await {
        let apps = Apps::of(&world).await;
        let ann = apps.sign_up("ann").await;
        let issued = apps.one.access_token(&ann).await.unwrap();
        assert!(issued.lifetime <= Duration::from_mins(15));
        world.wait(issued.lifetime + Duration::from_mins(1));
        assert_eq!(
            kind(apps.act(&world, &issued.token).await),
            ErrorKind::Unauthorized
        );
        let next = apps.one.refresh_session(&ann.token).await.unwrap();
        let token = apps.access(&next).await;
        apps.act(&world, &token).await.unwrap().unwrap();
    }
}

/// TOK-3: the loser of a race gets the same successor.
#[tokio::test]
async fn tok_3_the_loser_of_a_race_gets_the_same_successor() {
    for world in worlds().await {
        let apps = Apps::of(&world).await;
        let ann = apps.sign_up("ann").await;
        let first = apps.one.refresh_session(&ann.token).await.unwrap();
        assert_ne!(first.token, ann.token);
        world.wait(Duration::from_secs(9));
        let again = apps.one.refresh_session(&ann.token).await.unwrap();
        assert_eq!(again.token, first.token);
        // The successor is there once, and goes on.
        let second = apps.one.refresh_session(&first.token).await.unwrap();
        assert_ne!(second.token, first.token);
    }
}

/// TOK-3, R19: of 64 with one token all are given the same successor.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tok_3_r19_however_many_refresh_at_once_there_is_one_branch() {
    for world in worlds().await {
        let apps = Apps::of(&world).await;
        let mut token = apps.sign_up("ann").await.token;
        for round in 0..rounds() {
            let successors = race(|_| {
                let (one, token) = (apps.one.clone(), token.clone());
                async move { one.refresh_session(&token).await.unwrap().token }
            })
            .await;
            let next = successors.first().unwrap().clone();
            assert!(
                successors.iter().all(|one| *one == next),
                "{round} on {}",
                world.name
            );
            assert_ne!(next, token);
            token = next;
        }
    }
}

/// TOK-4: a token that comes back ends the session.
#[tokio::test]
async fn tok_4_a_token_that_comes_back_ends_the_session() {
    for world in worlds().await {
        let apps = Apps::of(&world).await;
        // After the grace, or two generations later at once.
        for late in [true, false] {
            let name = format!("ann{late}");
            let ann = apps.sign_up(&name).await;
            let mut newest = apps.one.refresh_session(&ann.token).await.unwrap();
            if late {
                world.wait(Duration::from_secs(11));
            } else {
                newest = apps.one.refresh_session(&newest.token).await.unwrap();
            }
            let access = apps.access(&newest).await;
            apps.act(&world, &access).await.unwrap().unwrap();
            assert_eq!(
                kind(apps.one.refresh_session(&ann.token).await),
                ErrorKind::Unauthorized
            );
            assert_eq!(
                kind(apps.one.refresh_session(&newest.token).await),
                ErrorKind::Unauthorized
            );
            assert_eq!(
                kind(apps.act(&world, &access).await),
                ErrorKind::Unauthorized
            );
            let page = apps.one.activity(1, None, Some(ann.user.id)).await.unwrap();
            assert_eq!(page.rows[0].action, "auth.refresh_reuse");
        }
    }
}

/// TOK-5: what nobody was given does nothing, not even to the session it names.
#[tokio::test]
async fn tok_5_a_forged_token_is_refused_and_ends_nothing() {
    for world in worlds().await {
        let apps = Apps::of(&world).await;
        let ann = apps.sign_up("ann").await;
        let text = ann.token.expose();
        for at in [4, 20, 26, 30, 60] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            let forged = RefreshToken::parse(&forged).unwrap();
            assert_ne!(forged, ann.token);
            assert_eq!(
                kind(apps.one.refresh_session(&forged).await),
                ErrorKind::Unauthorized
            );
        }
        for broken in ["", "wrt_", "wrt_AAAA", &text[4..], &format!("{text}A")] {
            assert_eq!(RefreshToken::parse(broken), None, "{broken}");
        }
        apps.one.refresh_session(&ann.token).await.unwrap();
        assert_eq!(format!("{:?}", ann.token), "RefreshToken(..)");
    }
}

/// TOK-5: a refresh token ends with its session.
#[tokio::test]
async fn tok_5_a_refresh_token_ends_with_its_session() {
    for world in worlds().await {
        let apps = Apps::of(&world).await;
        let idle = apps.sign_up("idle").await;
        let mut busy = apps.sign_up("busy").await;
        for _ in 0..31 {
            world.wait(Duration::from_hours(23));
            busy = apps.one.refresh_session(&busy.token).await.unwrap();
        }
        assert_eq!(
            kind(apps.one.refresh_session(&idle.token).await),
            ErrorKind::Unauthorized
        );
        world.wait(Duration::from_hours(23));
        assert_eq!(
            kind(apps.one.refresh_session(&busy.token).await),
            ErrorKind::Unauthorized
        );
    }
}

#[tokio::test]
async fn who_may_sign_up_the_realm_says() {
    for world in worlds().await {
        for (policy, may) in [
            (SignUpPolicy::Open, true),
            (SignUpPolicy::Invited, false),
            (SignUpPolicy::Closed, false),
        ] {
            let auth = world.auth_with(|builder| {
                let settings = RealmSettings::new().with_sign_up(policy);
                let builder = builder.with_app_settings(settings.clone());
                builder
                    .danger_weak_hashing()
                    .with_secret(secret())
                    .with_settings(settings)
            });
            let app = auth.app(Workspace::new(world.tenant, "one")).await.unwrap();
            let request = RequestInfo::new();
            let signed_up = app.sign_up_email(sign_up(&format!("{policy:?}")), &request);
            let code = signed_up
                .await
                .err()
                .map(|error| error.code().map(ToOwned::to_owned));
            let closed = Some(Some("SIGN_UP_CLOSED".to_owned()));
            assert_eq!(code, if may { None } else { closed.clone() });
            // On the platform the first one always may.
            let name = format!("team-{policy:?}");
            let signed_up = auth
                .sign_up_email(sign_up(&name), &RequestInfo::new())
                .await;
            let code = signed_up
                .err()
                .map(|error| error.code().map(ToOwned::to_owned));
            assert_eq!(code, if may { None } else { closed });
        }
    }
}

/// TOK-2: a session of one plane is none of the other.
#[tokio::test]
async fn a_key_of_the_platform_is_none_of_an_app() {
    for world in worlds().await {
        let apps = Apps::of(&world).await;
        let ann = world.sign_up("ann").await;
        let key = SessionKey::of_token(&ann.token);
        assert!(apps.auth.session_by_key(&key).await.unwrap().is_some());
        assert!(apps.one.session_by_key(&key).await.unwrap().is_none());
        apps.one.end_session(&key).await.unwrap();
        assert!(apps.auth.session_by_key(&key).await.unwrap().is_some());
    }
}
