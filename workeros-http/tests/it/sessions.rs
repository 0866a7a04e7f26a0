//! Sessions, from sign-in to their end.

use std::time::Duration;

use http::Method;
use serde_json::json;
use workeros_http::ClientAddress;
use workeros_http::testkit::TestApp;

use crate::support::worlds;

async fn reads(app: &TestApp, cookie: &str) -> u16 {
    app.anonymous()
        .get("/api/items/posts")
        .header("cookie", format!("workeros={cookie}"))
        .await
        .status
}

async fn sign_in(app: &TestApp, cookie: &str) -> String {
    let body = json!({"email": "ann@example.com", "password": "correct horse battery"});
    let request = app.anonymous().post("/api/auth/sign-in/email").json(&body);
    let response = request
        .header("cookie", format!("workeros={cookie}"))
        .await
        .expect(200);
    response.json()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_cookie_is_as_good_as_a_bearer_token() {
    for world in worlds().await {
        let ann = world.app.user("ann").await;
        assert_eq!(reads(&world.app, ann.token()).await, 200);
        ann.post("/api/auth/sign-out").await.expect(200);
        assert_eq!(reads(&world.app, ann.token()).await, 401);
        ann.get("/api/items/posts").await.expect(401);
    }
}

/// SES-2: signing in gives a new session and ends the old.
#[tokio::test]
async fn ses_2_signing_in_gives_a_new_session_and_ends_the_old() {
    for world in worlds().await {
        let first = sign_in(&world.app, "chosen-by-somebody").await;
        let second = sign_in(&world.app, &first).await;
        assert_ne!(first, second);
        assert_eq!(reads(&world.app, &first).await, 401);
        assert_eq!(reads(&world.app, &second).await, 200);
        assert_eq!(reads(&world.app, "chosen-by-somebody").await, 401);
    }
}

/// SES-3: almost a token is none.
#[tokio::test]
async fn ses_3_almost_a_token_is_none() {
    for world in worlds().await {
        let token = world.app.user("ann").await.token().to_owned();
        let flipped: String = token
            .chars()
            .map(|char| {
                if char.is_lowercase() {
                    char.to_ascii_uppercase()
                } else {
                    char.to_ascii_lowercase()
                }
            })
            .collect();
        let short = token.get(..token.len() - 1).unwrap().to_owned();
        for wrong in [short, format!("{token}x"), flipped, String::new()] {
            assert_eq!(reads(&world.app, &wrong).await, 401, "{wrong}");
        }
    }
}

#[tokio::test]
async fn a_session_says_where_it_came_from() {
    for world in worlds().await {
        let body = json!({"email": "ann@example.com", "password": "correct horse battery"});
        let sign_in = world
            .app
            .anonymous()
            .post("/api/auth/sign-in/email")
            .json(&body);
        let sign_in = sign_in
            .header("user-agent", "Test/1")
            .header("x-forwarded-for", "6.6.6.6");
        let response = sign_in
            .extension(ClientAddress([203, 0, 113, 7].into()))
            .await
            .expect(200);
        let token = response.json()["token"].as_str().unwrap().to_owned();
        let session = world.app.anonymous().get("/api/auth/get-session");
        let session = session
            .header("authorization", format!("Bearer {token}"))
            .await
            .json();
        assert_eq!(session["session"]["ipAddress"], "203.0.113.7");
        assert_eq!(session["session"]["userAgent"], "Test/1");
        assert_eq!(session["session"]["token"], token);
        assert_eq!(session["session"]["userId"], session["user"]["id"]);
    }
}

/// SES-4: a session ends by itself, and its cookie is taken away.
#[tokio::test]
async fn a_session_ends_by_itself_and_its_cookie_is_taken_away() {
    for world in worlds().await {
        let token = world.app.user("ann").await.token().to_owned();
        world.app.clock().advance(Duration::from_secs(25 * 3600));
        assert_eq!(reads(&world.app, &token).await, 401);
        let session = world.app.anonymous().get("/api/auth/get-session");
        let session = session
            .header("cookie", format!("workeros={token}"))
            .await
            .expect(200);
        assert_eq!(session.text(), "null");
        assert!(
            session
                .header("set-cookie")
                .starts_with("workeros=; Max-Age=0")
        );
        let out = world
            .app
            .anonymous()
            .request(Method::POST, "/api/auth/sign-out");
        out.header("cookie", format!("workeros={token}"))
            .await
            .expect(200);
    }
}

/// PW-5: an unknown address and a wrong password are one answer.
#[tokio::test]
async fn pw_5_an_unknown_address_and_a_wrong_password_are_one_answer() {
    for world in worlds().await {
        let _ = world.app.user("ann").await;
        let mut answers = Vec::new();
        for email in ["ann@example.com", "nobody@example.com"] {
            let body = json!({"email": email, "password": "not the one"});
            let request = world
                .app
                .anonymous()
                .post("/api/auth/sign-in/email")
                .json(&body);
            let response = request.header("x-request-id", "same").await.expect(401);
            answers.push((response.text(), format!("{:?}", response.headers)));
        }
        assert_eq!(answers[0], answers[1]);
    }
}

/// PW-10: a password is a text.
#[tokio::test]
async fn pw_10_a_password_is_a_text() {
    for world in worlds().await {
        for path in ["/api/auth/sign-in/email", "/api/auth/sign-up/email"] {
            for password in [
                json!({"$ne": ""}),
                json!(null),
                json!(12_345_678),
                json!(["x"]),
            ] {
                let body = json!({"email": "ann@example.com", "password": password});
                let refused = world
                    .app
                    .anonymous()
                    .post(path)
                    .json(&body)
                    .await
                    .expect(422);
                assert_eq!(refused.paths(), ["/password"], "{password}");
            }
        }
    }
}

/// SES-6: the sessions of others are not there.
#[tokio::test]
async fn ses_6_the_sessions_of_others_are_not_there() {
    for world in worlds().await {
        let (ann, bob) = (world.app.user("ann").await, world.app.user("bob").await);
        let other = sign_in(&world.app, "").await;
        let of_bob = bob.get("/api/auth/list-sessions").await.expect(200).json();
        let of_bob = of_bob[0]["id"].as_str().unwrap();
        for name in [of_bob, bob.token()] {
            ann.post("/api/auth/revoke-session")
                .json(&json!({"token": name}))
                .await
                .expect(404);
        }
        assert_eq!(reads(&world.app, bob.token()).await, 200);

        let listed = ann.get("/api/auth/list-sessions").await.expect(200);
        assert!(
            !listed.text().contains(&other),
            "only one's own token is shown"
        );
        let listed = listed.json();
        let [newest, own] = listed.as_array().unwrap().as_slice() else {
            panic!("not two sessions: {listed}")
        };
        assert_eq!(own["token"], ann.token());
        ann.post("/api/auth/revoke-session")
            .json(&json!({"token": newest["token"]}))
            .await
            .expect(200);
        assert_eq!(reads(&world.app, &other).await, 401);
        assert_eq!(reads(&world.app, ann.token()).await, 200);
        let revoked = ann
            .post("/api/auth/revoke-session")
            .json(&json!({"token": ann.token()}))
            .await
            .expect(200);
        assert!(
            revoked
                .header("set-cookie")
                .starts_with("workeros=; Max-Age=0")
        );
        assert_eq!(reads(&world.app, ann.token()).await, 401);
    }
}

#[tokio::test]
async fn a_changed_password_gives_a_new_session_where_others_end() {
    for world in worlds().await {
        let ann = world.app.user("ann").await;
        let other = sign_in(&world.app, "").await;
        let body = json!({
            "currentPassword": "correct horse battery",
            "newPassword": "battery of horses",
            "revokeOtherSessions": true,
        });
        let changed = ann
            .post("/api/auth/change-password")
            .json(&body)
            .await
            .expect(200);
        let token = changed.json()["token"].as_str().unwrap().to_owned();
        assert!(
            changed
                .header("set-cookie")
                .starts_with(&format!("workeros={token};"))
        );
        for (session, status) in [(ann.token(), 401), (other.as_str(), 401), (&token, 200)] {
            assert_eq!(reads(&world.app, session).await, status);
        }
    }
}
