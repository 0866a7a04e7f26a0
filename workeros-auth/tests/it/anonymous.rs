//! Users without an account, and how they get one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use workeros_adapters::MemoryRateLimiter;
use workeros_auth::{
    AnonymousLink, AnonymousUsers, Auth, AuthBuilder, CodePurpose, EmailAddress, MailedCode,
    NewApiKey, Plane, RealmSettings, RequestInfo, SettingsPatch, SignUpPolicy, SignedIn, StillMe,
    UserPatch,
};
use workeros_core::{Credential, ErrorKind, Identity, UserId, role};

use crate::both_planes::{Planes, Presented, from, sign_up as new_user};
use crate::mail::link;
use crate::race::{race, rounds_of_plane};
use crate::support::{
    PASSWORD, World, display_name, email, finding, names, sign_in, sign_up, signed_in,
};

mod promotion;
mod races;
mod waiting;

const DAY: Duration = Duration::from_hours(24);

fn settings() -> RealmSettings {
    RealmSettings::new().with_anonymous(AnonymousUsers::new())
}

fn open(builder: AuthBuilder) -> AuthBuilder {
    builder
        .with_settings(settings())
        .with_app_settings(settings())
}

async fn planes() -> Vec<Planes> {
    Planes::all(open).await
}

async fn guest<P: Plane>(auth: &Auth<P>) -> SignedIn<P> {
    auth.sign_in_anonymous(&RequestInfo::new()).await.unwrap()
}

async fn is_there<P: Plane>(world: &World, auth: &Auth<P>, user: UserId) -> bool {
    match auth.user(world.tenant, user).await {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => panic!("{error:?}"),
    }
}

/// The details of what was done of a kind, newest first.
async fn noted<P: Plane>(auth: &Auth<P>, action: &str) -> Vec<workeros_auth::Activity> {
    let page = auth.activity(200, None, None).await.unwrap();
    let rows = page.rows.into_iter();
    rows.filter(|row| row.action == action).collect()
}

#[tokio::test]
async fn there_are_none_unless_somebody_says_so() {
    for planes in Planes::all(|builder| builder).await {
        for error in [
            planes
                .team
                .sign_in_anonymous(&RequestInfo::new())
                .await
                .err(),
            planes
                .app
                .sign_in_anonymous(&RequestInfo::new())
                .await
                .err(),
        ] {
            let error = error.unwrap();
            assert_eq!(error.code(), Some("ANONYMOUS_USERS_DISABLED"));
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
    }
}

/// CFG-1: a workspace says for itself whether it has any.
#[tokio::test]
async fn cfg_1_a_workspace_has_guests_if_its_admins_say_so() {
    for planes in Planes::all(|builder| builder).await {
        let change = |anonymous| SettingsPatch::new(json!({ "anonymous": anonymous }));
        for days in [0, 366] {
            let said = change(json!({"enabled": true, "kept_days": days}));
            let refused = planes.app.change_settings(&said).await.unwrap_err();
            assert_eq!(finding(&refused), ("/anonymous/kept_days", "out_of_range"));
        }
        let on = change(json!({"enabled": true, "kept_days": 2}));
        let changed = planes.app.change_settings(&on).await.unwrap();
        let shown = json!({"enabled": true, "kept_days": 2});
        assert_eq!(changed.effective["anonymous"], shown);
        let app = planes.team.app_by_slug("default").await.unwrap();
        assert_eq!(app.settings().anonymous.unwrap().kept, DAY * 2);
        guest(&app).await;
        let off = change(json!({"enabled": false}));
        planes.app.change_settings(&off).await.unwrap();
        let app = planes.team.app_by_slug("default").await.unwrap();
        let refused = app
            .sign_in_anonymous(&RequestInfo::new())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Some("ANONYMOUS_USERS_DISABLED"));
    }
}

