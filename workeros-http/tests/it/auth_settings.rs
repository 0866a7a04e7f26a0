//! What a workspace sets for its end users, over HTTP.

use std::time::Duration;

use http::Method;
use serde_json::{Value as Json, json};
use workeros_http::testkit::{Client, TestApp, TestRequest, TestResponse};

use crate::oauth::provider::{Provider, parameter};
use crate::support::{World, app, app_with, id, kept, worlds};

const PATH: &str = "/api/auth-settings";
const AUTH: &str = "/api/t/default/auth";
const SHOP: &str = "https://shop.example.com";
const OTHER: &str = "https://other.example.com";

async fn change(app: &TestApp, patch: Json) -> TestResponse {
    let request = app.admin().await.patch(PATH).json(&patch);
    request.await.expect(200)
}

fn sign_up(app: &TestApp, workspace: &str, name: &str) -> TestRequest {
    let email = format!("{name}@users.example");
    let body = json!({"email": email, "password": "correct horse battery", "name": name});
    let path = format!("/api/t/{workspace}/auth/sign-up/email");
    app.anonymous().post(path).json(&body)
}

async fn end_user(app: &TestApp, name: &str) -> Client {
    let tokens = sign_up(app, "default", name).await.expect(200).json();
    app.with_token(tokens["accessToken"].as_str().unwrap())
}

#[tokio::test]
async fn closing_sign_up_counts_with_the_next_request() {
    for world in worlds().await {
        let app = &world.app;
        app.backend().auth().unwrap().refresh().await.unwrap();
        sign_up(app, "default", "uma").await.expect(200);
        change(app, json!({"sign_up": "closed"})).await;
        let refused = sign_up(app, "default", "vic").await.expect(403);
        assert_eq!(refused.code(), "SIGN_UP_CLOSED");
        change(app, json!({"sign_up": null})).await;
        sign_up(app, "default", "vic").await.expect(200);
    }
}

#[tokio::test]
async fn a_change_may_depend_on_the_version_that_was_read() {
    for world in worlds().await {
        let admin = world.app.admin().await;
        let read = admin.get(PATH).await.expect(200);
        assert_eq!(read.header("etag"), "\"0\"");
        let patch = |policy: &str| admin.patch(PATH).json(&json!({"sign_up": policy}));
        let first = patch("closed")
            .header("if-match", "\"0\"")
            .await
            .expect(200);
        assert_eq!(first.header("etag"), "\"1\"");
        for (tags, status) in [
            ("\"0\"", 412),
            ("W/\"1\"", 412),
            ("\"x\"", 412),
            ("x", 400),
            ("\"0\", \"1\"", 200),
            ("*", 200),
        ] {
            patch("open").header("if-match", tags).await.expect(status);
            patch("closed").await.expect(200);
        }
        let read = admin.get(PATH).await.expect(200);
        let known = admin.get(PATH).header("if-none-match", read.header("etag"));
        known.await.expect(304);
    }
}

/// SES-8: providers open accounts, so it takes who has just shown who he is, and
/// no key.
#[tokio::test]
async fn ses_8_settings_are_changed_by_somebody_who_signed_in_just_now() {
    let world = World::sqlite().await;
    let admin = world.app.admin().await;
    let key = world.app.api_key("admin", None).await;
    key.get(PATH).await.expect(200);
    let closed = json!({"sign_up": "closed"});
    key.patch(PATH).json(&closed).await.expect(403);
    world.app.clock().advance(Duration::from_mins(11));
    let refused = admin.patch(PATH).json(&closed).await.expect(403);
    assert_eq!(refused.code(), "REAUTH_REQUIRED");
    assert_eq!(admin.get(PATH).await.expect(200).data()["version"], 0);
    let uma = end_user(&world.app, "uma").await;
    uma.get(PATH).await.expect(403);
    uma.patch(PATH).json(&closed).await.expect(403);
}

