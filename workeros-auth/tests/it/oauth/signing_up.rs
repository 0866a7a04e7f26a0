//! Who becomes a user by coming from a provider.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;
use workeros_auth::oauth::PresentedIdToken;
use workeros_auth::{
    Admission, AuthBuilder, AuthHooks, ComingUser, Plane, RealmSettings, Refusal, RequestInfo,
    SignUpPolicy, UserOrigin,
};
use workeros_core::{ErrorKind, Result};

use super::provider::{Provider, Script, staff};
use super::site::{Site, refused, sites, with_providers};
use crate::support::{World, signed_in, worlds};

async fn becomes<P: Plane>(site: &Site<P>) {
    let arrival = site.sign_in("staff").await.unwrap();
    assert!(arrival.is_new);
    let user = signed_in(arrival.entered).user;
    assert_eq!(
        (user.email.as_str(), user.name.as_str()),
        ("ann@example.com", "Ann")
    );
    assert!(user.email_verified, "by the word of who is believed");
    let methods = site.auth.sign_in_methods(user.id).await.unwrap();
    assert!(!methods.has_password);
    let [account] = &methods.accounts[..] else {
        panic!("not one account: {methods:?}")
    };
    assert_eq!(
        (account.provider.as_str(), account.subject.as_str()),
        ("staff", "u-1")
    );
    let arrival = site.sign_in("staff").await.unwrap();
    assert!(!arrival.is_new);
    assert_eq!(signed_in(arrival.entered).user.id, user.id);
}

#[tokio::test]
async fn who_is_new_becomes_a_user() {
    for (_, platform, app) in sites().await {
        becomes(&platform).await;
        becomes(&app).await;
    }
}

/// OA-6: who has no address does not.
#[tokio::test]
async fn oa_6_who_has_no_address_does_not() {
    for (_, platform, app) in sites().await {
        for value in [Json::Null, "no address".into()] {
            platform.provider.tell(|script| {
                script.claims["email"] = value.clone();
                script.userinfo["email"] = Json::Null;
            });
            for error in [
                refused(platform.sign_in("staff").await),
                refused(app.sign_in("staff").await),
            ] {
                assert_eq!(error.kind(), ErrorKind::Forbidden);
                assert_eq!(error.code(), Some("EMAIL_NOT_FOUND"));
            }
        }
    }
}

/// The platform, built so.
fn rebuilt(
    world: &World,
    options: impl Fn(AuthBuilder) -> AuthBuilder,
) -> Site<workeros_auth::Platform> {
    let provider = Provider::new(Script::default());
    let providers = with_providers(&provider);
    Site {
        auth: world.auth_with(|builder| options(providers(builder))),
        provider,
    }
}

