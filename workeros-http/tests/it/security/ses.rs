use std::time::Duration;

use http::Method;
use serde_json::{Value as Json, json};
use workeros_core::{Batch, Statement, Step};
use workeros_http::testkit::{Client, TestRequest};

use super::{APP, BOTH, PASSWORD, PLATFORM, sign_up, text};
use crate::support::{World, free_worlds, worlds};

/// SES-5: who is disabled is out at his next request, whatever he comes with.
#[tokio::test]
async fn ses_5_who_is_disabled_is_out_whatever_he_has() {
    for world in worlds().await {
        let app = &world.app;
        let (admin, ann) = (app.admin().await, app.user("ann").await);
        let key = app.api_key("ann", None).await;
        let cookie = format!("workeros={}", ann.token());
        let statuses = async || {
            let by_cookie = app.anonymous().get("/api/items/posts");
            let by_cookie = by_cookie.header("cookie", &cookie).await;
            [
                ann.get("/api/items/posts").await.status,
                key.get("/api/items/posts").await.status,
                by_cookie.status,
            ]
        };
        assert_eq!(statuses().await, [200; 3]);
        let session = ann.get("/api/auth/get-session").await.json();
        let path = format!("/api/users/{}", session["user"]["id"].as_str().unwrap());
        let disabled = json!({"disabled": true});
        admin.patch(&path).json(&disabled).await.expect(200);
        assert_eq!(statuses().await, [401; 3]);
        // Allowed again, he has to sign in again; his keys are still his.
        let enabled = json!({"disabled": false});
        admin.patch(&path).json(&enabled).await.expect(200);
        assert_eq!(statuses().await, [401, 200, 401]);
        admin.delete(&path).await.expect(200);
        assert_eq!(statuses().await, [401; 3]);
    }
}

/// SES-7: signing out is a `POST` on both planes, and a `GET` ends nothing.
#[tokio::test]
async fn ses_7_nobody_is_signed_out_by_a_get() {
    for world in worlds().await {
        for base in BOTH {
            let signed_up = sign_up(&world.app, base, "uma@example.com").await;
            let uma = world.app.with_token(text(&signed_up, "/token"));
            let path = format!("{base}/sign-out");
            for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
                uma.request(method, &path).await.expect(405);
            }
            uma.get("/api/items/posts").await.expect(200);
            uma.post(&path).await.expect(200);
            uma.get("/api/items/posts").await.expect(401);
        }
    }
}

/// What takes somebody who has just signed in.
fn dangerous(who: &Client, base: &str) -> Vec<(&'static str, TestRequest)> {
    let post = |path: &str, body: Json| who.post(format!("{base}/{path}")).json(&body);
    let mut all = vec![
        (
            "another address",
            post("change-email", json!({"newEmail": "new@example.com"})),
        ),
        (
            "a passkey",
            who.get(format!("{base}/passkey/generate-register-options")),
        ),
        (
            "a passkey, made",
            post("passkey/verify-registration", json!({"response": {}})),
        ),
        ("leaving", post("delete-user", json!({}))),
    ];
    if base == PLATFORM {
        let key = json!({"name": "robot", "read_only": true});
        all.push(("an API key", who.post("/api/api-keys").json(&key)));
    }
    all
}

async fn assert_each(who: &Client, base: &str, fresh: bool) {
    for (what, request) in dangerous(who, base) {
        // Who is fresh and leaves is gone.
        if fresh && what == "leaving" {
            continue;
        }
        let answer = request.await;
        let stale = (answer.status, answer.code().as_str()) == (403, "REAUTH_REQUIRED");
        assert_eq!(stale, !fresh, "{base} {what}: {}", answer.text());
    }
}

/// SES-8: what others could sign in by, or act by, is changed by who has signed
/// in within ten minutes.
#[tokio::test]
async fn ses_8_dangerous_changes_take_somebody_who_has_just_signed_in() {
    for (world, _) in free_worlds().await {
        for base in BOTH {
            let signed_up = sign_up(&world.app, base, "uma@example.com").await;
            let uma = world.app.with_token(text(&signed_up, "/token"));
            assert_each(&uma, base, true).await;
            world.app.clock().advance(Duration::from_mins(10) + SECOND);
            assert_each(&uma, base, false).await;
            let login = json!({"email": "uma@example.com", "password": PASSWORD});
            let again = world.app.anonymous().post(format!("{base}/sign-in/email"));
            let again = again.json(&login).await.expect(200);
            let uma = world.app.with_token(text(&again, "/token"));
            assert_each(&uma, base, true).await;
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);

async fn run(world: &World, sql: &'static str) {
    let clock = &world.app.backend().plane().runtime().clock;
    let before = clock.now().saturating_add_micros(-3_600_000_000);
    let step = Step::new(Statement::new(sql, vec![before.into()]));
    let database = &world.app.backend().plane().runtime().database;
    database.apply(Batch::new().step(step)).await.unwrap();
}

/// SES-8: how fresh a session is the database says, whatever is remembered of
/// it.
#[tokio::test]
async fn ses_8_the_database_says_how_fresh_a_session_is() {
    for (world, _) in free_worlds().await {
        for (base, age) in [
            (PLATFORM, "UPDATE workeros_sessions SET created_at = $1"),
            (APP, "UPDATE app_sessions SET created_at = $1"),
        ] {
            let signed_up = sign_up(&world.app, base, "uma@example.com").await;
            let uma = world.app.with_token(text(&signed_up, "/token"));
            uma.get("/api/items/posts").await.expect(200);
            run(&world, age).await;
            uma.get("/api/items/posts").await.expect(200);
            assert_each(&uma, base, false).await;
        }
    }
}
