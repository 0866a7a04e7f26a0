//! Somebody of the team who acts as a user.

use std::time::Duration;

use workeros_auth::{
    App, Auth, Impersonator, NewApiKey, NewImpersonation, OneTimeCode, Plane, Platform,
    RequestInfo, SecondFactor, SessionKey, SignedIn, UserPatch,
};
use workeros_core::{Credential, ErrorKind, Identity, Result, UserId, role};

use crate::both_planes::{Planes, Presented, from, sign_up as new_user};
use crate::support::{names, sign_up};

const WHY: &str = "ticket 4711";
const HOUR: Duration = Duration::from_hours(1);

/// An instance with an admin.
async fn planes() -> Vec<(Planes, SignedIn)> {
    let mut all = Vec::new();
    for planes in Planes::all(|builder| builder).await {
        let root = new_user(&planes.team, sign_up("root")).await;
        all.push((planes, root));
    }
    all
}

fn identity(who: &SignedIn) -> Identity {
    let session = Credential::Session(who.session.id);
    Identity::host(who.user.id.to_string()).with_credential(session)
}

async fn impersonator(planes: &Planes, who: &SignedIn) -> Result<Impersonator> {
    let tenant = planes.world.tenant;
    planes.team.impersonator(&identity(who), tenant).await
}

async fn start<P: Plane>(
    planes: &Planes,
    auth: &Auth<P>,
    who: &SignedIn,
    user: UserId,
) -> Result<SignedIn<P>> {
    let by = impersonator(planes, who).await?;
    let new = NewImpersonation::new(user, WHY)?;
    auth.impersonate(&by, &new, &RequestInfo::new()).await
}

async fn is_open<P: Plane>(auth: &Auth<P>, key: &SessionKey) -> bool {
    auth.session_by_key(key).await.unwrap().is_some()
}

/// LOG-1: it is a session of the user that says whose it really is, and why.
#[tokio::test]
async fn log_1_who_acts_as_a_user_is_named_wherever_he_does() {
    async fn check<P: Presented>(planes: &Planes, auth: &Auth<P>, root: &SignedIn) {
        let ann = new_user(auth, sign_up("ann")).await;
        let session = start(planes, auth, root, ann.user.id).await.unwrap();
        let key = P::key(auth, &session).await;
        let active = auth.session_by_key(&key).await.unwrap().unwrap();
        assert_eq!(active.user.id, ann.user.id);
        let by = active.session.impersonation.clone().unwrap();
        assert_eq!(by.admin, root.user.id);
        assert!(by.read_only);
        let listed = auth.sessions(ann.user.id).await.unwrap();
        let shown = listed.iter().map(|one| one.impersonation.as_ref());
        let admins: Vec<_> = shown.map(|by| by.map(|by| by.admin)).collect();
        assert_eq!(admins, [Some(root.user.id), None]);

        auth.stop_impersonating(&key).await.unwrap();
        assert!(!is_open(auth, &key).await);
        let again = auth.stop_impersonating(&key).await.unwrap_err();
        assert_eq!(again.code(), Some("NOT_IMPERSONATING"));
        let page = auth.activity(200, None, Some(ann.user.id)).await.unwrap();
        let rows = page.rows.iter();
        let rows: Vec<_> = rows
            .filter(|row| row.action.starts_with("auth.impersonation"))
            .collect();
        let [stopped, started] = rows[..] else {
            panic!("not two rows: {rows:?}")
        };
        assert_eq!(started.action, "auth.impersonation_started");
        assert_eq!(stopped.action, "auth.impersonation_stopped");
        for row in [started, stopped] {
            assert_eq!(row.actor, format!("user:{}", root.user.id));
            assert_eq!(row.detail["session_id"], session.session.id.to_string());
        }
        assert_eq!(started.detail["reason"], WHY);
        assert_eq!(started.detail["read_only"], true);
    }
    for (planes, root) in planes().await {
        check(&planes, &planes.team, &root).await;
        check(&planes, &planes.app, &root).await;
    }
}

/// Signing out stops it, and is noted as that.
#[tokio::test]
async fn signing_out_stops_it() {
    for (planes, root) in planes().await {
        let ann = new_user(&planes.app, sign_up("ann")).await;
        let session = start(&planes, &planes.app, &root, ann.user.id);
        let session = session.await.unwrap();
        let key = App::key(&planes.app, &session).await;
        planes.app.end_session(&key).await.unwrap();
        assert!(!is_open(&planes.app, &key).await);
        let page = planes.app.activity(1, None, None).await.unwrap();
        assert_eq!(page.rows[0].action, "auth.impersonation_stopped");
    }
}

