//! What a workspace sets for its end users at run time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value as Json, json};
use workeros_adapters::MemoryMailer;
use workeros_auth::{
    App, Auth, AuthBuilder, Caller, RealmSettings, RequestInfo, SettingsPatch, SignUpPolicy,
    StoredSettings,
};
use workeros_core::{ErrorKind, Result, TenantId, Workspace};

use crate::several::Listening;
use crate::support::{
    World, finding, password, secret, sign_up, signed_in, watched_worlds, worlds,
};

const HOUR: u64 = 3600;

/// An operator with narrow limits: passwords of ten characters, sessions of a
/// day that idle for an hour.
fn narrow(builder: AuthBuilder) -> AuthBuilder {
    let settings = RealmSettings::new()
        .with_min_password_length(10)
        .with_blocked_passwords(["operators"])
        .with_session_lifetime(Duration::from_hours(24))
        .with_session_idle(Duration::from_hours(1));
    builder
        .danger_weak_hashing()
        .with_secret(secret())
        .with_mailer(Arc::new(MemoryMailer::default()))
        .with_app_settings(settings)
}

async fn app_of(auth: &Auth, tenant: TenantId) -> Auth<App> {
    auth.app(Workspace::new(tenant, "default")).await.unwrap()
}

async fn narrow_app(world: &World) -> Auth<App> {
    app_of(&world.auth_with(narrow), world.tenant).await
}

async fn change(app: &Auth<App>, patch: Json) -> Result<StoredSettings> {
    app.change_settings(&SettingsPatch::new(patch)).await
}

