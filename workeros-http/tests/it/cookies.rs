//! The session's cookie.

use serde_json::json;
use workeros_http::testkit::{TestApp, TestResponse};

use crate::support::{app, app_with};

async fn sign_up(app: &TestApp, remember: bool) -> TestResponse {
    let body = json!({
        "email": "eve@example.com", "password": "battery staple horse", "name": "Eve",
        "rememberMe": remember,
    });
    app.anonymous()
        .post("/api/auth/sign-up/email")
        .json(&body)
        .await
        .expect(200)
}

/// SES-1: over https the cookie is bound to the host.
#[tokio::test]
async fn ses_1_over_https_the_cookie_is_bound_to_the_host() {
    for (url, name) in [
        ("https://example.com", "__Host-workeros"),
        // Another instance under the same host has another cookie.
        ("https://example.com/backend", "__Host-workeros-backend"),
    ] {
        let app = app_with(|app| app.with_public_url(url)).await;
        let response = sign_up(&app, true).await;
        let token = response.json()["token"].as_str().unwrap().to_owned();
        let attributes = "Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax; Secure";
        let cookie = format!("{name}={token}; {attributes}");
        assert_eq!(response.header("set-cookie"), cookie);
    }
}

/// SES-1: on this machine it is plain.
#[tokio::test]
async fn ses_1_on_this_machine_it_is_plain() {
    for url in [
        "http://localhost:8080",
        "http://127.0.0.1:3000",
        "http://[::1]:3000",
    ] {
        let app = app_with(|app| app.with_public_url(url)).await;
        let response = sign_up(&app, true).await;
        let cookie = response.header("set-cookie");
        assert!(cookie.starts_with("workeros="), "{cookie}");
        assert!(
            cookie.ends_with("; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax"),
            "{cookie}"
        );
    }
}

/// SES-1: elsewhere it is secure even over http.
#[tokio::test]
async fn ses_1_elsewhere_it_is_secure_even_over_http() {
    let app = app_with(|app| app.with_public_url("http://example.com")).await;
    let response = sign_up(&app, true).await;
    assert!(
        response
            .header("set-cookie")
            .starts_with("__Host-workeros=")
    );
    assert!(response.header("set-cookie").ends_with("; Secure"));
}

/// SES-1: a session that is not to be remembered ends with the browser.
#[tokio::test]
async fn a_session_not_to_be_remembered_ends_with_the_browser() {
    let response = sign_up(&app().await, false).await;
    assert!(!response.header("set-cookie").contains("Max-Age"));
}

#[tokio::test]
async fn only_signing_in_and_out_touches_the_cookie() {
    let app = app().await;
    let ann = app.user("ann").await;
    for path in ["/health", "/api/items/nothing", "/api/auth/get-session"] {
        assert_eq!(ann.get(path).await.header("set-cookie"), "", "{path}");
    }
    let out = ann.post("/api/auth/sign-out").await.expect(200);
    assert_eq!(
        out.header("set-cookie"),
        "workeros=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    );
}