#[test]
fn a_reason_is_one_line_that_says_something() {
    let nobody = UserId::new(uuid::Uuid::nil());
    for reason in ["", "  ", "two\nlines", &"x".repeat(501)] {
        let error = NewImpersonation::new(nobody, reason).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{reason:?}");
    }
    let new = NewImpersonation::new(nobody, " a reason ").unwrap();
    assert_eq!((new.reason.as_str(), new.read_only), ("a reason", true));
}

/// SES-8: it takes a session of one's own, in which one has just signed in.
#[tokio::test]
async fn ses_8_it_takes_who_has_just_signed_in_himself() {
    for (planes, root) in planes().await {
        let key = identity(&root);
        let api = Identity::host(key.user_id.clone()).with_credential(Credential::Host);
        let tenant = planes.world.tenant;
        let refused = planes.team.impersonator(&api, tenant).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Forbidden);
        planes.world.wait(Duration::from_secs(601));
        let refused = impersonator(&planes, &root).await.unwrap_err();
        assert_eq!(refused.code(), Some("REAUTH_REQUIRED"));
    }
}

#[tokio::test]
async fn nobody_acts_as_himself_or_as_who_runs_the_instance_or_as_somebody_else_in_turn() {
    for (planes, root) in planes().await {
        let team = &planes.team;
        let himself = start(&planes, team, &root, root.user.id).await;
        assert_eq!(
            himself.unwrap_err().code(),
            Some("YOU_CANNOT_IMPERSONATE_YOURSELF")
        );
        let other = new_user(team, sign_up("other")).await;
        let admin = names(&[role::ADMIN]);
        let tenant = planes.world.tenant;
        team.set_roles(tenant, other.user.id, &admin).await.unwrap();
        let refused = start(&planes, team, &root, other.user.id).await;
        assert_eq!(
            refused.unwrap_err().code(),
            Some("YOU_CANNOT_IMPERSONATE_ADMINS")
        );
        let ann = new_user(team, sign_up("ann")).await;
        let session = start(&planes, team, &root, ann.user.id).await.unwrap();
        let nested = identity(&session).with_impersonator(Some(root.user.id));
        let refused = team.impersonator(&nested, tenant).await.unwrap_err();
        assert_eq!(refused.code(), Some("IMPERSONATED"));
        // Also by a caller who has left out whose session it is.
        let nested = team.impersonator(&identity(&session), tenant).await;
        nested.unwrap_err();
    }
}

#[tokio::test]
async fn nobody_acts_as_who_is_not_there() {
    for (planes, root) in planes().await {
        let (app, tenant) = (&planes.app, planes.world.tenant);
        let ann = new_user(app, sign_up("ann")).await;
        let of_team = start(&planes, &planes.team, &root, ann.user.id).await;
        assert_eq!(of_team.unwrap_err().kind(), ErrorKind::NotFound);
        let elsewhere = start(&planes, &planes.other_app, &root, ann.user.id).await;
        assert_eq!(elsewhere.unwrap_err().kind(), ErrorKind::NotFound);
        let disabled = UserPatch::new().with_disabled(Some(true));
        app.update_user(tenant, ann.user.id, disabled)
            .await
            .unwrap();
        let refused = start(&planes, app, &root, ann.user.id).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotFound);
    }
}

/// SES-4: it lasts an hour, however it is used.
#[tokio::test]
async fn ses_4_it_lasts_an_hour_and_no_longer() {
    for (planes, root) in planes().await {
        let app = &planes.app;
        let ann = new_user(app, sign_up("ann")).await;
        let mut session = start(&planes, app, &root, ann.user.id).await.unwrap();
        let key = App::key(app, &session).await;
        for _ in 0..3 {
            planes.world.wait(Duration::from_mins(19));
            session = app.refresh_session(&session.token).await.unwrap();
            assert!(is_open(app, &key).await);
        }
        planes.world.wait(HOUR - Duration::from_mins(57));
        assert!(!is_open(app, &key).await);
        let refused = app.refresh_session(&session.token).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unauthorized);
    }
}

/// What ends an admin's right, or the session he acts by.
type End = for<'a> fn(&'a Planes, &'a SignedIn) -> futures::future::BoxFuture<'a, ()>;

