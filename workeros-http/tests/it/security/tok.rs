use http::Method;
use serde_json::{Value as Json, json};

use super::{APP, sign_up, text};
use crate::support::worlds;

const ELSEWHERE: &str = "/api/t/elsewhere/auth";

/// TOK-2: a token of one workspace is of no use in another, by path or by
/// header, and does nothing to its own session there.
#[tokio::test]
async fn tok_2_a_token_of_one_workspace_is_none_of_another() {
    for world in worlds().await {
        let app = &world.app;
        let made = json!({"slug": "elsewhere", "name": "Elsewhere"});
        let made = app.admin().await.post("/api/workspaces").json(&made).await;
        let elsewhere = text(&made.expect(201), "/data/id");
        let uma = sign_up(app, APP, "uma@example.com").await;
        let una = sign_up(app, ELSEWHERE, "una@example.com").await;
        let access = app.with_token(text(&uma, "/accessToken"));
        let there = app.with_token(text(&una, "/accessToken"));
        let post = json!({"title": "of uma", "views": 1});
        access
            .post("/api/items/posts")
            .json(&post)
            .await
            .expect(201);

        let nobody = access.get(format!("{ELSEWHERE}/get-session")).await;
        assert_eq!(nobody.expect(200).json(), Json::Null);
        access
            .get(format!("{ELSEWHERE}/list-sessions"))
            .await
            .expect(401);
        for (path, body) in [
            ("update-user", json!({"name": "Eve"})),
            ("revoke-sessions", json!({})),
            (
                "change-password",
                json!({"newPassword": "another horse battery"}),
            ),
            ("change-email", json!({"newEmail": "eve@example.com"})),
            ("delete-user", json!({})),
            ("passkey/delete-passkey", json!({"id": "x"})),
        ] {
            let request = access.post(format!("{ELSEWHERE}/{path}"));
            request.json(&body).await.expect(401);
        }
        access
            .post(format!("{ELSEWHERE}/sign-out"))
            .await
            .expect(200);
        for named in [&elsewhere, "elsewhere"] {
            for method in [Method::GET, Method::POST] {
                let request = access.request(method, "/api/items/posts").json(&post);
                let refused = request.header("x-workeros-tenant", named).await;
                assert!(
                    [401, 403, 404].contains(&refused.status),
                    "{}",
                    refused.text()
                );
                assert!(!refused.text().contains("of uma"));
            }
        }
        let refresh = json!({"refreshToken": text(&uma, "/refreshToken")});
        let refused = app.anonymous().post(format!("{ELSEWHERE}/token/refresh"));
        refused.json(&refresh).await.expect(401);

        // Nothing of that has ended anything at home.
        let mine = access.get("/api/items/posts").await.expect(200);
        assert!(mine.text().contains("of uma"));
        let theirs = there.get("/api/items/posts").await;
        assert!(!theirs.text().contains("of uma"));
        let refreshed = app.anonymous().post(format!("{APP}/token/refresh"));
        refreshed.json(&refresh).await.expect(200);
    }
}

/// TOK-5: a refresh token is taken from a body and from nowhere else.
#[tokio::test]
async fn tok_5_a_refresh_token_does_not_belong_in_a_url() {
    for world in worlds().await {
        let app = &world.app;
        let uma = sign_up(app, APP, "uma@example.com").await;
        let token = text(&uma, "/refreshToken");
        for query in ["refreshToken", "refresh_token", "token"] {
            let path = format!("{APP}/token/refresh?{query}={token}");
            for method in [Method::GET, Method::POST] {
                let refused = app.anonymous().request(method, &path);
                let refused = refused.json(&json!({})).await;
                assert!(
                    [400, 401, 405, 422].contains(&refused.status),
                    "{}",
                    refused.text()
                );
                assert!(!refused.text().contains(&token));
            }
        }
        for cookie in ["workeros", "workeros.refresh"] {
            let request = app.anonymous().post(format!("{APP}/token/refresh"));
            let request = request.header("cookie", format!("{cookie}={token}"));
            let refused = request.json(&json!({})).await;
            assert!([400, 401, 422].contains(&refused.status));
        }
        // It is as good as it was: nobody has used it.
        let body = json!({"refreshToken": token});
        let request = app.anonymous().post(format!("{APP}/token/refresh"));
        let next = request.json(&body).await.expect(200);
        assert_ne!(text(&next, "/refreshToken"), token);
    }
}

/// TOK-4: who comes with a token that was used long ago ends the session, in the
/// database and for the newest tokens.
#[tokio::test]
async fn tok_4_a_copy_ends_the_session_for_everybody() {
    for world in worlds().await {
        let app = &world.app;
        let uma = sign_up(app, APP, "uma@example.com").await;
        let refresh = async |token: &str| {
            let body = json!({"refreshToken": token});
            let request = app.anonymous().post(format!("{APP}/token/refresh"));
            request.json(&body).await
        };
        let first = text(&uma, "/refreshToken");
        let next = refresh(&first).await.expect(200);
        app.clock().advance(std::time::Duration::from_secs(11));
        refresh(&first).await.expect(401);
        refresh(&text(&next, "/refreshToken")).await.expect(401);
        let access = app.with_token(text(&next, "/token"));
        access.get("/api/items/posts").await.expect(401);
        let list = access.get(format!("{APP}/list-sessions"));
        list.await.expect(401);
    }
}