#[tokio::test]
async fn what_is_said_is_stored_and_holds() {
    for world in worlds().await {
        let app = narrow_app(&world).await;
        let before = app.stored_settings().await.unwrap();
        assert_eq!((before.version, before.updated_at), (0, None));
        assert!(before.stored.is_empty());
        assert_eq!(before.effective["sign_up"], "open");
        assert_eq!(before.effective["password"]["min_length"], 10);
        assert_eq!(before.effective["session"]["idle"], HOUR);
        for (name, said, holds) in [
            ("sign_up", json!("invited"), json!("invited")),
            ("sign_up", json!("closed"), json!("closed")),
            ("sign_up", json!("open"), json!("open")),
            ("require_verified_email", json!(true), json!(true)),
            ("require_verified_email", json!(false), json!(false)),
            (
                "organizations",
                json!({"creation": "nobody", "max_per_user": 0}),
                json!({"creation": "nobody", "max_members": 1000, "max_per_user": 0}),
            ),
            (
                "password",
                json!({"min_length": 64}),
                json!({"min_length": 64, "blocked": ["operators"]}),
            ),
            (
                "password",
                json!({"min_length": 10, "blocked": ["AcmeCorp12"]}),
                json!({"min_length": 10, "blocked": ["acmecorp12", "operators"]}),
            ),
            (
                "session",
                json!({"lifetime": 300, "idle": 300}),
                json!({"lifetime": 300, "idle": 300}),
            ),
            (
                "session",
                json!({"lifetime": 24 * HOUR, "idle": HOUR}),
                json!({"lifetime": 24 * HOUR, "idle": HOUR}),
            ),
        ] {
            let changed = change(&app, json!({ name: said })).await.unwrap();
            assert_eq!(changed.stored[name], said, "{name}");
            assert_eq!(changed.effective[name], holds, "{name}");
            assert_eq!(app.stored_settings().await.unwrap(), changed);
        }
        // Null is back to the default, and leaves nothing.
        let within = json!({"session": {"lifetime": null, "idle": null}});
        let stored = change(&app, within).await.unwrap().stored;
        assert!(!stored.contains_key("session"));
        let back = stored.into_iter().map(|(name, _)| (name, Json::Null));
        let back = change(&app, Json::Object(back.collect())).await.unwrap();
        assert!(back.stored.is_empty(), "{:?}", back.stored);
        assert_eq!(back.effective, before.effective);
        // What changes nothing is no change.
        let again = change(&app, json!({"sign_up": null})).await.unwrap();
        assert_eq!(again.version, back.version);
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_where_it_stands() {
    for world in worlds().await {
        let app = narrow_app(&world).await;
        for (patch, path, code) in [
            (json!([]), "", "type_mismatch"),
            (json!({"signUp": "open"}), "/signUp", "unknown_field"),
            (json!({"signUp": null}), "/signUp", "unknown_field"),
            (json!({"sign_up": {}}), "/sign_up", "type_mismatch"),
            (json!({"sign_up": {"a": null}}), "/sign_up", "type_mismatch"),
            (json!({"sign_up": "all"}), "/sign_up", "invalid_value"),
            (json!({"sign_up": true}), "/sign_up", "type_mismatch"),
            (
                json!({"require_verified_email": "yes"}),
                "/require_verified_email",
                "type_mismatch",
            ),
            (json!({"password": 12}), "/password", "type_mismatch"),
            (
                json!({"password": {"min_length": 9}}),
                "/password/min_length",
                "out_of_range",
            ),
            (
                json!({"password": {"min_length": 65}}),
                "/password/min_length",
                "out_of_range",
            ),
            (
                json!({"password": {"min_length": "12"}}),
                "/password/min_length",
                "type_mismatch",
            ),
            (
                json!({"password": {"blocked": "acme"}}),
                "/password/blocked",
                "type_mismatch",
            ),
            (
                json!({"password": {"blocked": vec!["a"; 1001]}}),
                "/password/blocked",
                "out_of_range",
            ),
            (
                json!({"password": {"blocked": ["a".repeat(257)]}}),
                "/password/blocked",
                "out_of_range",
            ),
            (
                json!({"password": {"a/b": 1}}),
                "/password/a~1b",
                "unknown_field",
            ),
            (
                json!({"organizations": {"creation": "admins"}}),
                "/organizations/creation",
                "invalid_value",
            ),
            (
                json!({"organizations": {"max_members": 1001}}),
                "/organizations/max_members",
                "out_of_range",
            ),
            (
                json!({"organizations": {"max_members": 0}}),
                "/organizations/max_members",
                "out_of_range",
            ),
            (
                json!({"organizations": {"max_per_user": -1}}),
                "/organizations/max_per_user",
                "out_of_range",
            ),
            (
                json!({"session": {"lifetime": 24 * HOUR + 1}}),
                "/session/lifetime",
                "out_of_range",
            ),
            (
                json!({"session": {"idle": HOUR + 1}}),
                "/session/idle",
                "out_of_range",
            ),
            (
                json!({"session": {"idle": 299}}),
                "/session/idle",
                "out_of_range",
            ),
            (
                json!({"session": {"idle": 600.5}}),
                "/session/idle",
                "type_mismatch",
            ),
        ] {
            let refused = change(&app, patch.clone()).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Validation, "{patch}");
            assert_eq!(finding(&refused), (path, code), "{patch}");
        }
        let both = json!({"sign_up": "all", "session": {"idle": 1}});
        let refused = change(&app, both).await.unwrap_err();
        assert_eq!(refused.details().len(), 2, "all complaints at once");
        let after = app.stored_settings().await.unwrap();
        assert_eq!(after.version, 0, "nothing was stored");
    }
}

/// A null leaves nothing behind that could be refused later.
#[tokio::test]
async fn a_null_for_what_nobody_knows_is_refused_as_well() {
    let world = worlds().await.swap_remove(0);
    let app = narrow_app(&world).await;
    for (patch, path) in [
        (json!({"password": {"a/b": null}}), "/password/a~1b"),
        (json!({"session": {"idel": null}}), "/session/idel"),
        (json!({"anonymous": {"days": null}}), "/anonymous/days"),
        (json!({"organizations": {"x": null}}), "/organizations/x"),
        (json!({"passkeys": {"rp": null}}), "/passkeys/rp"),
        (json!({"captcha": {"site": null}}), "/captcha/site"),
        (json!({"hooks": {"urls": null}}), "/hooks/urls"),
        (
            json!({"oauth_providers": {"google": {"colour": null}}}),
            "/oauth_providers/google/colour",
        ),
        (
            json!({"trusted_issuers": {"id": {"roles": {"maps": null}}}}),
            "/trusted_issuers/id/roles/maps",
        ),
        (json!({"mail": {"from": null}}), "/mail/from"),
        (
            json!({"mail": {"templates": {"spam": null}}}),
            "/mail/templates/spam",
        ),
        (
            json!({"mail": {"templates": {"magic-link": {"de": {"body": null}}}}}),
            "/mail/templates/magic-link/de/body",
        ),
    ] {
        let refused = change(&app, patch.clone()).await.unwrap_err();
        assert_eq!(finding(&refused), (path, "unknown_field"), "{patch}");
    }
    let both = json!({"password": {"x": null}, "session": {"y": null}, "z": null});
    let refused = change(&app, both).await.unwrap_err();
    assert_eq!(refused.details().len(), 3, "all complaints at once");
    // What is known, or called as one likes, may be taken away that is not there.
    for patch in [
        json!({"password": {"min_length": null}, "captcha": null}),
        json!({"oauth_providers": {"google": null}, "trusted_issuers": {"id": null}}),
        json!({"mail": {"sender_name": null, "reply_to": null}}),
    ] {
        let changed = change(&app, patch.clone()).await.unwrap();
        assert_eq!(changed.version, 0, "{patch}");
    }
}

#[tokio::test]
async fn what_the_operator_wants_no_workspace_goes_without() {
    for world in worlds().await {
        let strict = |builder: AuthBuilder| {
            let settings = RealmSettings::new().with_required_verification(true);
            narrow(builder).with_app_settings(settings)
        };
        let app = app_of(&world.auth_with(strict), world.tenant).await;
        let refused = change(&app, json!({"require_verified_email": false})).await;
        let refused = refused.unwrap_err();
        assert_eq!(
            finding(&refused),
            ("/require_verified_email", "not_allowed")
        );
        // Without mail nobody can be asked to.
        let refused = change(&world.app().await, json!({"require_verified_email": true})).await;
        let refused = refused.unwrap_err();
        assert_eq!(
            finding(&refused),
            ("/require_verified_email", "unsupported")
        );
    }
}

/// An operator who narrows the limits later narrows what is stored.
#[tokio::test]
async fn what_was_said_under_other_limits_is_bent_to_these() {
    for world in worlds().await {
        let wide = |builder: AuthBuilder| narrow(builder).with_app_settings(RealmSettings::new());
        let wide = app_of(&world.auth_with(wide), world.tenant).await;
        let said = json!({"password": {"min_length": 8}, "session": {"idle": 9 * HOUR}});
        change(&wide, said).await.unwrap();
        let app = narrow_app(&world).await;
        let settings = app.stored_settings().await.unwrap();
        assert_eq!(settings.effective["password"]["min_length"], 10);
        assert_eq!(settings.effective["session"]["idle"], HOUR);
        // And keeps nobody from changing something else.
        change(&app, json!({"sign_up": "closed"})).await.unwrap();
        let touched = json!({"session": {"lifetime": HOUR}});
        let refused = change(&app, touched).await.unwrap_err();
        assert_eq!(finding(&refused), ("/session/idle", "out_of_range"));
    }
}

/// It counts with the next request, and for this workspace alone.
#[tokio::test]
async fn who_may_sign_up_is_what_was_said_last() {
    for world in worlds().await {
        let auth = world.auth_with(narrow);
        let other = TenantId::new(world.runtime.ids.next_id());
        auth.refresh().await.unwrap();
        let enter = async |tenant, name: &str| {
            let app = app_of(&auth, tenant).await;
            let entered = app.sign_up_email(sign_up(name), &RequestInfo::new()).await;
            entered.map(drop)
        };
        enter(world.tenant, "ann").await.unwrap();
        for (round, policy) in ["closed", "open", "invited", "open"].iter().enumerate() {
            let app = app_of(&auth, world.tenant).await;
            change(&app, json!({"sign_up": policy})).await.unwrap();
            let entered = enter(world.tenant, &format!("bob{round}")).await;
            match *policy {
                "open" => entered.unwrap(),
                _ => assert_eq!(entered.unwrap_err().code(), Some("SIGN_UP_CLOSED")),
            }
            enter(other, &format!("bob{round}")).await.unwrap();
        }
        let app = app_of(&auth, world.tenant).await;
        assert_eq!(app.settings().sign_up, SignUpPolicy::Open);
    }
}

#[tokio::test]
async fn passwords_and_sessions_are_held_to_it() {
    for mut world in worlds().await {
        world.auth = world.auth_with(narrow);
        let request = RequestInfo::new();
        let said = json!({
            "password": {"min_length": 12, "blocked": ["Acme Corporation"]},
            "session": {"lifetime": 2 * HOUR, "idle": 600},
        });
        change(&world.app().await, said).await.unwrap();
        let app = world.app().await;
        for (text, code) in [
            ("eleven char", "PASSWORD_TOO_SHORT"),
            ("acme corporation", "PASSWORD_COMMON"),
        ] {
            let mut weak = sign_up("ann");
            weak.password = password(text);
            let refused = app.sign_up_email(weak, &request).await.unwrap_err();
            assert_eq!(refused.code(), Some(code));
        }
        let ann = app.sign_up_email(sign_up("ann"), &request).await.unwrap();
        let lasts = ann.session.expires_at.micros() - ann.session.created_at.micros();
        assert_eq!(lasts, 2 * 3600 * 1_000_000);
        world.wait(Duration::from_secs(599));
        let token = app.refresh_session(&ann.token).await.unwrap().token;
        world.wait(Duration::from_secs(600));
        let refused = app.refresh_session(&token).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unauthorized);
    }
}