/// SES-5: it ends with the admin's own session, and with a role of his.
#[tokio::test]
async fn ses_5_it_ends_when_the_admin_may_no_more() {
    async fn check<P: Presented>(planes: &Planes, auth: &Auth<P>, end: End, n: usize) {
        let plane = std::any::type_name::<P>().rsplit(':').next().unwrap();
        let team = &planes.team;
        let admin = new_user(team, sign_up(&format!("admin{n}-{plane}"))).await;
        let roles = names(&[role::ADMIN, "support"]);
        let tenant = planes.world.tenant;
        team.set_roles(tenant, admin.user.id, &roles).await.unwrap();
        let name = format!("user{n}-{plane}");
        let user = new_user(auth, sign_up(&name)).await.user.id;
        let session = start(planes, auth, &admin, user).await.unwrap();
        let key = P::key(auth, &session).await;
        assert!(is_open(auth, &key).await);
        end(planes, &admin).await;
        assert!(!is_open(auth, &key).await, "{n}");
    }
    let ends: [End; 7] = [
        |planes, admin| Box::pin(async { planes.team.sign_out(&admin.token).await.unwrap() }),
        |planes, admin| {
            Box::pin(async { planes.team.revoke_sessions(admin.user.id).await.unwrap() })
        },
        |planes, admin| Box::pin(async { planes.team.delete_user(admin.user.id).await.unwrap() }),
        |planes, admin| {
            Box::pin(async {
                let disabled = UserPatch::new().with_disabled(Some(true));
                let (tenant, user) = (planes.world.tenant, admin.user.id);
                planes
                    .team
                    .update_user(tenant, user, disabled)
                    .await
                    .unwrap();
            })
        },
        |planes, admin| {
            Box::pin(async {
                let (tenant, roles) = (planes.world.tenant, names(&["support"]));
                let team = &planes.team;
                team.set_roles(tenant, admin.user.id, &roles).await.unwrap();
            })
        },
        |planes, admin| {
            Box::pin(async {
                let (tenant, roles) = (planes.world.tenant, names(&[role::ADMIN]));
                let team = &planes.team;
                team.set_roles(tenant, admin.user.id, &roles).await.unwrap();
            })
        },
        |planes, admin| {
            Box::pin(async {
                let (request, token) = (RequestInfo::new(), SessionKey::of_token(&admin.token));
                let name = admin.user.name.clone();
                let sign_in = crate::support::sign_in(&name, crate::support::PASSWORD);
                let request = request.with_replaced(Some(token));
                planes.team.sign_in_email(sign_in, &request).await.unwrap();
            })
        },
    ];
    for (planes, _) in planes().await {
        for (n, end) in ends.into_iter().enumerate() {
            check(&planes, &planes.team, end, n).await;
            check(&planes, &planes.app, end, n).await;
        }
    }
}

/// SES-6: a user sees that somebody acts as him, and ends it.
#[tokio::test]
async fn ses_6_a_user_ends_what_is_done_in_his_name() {
    async fn check<P: Presented>(planes: &Planes, auth: &Auth<P>, root: &SignedIn) {
        let ann = new_user(auth, sign_up("ann")).await;
        let session = start(planes, auth, root, ann.user.id).await.unwrap();
        let key = P::key(auth, &session).await;
        auth.revoke_other_sessions(ann.user.id, ann.session.id)
            .await
            .unwrap();
        assert!(!is_open(auth, &key).await);
        assert!(is_open(&planes.team, &Platform::key(&planes.team, root).await).await);
    }
    for (planes, root) in planes().await {
        check(&planes, &planes.team, &root).await;
        check(&planes, &planes.app, &root).await;
    }
}

/// SES-8: by it nobody is fresh, and shows no factor of the user's.
#[tokio::test]
async fn ses_8_it_is_no_sign_in_of_the_users() {
    async fn check<P: Presented>(planes: &Planes, auth: &Auth<P>, root: &SignedIn) {
        let ann = new_user(auth, sign_up("ann")).await;
        let session = start(planes, auth, root, ann.user.id).await.unwrap();
        let stale = auth.require_fresh(session.session.id).await.unwrap_err();
        assert_eq!(stale.code(), Some("REAUTH_REQUIRED"));
        auth.require_fresh(ann.session.id).await.unwrap();
        let factor = SecondFactor::Totp(OneTimeCode::parse("123456").unwrap());
        let request = from(auth, &session).await;
        let refused = auth
            .show_second_factor(ann.user.id, &factor, &request)
            .await;
        assert_eq!(refused.unwrap_err().code(), Some("IMPERSONATED"));
    }
    for (planes, root) in planes().await {
        check(&planes, &planes.team, &root).await;
        check(&planes, &planes.app, &root).await;
        let team = &planes.team;
        let bob = new_user(team, sign_up("bob")).await;
        let session = start(&planes, team, &root, bob.user.id).await.unwrap();
        let owner = identity(&session).with_impersonator(Some(root.user.id));
        let key = team.create_api_key(&owner, planes.world.tenant, NewApiKey::new("x"));
        assert_eq!(key.await.unwrap_err().code(), Some("IMPERSONATED"));
    }
}