/// The workspace the request acts in, and no other.
#[tokio::test]
async fn each_workspace_has_settings_of_its_own() {
    let world = World::sqlite().await;
    let (operator, ann) = (world.app.admin().await, world.app.user("ann").await);
    let body = json!({"slug": "acme", "name": "Acme"});
    let made = operator.post("/api/workspaces").json(&body).await;
    let acme = id(&made.expect(201));
    let session = ann.get("/api/auth/get-session").await.expect(200).json();
    let user = session["user"]["id"].as_str().unwrap();
    let path = format!("/api/workspaces/{acme}/members/{user}");
    let put = operator.request(Method::PUT, path);
    put.json(&json!({"roles": ["admin"]})).await.expect(200);
    let closed = json!({"sign_up": "closed"});
    ann.patch(PATH).json(&closed).await.expect(403);
    let patch = ann.patch(PATH).header("x-workeros-tenant", "acme");
    patch.json(&closed).await.expect(200);
    sign_up(&world.app, "acme", "uma").await.expect(403);
    sign_up(&world.app, "default", "uma").await.expect(200);
    let read = operator.get(PATH).await.expect(200);
    assert_eq!(read.data()["stored"], json!({}));
}

/// OTP-4: what a workspace allows for its end users, for nobody else.
#[tokio::test]
async fn otp_4_end_users_are_sent_to_pages_of_their_workspace() {
    let world = World::sqlite().await;
    let app = &world.app;
    end_user(app, "uma").await;
    let sign_in = |base: &str, email: &str, callback: &str| {
        let body = json!({"email": email, "password": "correct horse battery",
            "callbackURL": callback});
        let path = format!("{base}/sign-in/email");
        app.anonymous().post(path).json(&body)
    };
    let (user, team) = ("uma@users.example", "ann@example.com");
    let pages = ["https://shop.example.com/in?a=b", "com.example.app://in"];
    for page in pages {
        sign_in(AUTH, user, page).await.expect(422);
    }
    let allowed = json!({
        "allowed_origins": [SHOP],
        "allowed_redirect_urls": ["com.example.app://in"],
    });
    change(app, allowed).await;
    for page in pages {
        let answer = sign_in(AUTH, user, page).await.expect(200);
        assert_eq!(answer.json()["url"], page);
        sign_in("/api/auth", team, page).await.expect(422);
    }
    for page in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "https://shop.example.com@evil.example",
        "https://shop.example.com.evil.example",
        "javascript:alert(1)",
        "com.example.app://out",
    ] {
        sign_in(AUTH, user, page).await.expect(422);
    }
}

fn cors(response: &TestResponse) -> (&str, &str) {
    (
        response.header("access-control-allow-origin"),
        response.header("access-control-allow-credentials"),
    )
}

fn preflight(app: &TestApp, path: &str, origin: &str) -> TestRequest {
    let request = app.anonymous().request(Method::OPTIONS, path);
    let request = request.header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    request.header(
        "access-control-request-headers",
        "authorization, content-type",
    )
}

/// HTTP-2: a page that a workspace allows reads what is about its end users,
/// never what is answered to a cookie.
#[tokio::test]
async fn http_2_pages_of_a_workspace_read_without_credentials() {
    for world in worlds().await {
        let app = &world.app;
        let operator = app.admin().await;
        let body = json!({"slug": "acme", "name": "Acme"});
        operator
            .post("/api/workspaces")
            .json(&body)
            .await
            .expect(201);
        let uma = end_user(app, "uma").await;
        let session = format!("{AUTH}/get-session");
        let at =
            |client: &Client, path: &str, origin: &str| client.get(path).header("origin", origin);
        let before = at(&uma, "/api/items/posts", SHOP).await.expect(200);
        assert_eq!(cors(&before), ("", ""));
        assert_eq!(before.header("vary"), "origin", "it may be otherwise later");
        change(app, json!({"allowed_origins": [SHOP]})).await;

        let anonymous = app.anonymous();
        for (request, status) in [
            (at(&anonymous, &session, SHOP), 200),
            (at(&uma, &session, SHOP), 200),
            (at(&uma, "/api/items/posts", SHOP), 200),
            (at(&uma, "/api/items/nothing", SHOP), 403),
            (at(&anonymous, "/api/items/pages", SHOP), 200),
            (at(&app.with_token("a.b.c"), "/api/items/posts", SHOP), 401),
        ] {
            let response = request.await.expect(status);
            assert_eq!(cors(&response), (SHOP, ""));
            assert_eq!(response.header("vary"), "origin");
        }
        // Of the team, of another workspace, of what belongs to nobody, nothing.
        let ann = app.user("ann").await;
        let cookie = format!("workeros={}", ann.token());
        for request in [
            at(&ann, "/api/items/posts", SHOP),
            at(&anonymous, "/api/items/posts", SHOP).header("cookie", &cookie),
            at(&anonymous, "/api/t/acme/auth/get-session", SHOP),
            at(&anonymous, "/api/auth/get-session", SHOP),
            at(&anonymous, "/health", SHOP),
            at(&uma, "/api/items/posts", OTHER),
            at(&uma, "/api/items/posts", "https://SHOP.example.com"),
            at(&uma, "/api/items/posts", "null"),
            at(&app.with_token("a.b.c"), "/api/items/posts", OTHER),
        ] {
            assert_eq!(cors(&request.await), ("", ""));
        }
        for (path, origin, allowed) in [
            (session.as_str(), SHOP, true),
            ("/api/items/posts", SHOP, true),
            ("/api/items/posts", OTHER, false),
            ("/api/t/default/auth/sign-in/email", SHOP, true),
            ("/api/t/default/auth/sign-in/email", OTHER, false),
            ("/api/t/acme/auth/sign-in/email", SHOP, false),
        ] {
            let response = preflight(app, path, origin).await.expect(204);
            let expect = if allowed { (SHOP, "") } else { ("", "") };
            assert_eq!(cors(&response), expect, "{path} {origin}");
            let headers = response.header("access-control-allow-headers");
            assert_eq!(headers.contains("authorization"), allowed);
        }
        change(app, json!({"allowed_origins": null})).await;
        assert_eq!(cors(&at(&uma, &session, SHOP).await), ("", ""));
        let response = preflight(app, "/api/items/posts", SHOP).await;
        assert_eq!(cors(&response), ("", ""));
    }
}