#[tokio::test]
async fn a_guest_is_known_and_has_no_address() {
    async fn check<P: Presented>(auth: &Auth<P>) {
        let one = guest(auth).await;
        let other = guest(auth).await;
        assert_ne!(one.user.id, other.user.id);
        assert!(one.user.is_anonymous());
        assert_eq!(one.user.address(), None);
        assert!(one.user.email.ends_with("@anonymous.invalid"), "{one:?}");
        let key = P::key(auth, &one).await;
        let active = auth.session_by_key(&key).await.unwrap().unwrap();
        assert!(active.user.is_anonymous());
        let again = auth.sign_in_anonymous(&from(auth, &one).await).await;
        assert_eq!(
            again.unwrap_err().code(),
            Some("ANONYMOUS_USERS_CANNOT_SIGN_IN_AGAIN_ANONYMOUSLY")
        );
    }
    for planes in planes().await {
        check(&planes.team).await;
        check(&planes.app).await;
    }
}

/// PW-9: what stands in the place of an address cannot be had by anybody.
#[test]
fn pw_9_nobody_has_an_address_below_invalid() {
    for text in [
        "x@anonymous.invalid",
        "X@Anonymous.INVALID",
        "01a1fd8a-8e56-74c7-b290-b23ffa889921@passkey.invalid",
        "x@example.invalid",
    ] {
        assert!(EmailAddress::parse(text).is_err(), "{text}");
    }
    assert!(EmailAddress::parse("x@invalid.example").is_ok());
}

/// FIRST-1, FIRST-4: who has no account is never the first admin, and whoever
/// signs up first is.
#[tokio::test]
async fn first_1_a_guest_is_not_the_first_admin() {
    for planes in planes().await {
        let (world, team) = (&planes.world, &planes.team);
        let early = guest(team).await;
        guest(&planes.app).await;
        let ann = new_user(team, sign_up("ann")).await;
        assert_eq!(world.roles(&ann).await, ["admin"]);
        let late = guest(team).await;
        for (name, one) in [("eve", early), ("bob", late)] {
            let request = from(team, &one).await;
            let promoted = team.sign_up_email(sign_up(name), &request).await.unwrap();
            assert_eq!(promoted.user.id, one.user.id);
            assert!(world.roles(&promoted).await.is_empty());
        }
    }
}

/// FIRST-1: the first one to sign up is admin, also if he was there before.
#[tokio::test]
async fn first_1_a_guest_who_signs_up_first_is_admin() {
    for planes in planes().await {
        let one = guest(&planes.team).await;
        let request = from(&planes.team, &one).await;
        let ann = planes.team.sign_up_email(sign_up("ann"), &request);
        let ann = ann.await.unwrap();
        assert_eq!(planes.world.roles(&ann).await, ["admin"]);
    }
}

/// LIM-3: so many are made for one client in an hour.
#[tokio::test]
async fn lim_3_thirty_an_hour_for_a_client() {
    for world in crate::support::worlds().await {
        let limiter = Arc::new(MemoryRateLimiter::new(Arc::clone(&world.runtime.clock)));
        let auth = world.auth_with(|builder| {
            open(builder.danger_weak_hashing()).with_rate_limiter(Arc::clone(&limiter) as _)
        });
        let here = RequestInfo::new().with_ip(Some([203, 0, 113, 7].into()));
        let there = RequestInfo::new().with_ip(Some([203, 0, 113, 8].into()));
        for _ in 0..30 {
            auth.sign_in_anonymous(&here).await.unwrap();
        }
        let refused = auth.sign_in_anonymous(&here).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::RateLimited);
        auth.sign_in_anonymous(&there).await.unwrap();
        world.wait(Duration::from_hours(1));
        auth.sign_in_anonymous(&here).await.unwrap();
    }
}