/// Shorter sessions are shorter for who is signed in, too.
#[tokio::test]
async fn a_shorter_lifetime_ends_sessions_that_are_older() {
    for mut world in worlds().await {
        world.auth = world.auth_with(narrow);
        let (app, request) = (world.app().await, RequestInfo::new());
        let ann = app.sign_up_email(sign_up("ann"), &request).await.unwrap();
        world.wait(Duration::from_mins(30));
        let token = app.refresh_session(&ann.token).await.unwrap().token;
        let said = json!({"session": {"lifetime": 1200}});
        change(&app, said).await.unwrap();
        let app = world.app().await;
        let refused = app.refresh_session(&token).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unauthorized);
        let again = crate::support::sign_in("ann", crate::support::PASSWORD);
        signed_in(app.sign_in_email(again, &request).await.unwrap());
    }
}

/// Nobody is let in by rules that nobody has set; who sets them can put it right.
#[tokio::test]
async fn what_cannot_be_read_lets_nobody_in() {
    const GARBLE: &str = "UPDATE app_settings SET document = '{\"sign_up\": \"all\"}'";
    for world in worlds().await {
        let auth = world.auth_with(narrow);
        let workspace = || Workspace::new(world.tenant, "default");
        let app = app_of(&auth, world.tenant).await;
        change(&app, json!({"sign_up": "closed"})).await.unwrap();
        world.run(GARBLE, vec![]).await;
        let refused = auth.app(workspace()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Internal);
        let app = auth.app_to_set_up(workspace()).await.unwrap();
        let settings = app.stored_settings().await.unwrap();
        assert_eq!(settings.stored["sign_up"], "all");
        assert!(settings.effective.is_empty());
        change(&app, json!({"sign_up": "invited"})).await.unwrap();
        let app = auth.app(workspace()).await.unwrap();
        assert_eq!(app.settings().sign_up, SignUpPolicy::Invited);
    }
}

