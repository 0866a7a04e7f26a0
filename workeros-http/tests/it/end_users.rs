//! End users of a workspace, over HTTP: what they may do with its data, and that
//! there is no way from one plane into the other.

use serde_json::{Value as Json, json};
use workeros_http::testkit::{Client, TestApp, TestResponse};

use crate::support::{World, worlds};

const AUTH: &str = "/api/t/default/auth";

async fn sign_up(app: &TestApp, name: &str) -> Json {
    let email = format!("{name}@users.example");
    let body = json!({"email": email, "password": "correct horse battery", "name": name});
    let signed_up = app.anonymous().post(format!("{AUTH}/sign-up/email"));
    signed_up.json(&body).await.expect(200).json()
}

fn holding(app: &TestApp, answer: &Json, member: &str) -> Client {
    app.with_token(answer[member].as_str().unwrap())
}

async fn refresh(app: &TestApp, token: &Json) -> TestResponse {
    let body = json!({"refreshToken": token});
    let request = app.anonymous().post(format!("{AUTH}/token/refresh"));
    request.json(&body).await
}

#[tokio::test]
async fn an_end_user_has_his_own_rows_and_no_more() {
    for world in worlds().await {
        let (uma, una) = (
            sign_up(&world.app, "uma").await,
            sign_up(&world.app, "una").await,
        );
        let (uma, una) = (
            holding(&world.app, &uma, "accessToken"),
            holding(&world.app, &una, "accessToken"),
        );
        let post = json!({"title": "of uma", "views": 1});
        let made = uma.post("/api/items/posts").json(&post).await.expect(201);
        let path = format!("/api/items/posts/{}", made.data()["id"].as_str().unwrap());
        uma.get(&path).await.expect(200);
        una.get(&path).await.expect(404);
        world.app.user("bob").await.get(&path).await.expect(404);
        world.app.admin().await.get(&path).await.expect(200);
        for admins in ["/api/users", "/api/roles", "/api/auth-activity"] {
            uma.get(admins).await.expect(403);
        }
        let key = json!({"name": "mine"});
        uma.post("/api/api-keys").json(&key).await.expect(403);
    }
}

/// TOK-2: no credential of one plane is any on the other.
#[tokio::test]
async fn tok_2_no_credential_of_one_plane_is_any_on_the_other() {
    for world in worlds().await {
        let uma = sign_up(&world.app, "uma").await;
        let access = holding(&world.app, &uma, "accessToken");
        let session = access.get(format!("{AUTH}/get-session")).await.expect(200);
        assert_eq!(session.json()["user"]["email"], "uma@users.example");
        assert_eq!(
            access.get("/api/auth/get-session").await.expect(200).json(),
            Json::Null
        );
        access.get("/api/auth/list-sessions").await.expect(401);
        let name = json!({"name": "Eve"});
        access
            .post("/api/auth/update-user")
            .json(&name)
            .await
            .expect(401);
        // A refresh token is for refreshing.
        let refresh = holding(&world.app, &uma, "refreshToken");
        refresh.get("/api/items/posts").await.expect(401);
        refresh
            .get(format!("{AUTH}/list-sessions"))
            .await
            .expect(401);
        // The platform's cookie is not looked at, nor where it comes from.
        let cookie = format!("workeros={}", world.app.admin().await.token());
        let anonymous = world.app.anonymous();
        let list = anonymous.get(format!("{AUTH}/get-session"));
        assert_eq!(
            list.header("cookie", &cookie).await.expect(200).json(),
            Json::Null
        );
        let login = json!({"email": "uma@users.example", "password": "correct horse battery"});
        let from_afar = anonymous.post(format!("{AUTH}/sign-in/email"));
        let from_afar = from_afar.header("cookie", &cookie);
        let from_afar = from_afar.header("origin", "https://app.example");
        from_afar.json(&login).await.expect(200);
    }
}

/// TOK-6, SES-7: signing out ends access and refresh tokens at once.
#[tokio::test]
async fn a_session_goes_on_by_its_refresh_token() {
    for world in worlds().await {
        let uma = sign_up(&world.app, "uma").await;
        let next = refresh(&world.app, &uma["refreshToken"])
            .await
            .expect(200)
            .json();
        assert_ne!(next["refreshToken"], uma["refreshToken"]);
        let access = holding(&world.app, &next, "token");
        let listed = access
            .get(format!("{AUTH}/list-sessions"))
            .await
            .expect(200);
        assert_eq!(listed.json().as_array().unwrap().len(), 1);
        access.post(format!("{AUTH}/sign-out")).await.expect(200);
        refresh(&world.app, &next["refreshToken"]).await.expect(401);
        access.get("/api/items/posts").await.expect(401);
        let answer = access.get(format!("{AUTH}/get-session")).await.expect(200);
        assert_eq!(answer.json(), Json::Null);
        assert!(answer.headers.get("set-cookie").is_none());
    }
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_everywhere_else() {
    let world = World::sqlite().await;
    let uma = sign_up(&world.app, "uma").await;
    let access = holding(&world.app, &uma, "accessToken");
    let body = json!({
        "currentPassword": "correct horse battery",
        "newPassword": "battery staple horse",
        "revokeOtherSessions": true,
    });
    let path = format!("{AUTH}/change-password");
    let changed = access.post(path).json(&body).await.expect(200).json();
    access.get("/api/items/posts").await.expect(401);
    refresh(&world.app, &uma["refreshToken"]).await.expect(401);
    holding(&world.app, &changed, "accessToken")
        .get("/api/items/posts")
        .await
        .expect(200);
    refresh(&world.app, &changed["refreshToken"])
        .await
        .expect(200);
}