/// An app whose operator has set no provider up, but lets requests out.
async fn open_app(provider: &Provider) -> TestApp {
    let http = provider.clone();
    app_with(|app| app.with_auth(move |auth| auth.with_http_client(std::sync::Arc::new(http))))
        .await
}

/// From the patch to a session: somebody comes from a provider that an admin has
/// set up, and no answer says its secret.
#[tokio::test]
async fn a_provider_of_a_workspace_from_end_to_end() {
    const SECRET: &str = "canary-of-a-workspace";
    let provider = Provider::default();
    let app = open_app(&provider).await;
    let github = json!({"kind": "github", "client_id": "client-7", "client_secret": SECRET});
    let changed = change(&app, json!({"oauth_providers": {"github": github}})).await;
    let read = app.admin().await.get(PATH).await.expect(200);
    let stored = &read.data()["stored"]["oauth_providers"]["github"];
    assert_eq!(stored["client_secret"], json!({"set": true}));
    let listed = app.anonymous().get(format!("{AUTH}/providers")).await;
    assert_eq!(listed.expect(200).json(), json!({"providers": ["github"]}));

    let away = app.anonymous().post(format!("{AUTH}/sign-in/social"));
    let body = json!({"provider": "github", "callbackURL": "/home"});
    let away = away.json(&body).await.expect(200);
    let url = away.json()["url"].as_str().unwrap().to_owned();
    let (code, state) = (provider.visit(&url), parameter(&url, "state").unwrap());
    let browser = kept(&away, "workeros.oauth").unwrap();
    let back = app
        .anonymous()
        .get(format!("{AUTH}/callback/github?code={code}&state={state}"))
        .header("cookie", format!("workeros.oauth={browser}"))
        .await
        .expect(302);
    let token = parameter(back.header("location"), "token").unwrap();
    let path = format!("{AUTH}/one-time-token/verify");
    let told = away.json()["browserToken"].clone();
    let body = json!({"token": token, "browserToken": told});
    let tokens = app.anonymous().post(path).json(&body).await.expect(200);
    assert_eq!(tokens.json()["user"]["email"], "octo@example.com");

    let bad = json!({"oauth_providers": {"github": {"kind": "x", "client_secret": SECRET}}});
    let refused = app.admin().await.patch(PATH).json(&bad).await.expect(422);
    let activity = app
        .admin()
        .await
        .get("/api/auth-activity")
        .await
        .expect(200);
    assert!(
        activity
            .text()
            .contains("/oauth_providers/github/client_secret")
    );
    for answer in [changed, read, tokens, back, refused, activity] {
        assert!(!answer.text().contains(SECRET), "{}", answer.text());
    }
}

#[tokio::test]
async fn without_a_client_for_requests_there_are_no_providers() {
    let app = app().await;
    let github = json!({"kind": "github", "client_id": "c", "client_secret": "s"});
    let patch = json!({"oauth_providers": {"github": github}});
    let refused = app.admin().await.patch(PATH).json(&patch).await.expect(422);
    assert_eq!(refused.paths(), ["/oauth_providers/github"]);
}