#[tokio::test]
async fn a_version_that_is_named_must_be_the_one() {
    for world in worlds().await {
        let app = narrow_app(&world).await;
        let at = |versions: &[u64], policy: &str| {
            let patch = SettingsPatch::new(json!({"sign_up": policy}));
            patch.if_version(versions.to_vec())
        };
        let first = app.change_settings(&at(&[0], "closed")).await.unwrap();
        assert_eq!(first.version, 1);
        for versions in [&[0_u64][..], &[], &[2, 3]] {
            let refused = app.change_settings(&at(versions, "open")).await;
            let refused = refused.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::PreconditionFailed);
        }
        let second = app.change_settings(&at(&[7, 1], "invited")).await.unwrap();
        assert_eq!(second.version, 2);
        assert_eq!(second.effective["sign_up"], "invited");
    }
}

/// Of patches that race all are merged; of those that name a version one wins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_of_many_patches_at_once_is_lost() {
    for world in worlds().await {
        let app = narrow_app(&world).await;
        let patches = [
            json!({"sign_up": "invited"}),
            json!({"require_verified_email": true}),
            json!({"password": {"min_length": 20}}),
            json!({"password": {"blocked": ["acme"]}}),
            json!({"session": {"lifetime": 7200}}),
            json!({"session": {"idle": 600}}),
        ];
        let changes = patches.iter().map(|patch| change(&app, patch.clone()));
        for changed in join_all(changes).await {
            changed.unwrap();
        }
        let settings = app.stored_settings().await.unwrap();
        assert_eq!(settings.version, 6);
        let whole = json!({
            "sign_up": "invited",
            "require_verified_email": true,
            "password": {"min_length": 20, "blocked": ["acme"]},
            "session": {"lifetime": 7200, "idle": 600},
        });
        assert_eq!(Json::Object(settings.stored), whole);

        let named = (0..64_u64).map(|round| {
            let patch = json!({"session": {"idle": 700 + round}});
            let patch = SettingsPatch::new(patch).if_version([6]);
            let app = app.clone();
            async move { app.change_settings(&patch).await }
        });
        let changed = join_all(named).await;
        assert_eq!(changed.iter().filter(|it| it.is_ok()).count(), 1);
        assert_eq!(app.stored_settings().await.unwrap().version, 7);
    }
}