#[tokio::test]
async fn nobody_does_where_nobody_may_sign_up() {
    for (world, platform, _) in sites().await {
        platform
            .sign_in_as("staff", "admin", "admin@example.com")
            .await
            .unwrap();
        let settings = RealmSettings::new().with_sign_up(SignUpPolicy::Closed);
        let closed = rebuilt(&world, |builder| builder.with_settings(settings.clone()));
        let error = refused(closed.sign_in_as("staff", "ann", "ann@example.com").await);
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert_eq!(error.code(), Some("SIGN_UP_CLOSED"));
        closed
            .sign_in_as("staff", "admin", "admin@example.com")
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn nobody_does_unverified_where_addresses_must_be_verified() {
    for (world, platform, _) in sites().await {
        let partner = platform
            .sign_in_as("partner", "old", "old@example.com")
            .await;
        assert!(!partner.unwrap().user.email_verified);
        let settings = RealmSettings::new().with_required_verification(true);
        let strict = rebuilt(&world, |builder| {
            let mailer = workeros_adapters::MemoryMailer::default();
            let builder = builder.with_mailer(std::sync::Arc::new(mailer));
            builder.with_settings(settings.clone())
        });
        for (subject, email) in [("old", "old@example.com"), ("new", "new@example.com")] {
            let error = refused(strict.sign_in_as("partner", subject, email).await);
            assert_eq!(error.kind(), ErrorKind::Forbidden);
            assert_eq!(error.code(), Some("EMAIL_NOT_VERIFIED"), "{subject}");
        }
        let made = world
            .rows(
                "SELECT id FROM workeros_users WHERE email LIKE 'new%'",
                vec![],
            )
            .await;
        assert_eq!(made.iter().count(), 0, "and no user is made of him");
        strict
            .sign_in_as("staff", "new", "new@example.com")
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn nobody_does_by_a_provider_that_is_for_users() {
    for (world, platform, _) in sites().await {
        let ann = platform
            .sign_in_as("staff", "ann", "ann@example.com")
            .await
            .unwrap();
        let provider = Provider::new(Script::default());
        let http = std::sync::Arc::new(provider.clone());
        let auth = world.auth_with(|builder| {
            builder
                .danger_weak_hashing()
                .with_secret(crate::support::secret())
                .with_http_client(std::sync::Arc::clone(&http) as _)
                .with_oauth_provider(staff().with_sign_up_disabled())
        });
        let site = Site { auth, provider };
        let error = refused(site.sign_in_as("staff", "bob", "bob@example.com").await);
        assert_eq!(error.code(), Some("SIGN_UP_CLOSED"));
        let again = site
            .sign_in_as("staff", "ann", "ann@example.com")
            .await
            .unwrap();
        assert_eq!(again.user.id, ann.user.id);
    }
}

/// FIRST-3: the first one needs the setup token.
#[tokio::test]
async fn first_3_the_first_one_needs_the_setup_token() {
    for (world, _, _) in sites().await {
        let site = rebuilt(&world, |builder| {
            builder.with_setup_token("0123456789abcdef")
        });
        let error = refused(site.sign_in("staff").await);
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert_eq!(error.code(), Some("SETUP_REQUIRED"));
    }
}

/// FIRST-1: of many who come first one is admin.
#[tokio::test]
async fn first_1_of_many_who_come_first_one_is_admin() {
    for (world, platform, _) in sites().await {
        let mut away = Vec::new();
        for _ in 0..20 {
            away.push(platform.depart("staff").await);
        }
        // Each is somebody else: the script is told right before each comes.
        let tries = away.iter().enumerate().map(|(n, away)| {
            let platform = &platform;
            async move {
                let callback = platform.provider.visit(&away.url);
                let state = super::provider::parameter(&away.url, "state").unwrap();
                let back = platform.auth.resume_oauth("staff", &state, &away.browser);
                let back = back.await.unwrap();
                platform.provider.tell(|script| {
                    script.claims["sub"] = format!("u-{n}").into();
                    script.claims["email"] = format!("u-{n}@example.com").into();
                });
                let redirect = super::provider::REDIRECT;
                let request = RequestInfo::new();
                platform
                    .auth
                    .finish_oauth(&back, &callback, redirect, &request)
                    .await
            }
        });
        for arrival in futures::future::join_all(tries).await {
            signed_in(arrival.unwrap().entered);
        }
        let admins = "SELECT COUNT(*) FROM workeros_user_roles WHERE role = 'admin'";
        let admins = world.rows(admins, vec![]).await;
        assert_eq!(admins.first().unwrap().integer(0).unwrap(), 1);
    }
}

async fn once<P: Plane>(world: &World, site: &Site<P>, count: &'static str) {
    for round in 0..10 {
        site.provider.tell(|script| {
            script.claims["sub"] = format!("r-{round}").into();
            script.claims["email"] = format!("r-{round}@example.com").into();
        });
        let mut away = Vec::new();
        for _ in 0..12 {
            away.push(site.depart("staff").await);
        }
        let tries = away.iter().map(|away| site.arrive("staff", away));
        let users: Vec<_> = futures::future::join_all(tries)
            .await
            .into_iter()
            .map(|arrival| signed_in(arrival.unwrap().entered).user.id)
            .collect();
        assert!(users.iter().all(|user| *user == users[0]), "{users:?}");
        let rows = world.rows(count, vec![format!("r-{round}").into()]).await;
        assert_eq!(rows.first().unwrap().integer(0).unwrap(), 1);
    }
}

/// OA-5, R19: who comes twelve times at once becomes one user.
#[tokio::test]
async fn who_comes_twelve_times_at_once_becomes_one_user() {
    for (world, platform, app) in sites().await {
        let count = "SELECT COUNT(*) FROM workeros_accounts WHERE subject = $1";
        once(&world, &platform, count).await;
        once(
            &world,
            &app,
            "SELECT COUNT(*) FROM app_accounts WHERE subject = $1",
        )
        .await;
    }
}

async fn by_token<P: Plane>(site: &Site<P>) {
    let token = site.provider.id_token(Some("n-1"));
    let mut presented = PresentedIdToken {
        token: &token,
        nonce: Some("n-1"),
        user: None,
    };
    let request = RequestInfo::new();
    let sign_in = site.auth.sign_in_id_token("staff", presented, &request);
    let arrival = sign_in.await.unwrap();
    assert!(arrival.is_new);
    presented.nonce = Some("n-2");
    let sign_in = site.auth.sign_in_id_token("staff", presented, &request);
    assert_eq!(refused(sign_in.await).code(), Some("INVALID_TOKEN"));
    let sign_in = site.auth.sign_in_id_token("nobody", presented, &request);
    let error = refused(sign_in.await);
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.code(), Some("PROVIDER_NOT_FOUND"));
}

/// OA-4: an app of ours may bring an ID token.
#[tokio::test]
async fn oa_4_an_app_of_ours_may_bring_an_id_token() {
    for (_, platform, app) in sites().await {
        by_token(&platform).await;
        by_token(&app).await;
    }
}

/// Lets nobody in who comes from `staff`.
#[derive(Debug)]
struct NoStaff;

#[async_trait]
impl AuthHooks for NoStaff {
    async fn before_user(&self, user: &ComingUser) -> Result<Admission> {
        assert_eq!(user.email, "ann@example.com");
        Ok(match &user.origin {
            UserOrigin::OAuth { provider, kind } if provider == "staff" => {
                assert_eq!(*kind, "oidc");
                Admission::refuse(Refusal::new("no"))
            }
            _ => Admission::admit(),
        })
    }
}

/// The last of the ways that `hooks` goes through.
#[tokio::test]
async fn nobody_comes_from_a_provider_past_the_hook() {
    for world in worlds().await {
        let provider = Provider::new(Script::default());
        let auth = world
            .auth_with(|builder| with_providers(&provider)(builder).with_hooks(Arc::new(NoStaff)));
        let site = Site { auth, provider };
        let error = refused(site.sign_in("staff").await);
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert_eq!(error.code(), Some("REFUSED_BY_HOOK"));
        let users = world.rows("SELECT id FROM workeros_users", vec![]).await;
        assert_eq!(users.iter().count(), 0);
        signed_in(site.sign_in("partner").await.unwrap().entered);
    }
}