/// A guest has no roles, no keys and no factors, and nobody gives him any.
#[tokio::test]
async fn what_takes_an_account_is_not_for_guests() {
    async fn check<P: Presented>(world: &World, auth: &Auth<P>) {
        let one = guest(auth).await;
        let (user, request) = (one.user.id, from(auth, &one).await);
        let code = |error: workeros_core::Error| error.code().map(ToOwned::to_owned);
        let still_me = StillMe::new(user, one.session.id, None);
        let refused = auth.begin_two_factor(&still_me, &request).await;
        assert_eq!(
            code(refused.unwrap_err()).as_deref(),
            Some("ANONYMOUS_USER")
        );
        let who = auth.require_fresh(one.session.id).await.unwrap();
        let refused = auth
            .request_email_change(who, &email("ann"), &request, link)
            .await;
        assert_eq!(
            code(refused.unwrap_err()).as_deref(),
            Some("ANONYMOUS_USER")
        );
        let roles = names(&["editor"]);
        let refused = auth.set_roles(world.tenant, user, &roles).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    }
    for planes in planes().await {
        check(&planes.world, &planes.team).await;
        check(&planes.world, &planes.app).await;
        let (world, team) = (&planes.world, &planes.team);
        let one = guest(team).await;
        let roles = names(&["editor"]);
        let refused = team.add_member(world.tenant, one.user.id, &roles).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
        let identity = Identity::host(one.user.id.to_string())
            .with_credential(Credential::Session(one.session.id))
            .with_guest(true);
        let key = team.create_api_key(&identity, world.tenant, NewApiKey::new("x"));
        assert_eq!(key.await.unwrap_err().code(), Some("ANONYMOUS_USER"));
    }
}

#[tokio::test]
async fn a_guest_leaves_for_good() {
    async fn check<P: Presented>(world: &World, auth: &Auth<P>) {
        let one = guest(auth).await;
        let key = P::key(auth, &one).await;
        auth.delete_anonymous_user(one.user.id).await.unwrap();
        assert!(auth.session_by_key(&key).await.unwrap().is_none());
        assert!(!is_there(world, auth, one.user.id).await);
        let ann = new_user(auth, sign_up("ann")).await;
        let refused = auth.delete_anonymous_user(ann.user.id).await.unwrap_err();
        assert_eq!(refused.code(), Some("USER_IS_NOT_ANONYMOUS"));
        assert!(is_there(world, auth, ann.user.id).await);
    }
    for planes in planes().await {
        check(&planes.world, &planes.team).await;
        check(&planes.world, &planes.app).await;
    }
}

#[tokio::test]
async fn who_is_old_and_whose_session_is_over_is_removed() {
    async fn check<P: Presented>(planes: &Planes, auth: &Auth<P>, tag: &str) {
        let world = &planes.world;
        let (forgotten, promoted) = (guest(auth).await, guest(auth).await);
        let request = from(auth, &promoted).await;
        let name = format!("ann-{tag}");
        auth.sign_up_email(sign_up(&name), &request).await.unwrap();
        world.wait(DAY * 30 - Duration::from_secs(1));
        planes.team.drop_expired().await.unwrap();
        assert!(is_there(world, auth, forgotten.user.id).await);
        let young = guest(auth).await;
        world.wait(Duration::from_secs(1));
        planes.team.drop_expired().await.unwrap();
        assert!(!is_there(world, auth, forgotten.user.id).await);
        assert!(is_there(world, auth, young.user.id).await);
        assert!(is_there(world, auth, promoted.user.id).await);
    }
    for planes in planes().await {
        check(&planes, &planes.team, "team").await;
        check(&planes, &planes.app, "app").await;
    }
}

#[tokio::test]
async fn whose_session_is_open_stays() {
    let kept = AnonymousUsers::new().with_kept(DAY);
    let settings = RealmSettings::new().with_anonymous(kept);
    let options = |builder: AuthBuilder| builder.with_settings(settings.clone());
    for planes in Planes::all(options).await {
        let (world, team) = (&planes.world, &planes.team);
        let (active, gone) = (guest(team).await, guest(team).await);
        team.sign_out(&gone.token).await.unwrap();
        world.wait(DAY);
        team.drop_expired().await.unwrap();
        assert!(is_there(world, team, active.user.id).await);
        assert!(!is_there(world, team, gone.user.id).await);
    }
}
