//! How end users come to their tokens.

use serde_json::json;

use super::provider::parameter;
use super::{APP, no_session, to_github, worlds};

/// TOK-5: the page changes a token for tokens.
#[tokio::test]
async fn tok_5_the_page_changes_a_token_for_tokens() {
    for world in worlds().await {
        let away = world.depart(APP, &to_github()).await;
        let told = away.told();
        assert_ne!(told, away.browser, "what the browser keeps no page knows");
        let callback = world.callback(APP, &away);
        let back = world.go(&callback, &away.cookie()).await;
        no_session(&back);
        let place = back.header("location").to_owned();
        assert!(place.starts_with("/home?token="), "{place}");
        let token = parameter(&place, "token").unwrap();
        assert!(!place.contains("wrt_"), "no refresh token in a URL");

        let path = format!("{APP}/one-time-token/verify");
        let change = |browser: &str| {
            let body = json!({"token": token, "browserToken": browser});
            world.app.anonymous().post(&path).json(&body)
        };
        let other = world.depart(APP, &to_github()).await.told();
        for browser in [other.as_str(), &away.browser, "x"] {
            assert_eq!(change(browser).await.expect(400).code(), "INVALID_TOKEN");
        }
        let tokens = change(&told).await.expect(200).json();
        assert_eq!(tokens["user"]["email"], "octo@example.com");
        assert_eq!(tokens["tokenType"], "Bearer");
        let octo = world
            .app
            .with_token(tokens["accessToken"].as_str().unwrap());
        let session = octo.get(format!("{APP}/get-session")).await.expect(200);
        assert_eq!(session.json()["user"]["id"], tokens["user"]["id"]);
        assert_eq!(change(&told).await.expect(400).code(), "INVALID_TOKEN");

        let of_team = world.app.admin().await.get("/api/users").await.expect(200);
        assert!(!of_team.text().contains("octo@example.com"));
    }
}

#[tokio::test]
async fn there_is_no_such_thing_where_there_is_no_workspace() {
    for world in worlds().await {
        let base = "/api/t/nowhere/auth";
        let request = world.app.anonymous().post(format!("{base}/sign-in/social"));
        request.json(&to_github()).await.expect(404);
        let request = world.app.anonymous().get(format!("{base}/providers"));
        request.await.expect(404);
    }
}
