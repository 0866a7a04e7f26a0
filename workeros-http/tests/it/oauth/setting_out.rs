//! Where a browser is sent to, and what it is given for it.

use serde_json::json;

use super::{APP, ORIGIN, PLATFORM, to_github, worlds};
use crate::oauth::provider::parameter;

/// OA-1: the answer is better-auth's and the way back the configured one.
#[tokio::test]
async fn oa_1_the_answer_is_better_auths_and_the_way_back_the_configured_one() {
    for world in worlds().await {
        for base in [PLATFORM, APP] {
            let request = world.app.anonymous().post(format!("{base}/sign-in/social"));
            let request = request
                .header("host", "evil.example.com")
                .header("x-forwarded-host", "evil.example.com")
                .header("forwarded", "host=evil.example.com");
            let answer = request.json(&to_github()).await.expect(200);
            let body = answer.json();
            assert_eq!(body["redirect"], true);
            let url = body["url"].as_str().unwrap();
            let back = parameter(url, "redirect_uri").unwrap();
            assert_eq!(back, format!("{ORIGIN}{base}/callback/github"));
            for name in ["state", "nonce", "code_challenge"] {
                assert_eq!(parameter(url, name).unwrap().len(), 43, "{name}");
            }
            assert!(!answer.text().contains("canary"));
            let cookie = answer.header("set-cookie");
            assert!(cookie.starts_with("workeros.oauth="), "{cookie}");
            let marks = "; Max-Age=600; Path=/; HttpOnly; SameSite=Lax";
            assert!(cookie.ends_with(marks), "{cookie}");
            assert_eq!(body.get("browserToken").is_some(), base == APP);
        }
    }
}

/// SES-1: the cookie is bound to the host where it can be.
#[tokio::test]
async fn ses_1_the_cookie_is_bound_to_the_host_where_it_can_be() {
    let database = std::sync::Arc::new(workeros_adapters::Sqlite::memory().await.unwrap());
    let provider = super::Provider::default();
    let app = super::TestApp::builder(database)
        .with_public_url("https://api.example.com")
        .with_auth(provider.connect())
        .build()
        .await;
    let request = app.anonymous().post("/api/auth/sign-in/social");
    let answer = request.json(&to_github()).await.expect(200);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-workeros.oauth="), "{cookie}");
    assert!(cookie.ends_with("; SameSite=Lax; Secure"), "{cookie}");
}

#[tokio::test]
async fn a_client_may_go_there_by_itself() {
    for world in worlds().await {
        let body = json!({
            "provider": "github", "disableRedirect": true, "scopes": ["gist"],
            "loginHint": "octo", "requestSignUp": true, "additionalData": {"a": 1},
        });
        let away = world.depart(PLATFORM, &body).await;
        assert_eq!(away.answer.json()["redirect"], false);
        let scope = parameter(&away.url, "scope").unwrap();
        assert_eq!(scope, "read:user+user:email+gist");
        assert_eq!(parameter(&away.url, "login_hint").unwrap(), "octo");
    }
}

/// OTP-4: nobody is sent anywhere in the end.
#[tokio::test]
async fn otp_4_nobody_is_sent_anywhere_in_the_end() {
    for world in worlds().await {
        for page in ["callbackURL", "newUserCallbackURL", "errorCallbackURL"] {
            for place in [
                "https://evil.example.com",
                "//evil.example.com",
                "/\\evil.example.com",
                "http://localhost:8080@evil.example.com",
                "javascript:alert(1)",
                "http://localhost:8080.evil.example.com",
                "",
            ] {
                for base in [PLATFORM, APP] {
                    let body = json!({"provider": "github", page: place});
                    let request = world.app.anonymous().post(format!("{base}/sign-in/social"));
                    let refused = request.json(&body).await.expect(422);
                    assert_eq!(refused.paths(), [format!("/{page}")], "{place}");
                }
            }
        }
    }
}

/// OA-7: nothing of a user is taken from the client.
#[tokio::test]
async fn oa_7_nothing_of_a_user_is_taken_from_the_client() {
    for world in worlds().await {
        for field in ["createData", "email", "user", "role", "additionalParams"] {
            let body = json!({"provider": "github", field: {"email": "evil@example.com"}});
            let request = world.app.anonymous().post("/api/auth/sign-in/social");
            let refused = request.json(&body).await.expect(422);
            assert_eq!(refused.paths(), [format!("/{field}")]);
        }
    }
}

/// OA-9: a provider that cannot be reached is no way in.
#[tokio::test]
async fn oa_9_a_provider_that_cannot_be_reached_is_no_way_in() {
    for world in worlds().await {
        for (provider, status, code) in [
            ("other", 503, "PROVIDER_UNAVAILABLE"),
            ("nobody", 404, "PROVIDER_NOT_FOUND"),
        ] {
            let request = world.app.anonymous().post("/api/auth/sign-in/social");
            let refused = request.json(&json!({"provider": provider})).await;
            let refused = refused.expect(status);
            assert_eq!(refused.code(), code);
            assert!(!refused.text().contains("canary"), "{}", refused.text());
            super::no_session(&refused);
        }
    }
}

#[tokio::test]
async fn the_providers_are_named() {
    for world in worlds().await {
        for base in [PLATFORM, APP] {
            let list = world.app.anonymous().get(format!("{base}/providers")).await;
            let expect = json!({"providers": ["github", "other"]});
            assert_eq!(list.expect(200).json(), expect);
        }
    }
}

/// OA-4: a provider without ID tokens takes none.
#[tokio::test]
async fn oa_4_a_provider_without_id_tokens_takes_none() {
    for world in worlds().await {
        let body = json!({
            "provider": "github",
            "idToken": {"token": "x.y.z", "nonce": "n", "accessToken": "a", "expiresAt": 7},
        });
        for base in [PLATFORM, APP] {
            let request = world.app.anonymous().post(format!("{base}/sign-in/social"));
            let refused = request.json(&body).await.expect(404);
            assert_eq!(refused.code(), "ID_TOKEN_NOT_SUPPORTED");
        }
    }
}

#[tokio::test]
async fn csrf_a_page_of_somebody_elses_sends_nobody_there() {
    for world in worlds().await {
        let request = world.app.anonymous().post("/api/auth/sign-in/social");
        let request = request
            .header("cookie", "workeros.oauth=x")
            .header("origin", "https://evil.example.com");
        request.json(&to_github()).await.expect(403);
    }
}