/// The rows of who ceased to act as a user, by whom and of which session.
async fn ends<P: Plane>(auth: &Auth<P>, user: UserId) -> Vec<(String, String)> {
    let page = auth.activity(200, None, Some(user)).await.unwrap();
    let rows = page.rows.into_iter();
    rows.filter(|row| row.action == "auth.impersonation_stopped")
        .map(|row| {
            let session = row.detail["session_id"].as_str().unwrap();
            (row.actor, session.to_owned())
        })
        .collect()
}

/// LOG-1: that somebody acts as a user no more is noted once, however it ends, and
/// at the start until when it lasts at most.
#[tokio::test]
async fn log_1_the_end_is_noted_once_however_it_ends() {
    async fn check<P: Presented>(planes: &Planes, auth: &Auth<P>, end: End, n: usize) {
        let plane = std::any::type_name::<P>().rsplit(':').next().unwrap();
        let team = &planes.team;
        let admin = new_user(team, sign_up(&format!("admin{n}-{plane}"))).await;
        let (tenant, roles) = (planes.world.tenant, names(&[role::ADMIN]));
        team.set_roles(tenant, admin.user.id, &roles).await.unwrap();
        let user = new_user(auth, sign_up(&format!("user{n}-{plane}"))).await;
        let user = user.user.id;
        let session = start(planes, auth, &admin, user).await.unwrap();
        let key = P::key(auth, &session).await;
        team.drop_expired().await.unwrap();
        assert_eq!(ends(auth, user).await, []);
        let page = auth.activity(1, None, Some(user)).await.unwrap();
        let latest = session.session.expires_at.to_string();
        assert_eq!(page.rows[0].detail["expires_at"], latest);

        end(planes, &admin).await;
        // As many as look see that it is over.
        let looks = (0..8).map(|_| is_open(auth, &key));
        let seen = futures::future::join_all(looks).await;
        assert!(!seen.contains(&true), "{n}");
        let sweeps = (0..4).map(|_| team.drop_expired());
        for swept in futures::future::join_all(sweeps).await {
            swept.unwrap();
        }
        let id = session.session.id.to_string();
        assert_eq!(ends(auth, user).await, [("system".to_owned(), id)], "{n}");
    }
    let how: [End; 5] = [
        |planes, _| {
            Box::pin(async {
                planes.world.wait(HOUR);
            })
        },
        |planes, admin| Box::pin(async { planes.team.sign_out(&admin.token).await.unwrap() }),
        |planes, admin| Box::pin(async { planes.team.delete_user(admin.user.id).await.unwrap() }),
        |planes, admin| {
            Box::pin(async {
                let (tenant, roles) = (planes.world.tenant, names(&["support"]));
                let team = &planes.team;
                team.set_roles(tenant, admin.user.id, &roles).await.unwrap();
            })
        },
        |planes, _| {
            Box::pin(async {
                let tenant = planes.world.tenant;
                planes.team.end_impersonations(tenant).await.unwrap();
            })
        },
    ];
    for (planes, _) in planes().await {
        for (n, end) in how.into_iter().enumerate() {
            check(&planes, &planes.team, end, n).await;
            check(&planes, &planes.app, end, n).await;
        }
    }
}

/// LOG-1: the sweep notes what nobody looks at any more, and who stops is noted
/// by himself alone.
#[tokio::test]
async fn log_1_the_end_of_what_nobody_looks_at_is_noted_by_the_sweep() {
    for (planes, root) in planes().await {
        let (app, team) = (&planes.app, &planes.team);
        let ann = new_user(app, sign_up("ann")).await;
        let user = ann.user.id;
        let stopped = start(&planes, app, &root, user).await.unwrap();
        let key = App::key(app, &stopped).await;
        app.stop_impersonating(&key).await.unwrap();
        let revoked = start(&planes, app, &root, user).await.unwrap();
        let kept = ann.session.id;
        app.revoke_other_sessions(user, kept).await.unwrap();
        let lapsed = start(&planes, app, &root, user).await.unwrap();
        team.drop_expired().await.unwrap();
        planes.world.wait(HOUR);
        team.drop_expired().await.unwrap();
        team.drop_expired().await.unwrap();
        let system = |session: &SignedIn<App>| {
            let id = session.session.id.to_string();
            ("system".to_owned(), id)
        };
        let himself = (
            format!("user:{}", root.user.id),
            stopped.session.id.to_string(),
        );
        let expected = [system(&lapsed), system(&revoked), himself];
        assert_eq!(ends(app, user).await, expected);
        // Whose user is gone is noted too.
        let last = start(&planes, app, &root, user).await.unwrap_err();
        assert_eq!(last.code(), Some("REAUTH_REQUIRED"));
    }
}