#[tokio::test]
async fn rules_that_are_remembered_are_not_read() {
    for (world, database) in watched_worlds().await {
        let auth = world.auth_with(narrow);
        auth.refresh().await.unwrap();
        change(
            &app_of(&auth, world.tenant).await,
            json!({"sign_up": "closed"}),
        )
        .await
        .unwrap();
        let reads = async || {
            let before = database.reads();
            let app = app_of(&auth, world.tenant).await;
            assert_eq!(app.settings().sign_up, SignUpPolicy::Closed);
            database.reads() - before
        };
        assert_eq!(reads().await, 1);
        assert_eq!((reads().await, reads().await), (0, 0));
        // Of another workspace that says nothing, neither.
        let other = TenantId::new(world.runtime.ids.next_id());
        app_of(&auth, other).await;
        let before = database.reads();
        app_of(&auth, other).await;
        assert_eq!(database.reads(), before);
        // What was changed by hand is seen within a minute.
        world.wait(Duration::from_mins(1));
        assert_eq!(reads().await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_instance_learns_of_it_within_a_second() {
    for world in worlds().await {
        let (here, there) = (world.auth_with(narrow), world.auth_with(narrow));
        let _listening = Listening::new(&there);
        for round in 0..3_u64 {
            let policy = |auth: Auth| async move {
                let app = app_of(&auth, world.tenant).await;
                app.settings().sign_up
            };
            tokio::time::sleep(Duration::from_millis(170 * round)).await;
            let before = policy(there.clone()).await;
            let (said, expect) = match before {
                SignUpPolicy::Open => ("closed", SignUpPolicy::Closed),
                _ => ("open", SignUpPolicy::Open),
            };
            let app = app_of(&here, world.tenant).await;
            change(&app, json!({"sign_up": said})).await.unwrap();
            let changed = Instant::now();
            assert_eq!(policy(here.clone()).await, expect, "at once");
            while policy(there.clone()).await != expect {
                assert!(changed.elapsed() < Duration::from_secs(1), "{}", world.name);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

/// LOG-1: who changed which settings, and not to what.
#[tokio::test]
async fn log_1_a_change_of_settings_is_noted() {
    for world in worlds().await {
        let auth = world
            .auth_with(narrow)
            .for_caller(Caller::new("user:1").with_request_id("r-1"));
        let app = app_of(&auth, world.tenant).await;
        let said = json!({"sign_up": "closed", "password": {"blocked": ["acme-canary"]}});
        change(&app, said).await.unwrap();
        let page = auth.activity(10, None, None).await.unwrap();
        let [row] = page.rows.as_slice() else {
            panic!("not one row: {page:?}")
        };
        assert_eq!(row.action, "auth.settings_changed");
        assert_eq!(
            (row.actor.as_str(), row.request_id.as_deref()),
            ("user:1", Some("r-1"))
        );
        let detail = json!({
            "workspace": world.tenant.to_string(),
            "settings": ["/password/blocked", "/sign_up"],
            "version": 1,
        });
        assert_eq!(Json::Object(row.detail.clone()), detail);
    }
}
