//! Users without an account, over HTTP.

use std::sync::Arc;

use http::Method;
use serde_json::{Value as Json, json};
use workeros_adapters::testkit::databases;
use workeros_auth::{AnonymousUsers, RealmSettings};
use workeros_http::Access;
use workeros_http::testkit::{Client, TestApp};

use crate::support::{World, id};

/// Where guests are let in, on each plane.
const PLANES: [&str; 2] = ["/api/auth", "/api/t/default/auth"];

async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for opened in databases().await {
        let settings = RealmSettings::new().with_anonymous(AnonymousUsers::new());
        let app = TestApp::builder(Arc::clone(&opened.database));
        let app = app.with_auth(move |auth| {
            auth.with_settings(settings.clone())
                .with_app_settings(settings)
        });
        worlds.push(World::new(app.build().await, Some(opened)).await);
    }
    worlds
}

/// Somebody without an account, and what he was told.
async fn guest(app: &TestApp, base: &str) -> (Client, Json) {
    let path = format!("{base}/sign-in/anonymous");
    let answer = app.anonymous().post(path).await.expect(200).json();
    (app.with_token(answer["token"].as_str().unwrap()), answer)
}

async fn sign_up(guest: &Client, base: &str, name: &str) -> Json {
    let email = format!("{name}@users.example");
    let body = json!({"email": email, "password": "correct horse battery", "name": name});
    let path = format!("{base}/sign-up/email");
    guest.post(path).json(&body).await.expect(200).json()
}

#[tokio::test]
async fn what_a_guest_has_made_is_his_once_he_has_signed_up() {
    for world in worlds().await {
        let admin = world.app.admin().await;
        for (n, base) in PLANES.into_iter().enumerate() {
            let (guest, told) = guest(&world.app, base).await;
            assert_eq!(told["user"]["isAnonymous"], true);
            let post = json!({"title": "in the basket", "views": 1});
            if n == 0 {
                // He may do what everybody may, until the workspace says more.
                guest.post("/api/items/posts").json(&post).await.expect(403);
                let role = json!({"name": "guest"});
                admin.post("/api/roles").json(&role).await.expect(201);
                let own = json!({"owner_id": {"_eq": "$user.id"}});
                for action in ["create", "read"] {
                    let permission = json!({
                        "role": "guest", "collection": "posts", "action": action,
                        "condition": own, "fields": ["title", "views", "owner_id"],
                    });
                    let made = admin.post("/api/permissions").json(&permission);
                    made.await.expect(201);
                }
            }
            let made = guest.post("/api/items/posts").json(&post).await;
            let path = format!("/api/items/posts/{}", id(&made.expect(201)));
            let (other, _) = self::guest(&world.app, base).await;
            other.get(&path).await.expect(404);

            let name = format!("uma{n}");
            let told_later = sign_up(&guest, base, &name).await;
            assert_eq!(told_later["user"]["id"], told["user"]["id"]);
            assert_eq!(told_later["user"]["isAnonymous"], Json::Null);
            // SES-2: his token is another one.
            guest.get(&path).await.expect(401);
            let uma = world.app.with_token(told_later["token"].as_str().unwrap());
            uma.get(&path).await.expect(200);
        }
    }
}

#[tokio::test]
async fn what_takes_an_account_refuses_guests() {
    for world in worlds().await {
        for base in PLANES {
            let (guest, _) = guest(&world.app, base).await;
            let mut refused = 0;
            for endpoint in world.app.backend().endpoints() {
                let open = [
                    "/list-sessions",
                    "/revoke-session",
                    "/revoke-sessions",
                    "/revoke-other-sessions",
                    "/update-user",
                    "/delete-anonymous-user",
                    "/passkey/generate-register-options",
                    "/passkey/verify-registration",
                ];
                let is_open = open.iter().any(|rest| endpoint.path().ends_with(rest));
                if endpoint.access() != Access::SignedIn || is_open {
                    continue;
                }
                let path = endpoint.path().replace("{workspace}", "default");
                let path = path.replace(['{', '}'], "");
                let response = guest.request(endpoint.method().clone(), &path).await;
                assert_eq!(response.status, 403, "{endpoint:?}: {response:?}");
                assert_eq!(response.code(), "ANONYMOUS_USER", "{endpoint:?}");
                refused += 1;
            }
            assert!(refused > 30, "only {refused}");
        }
    }
}

#[tokio::test]
async fn a_guest_has_sessions_a_name_and_a_way_out() {
    for world in worlds().await {
        for base in PLANES {
            let (guest, told) = guest(&world.app, base).await;
            let at = |rest: &str| format!("{base}/{rest}");
            let again = guest.post(at("sign-in/anonymous")).await.expect(400);
            let code = "ANONYMOUS_USERS_CANNOT_SIGN_IN_AGAIN_ANONYMOUSLY";
            assert_eq!(again.code(), code);
            assert_eq!(again.json()["code"], code);
            let sessions = guest.get(at("list-sessions")).await.expect(200).json();
            assert_eq!(sessions.as_array().unwrap().len(), 1);
            let name = json!({"name": "Somebody"});
            let renamed = guest.post(at("update-user")).json(&name).await;
            renamed.expect(200);
            let seen = guest.get(at("get-session")).await.expect(200).json();
            assert_eq!(seen["user"]["name"], "Somebody");
            assert_eq!(seen["user"]["id"], told["user"]["id"]);
            assert_eq!(seen["user"]["isAnonymous"], true);
            guest.post(at("delete-anonymous-user")).await.expect(200);
            guest.get(at("list-sessions")).await.expect(401);
        }
        let ann = world.app.user("ann").await;
        let refused = ann.request(Method::POST, "/api/auth/delete-anonymous-user");
        assert_eq!(refused.await.expect(403).code(), "USER_IS_NOT_ANONYMOUS");
    }
}
