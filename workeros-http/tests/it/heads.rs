//! The head of requests and responses.

use http::Method;

use crate::support::{World, app, app_with};

const DEFAULTS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
    ("cache-control", "no-store"),
];

#[tokio::test]
async fn http_1_every_response_has_the_security_headers() {
    let world = World::sqlite().await;
    let anonymous = world.app.anonymous();
    for (method, path, status) in [
        (Method::GET, "/health", 200),
        (Method::GET, "/api/items/pages", 200),
        (Method::GET, "/api/items/posts", 401),
        (Method::GET, "/nowhere", 404),
        (Method::PUT, "/health", 405),
        (Method::OPTIONS, "/health", 204),
        (Method::GET, "/api/auth/get-session", 200),
    ] {
        let response = anonymous.request(method, path).await.expect(status);
        for (name, value) in DEFAULTS {
            assert_eq!(response.header(name), value, "{path}");
        }
        assert_ne!(response.header("x-request-id"), "", "{path}");
        assert_eq!(response.header("strict-transport-security"), "", "{path}");
    }
}

#[tokio::test]
async fn http_1_https_is_said_to_be_kept_to() {
    let app = app_with(|app| app.with_public_url("https://example.com")).await;
    let response = app.anonymous().get("/health").await;
    assert_eq!(
        response.header("strict-transport-security"),
        "max-age=31536000"
    );
}

#[tokio::test]
async fn a_valid_request_id_is_kept_and_another_replaced() {
    let app = app().await;
    let sent = |id: &str| app.anonymous().get("/nowhere").header("x-request-id", id);
    for id in ["a", "Trace-1_2.3", &"x".repeat(128)] {
        let response = sent(id).await;
        assert_eq!(response.header("x-request-id"), id);
        assert_eq!(response.json()["requestId"], id);
    }
    for id in ["", "a b", "a\tb", "a/b", "é", &"x".repeat(129)] {
        let response = sent(id).await;
        let made = response.header("x-request-id");
        assert_eq!((made.len(), made.matches('-').count()), (36, 4), "{id}");
        assert_eq!(response.json()["requestId"], made);
    }
}

#[tokio::test]
async fn http_4_the_head_of_a_request_is_limited() {
    let app = app().await;
    let anonymous = app.anonymous();
    let long = format!("/health?x={}", "y".repeat(8 * 1024));
    assert_eq!(anonymous.get(long).await.expect(400).code(), "BAD_REQUEST");

    let many = (0..101).fold(anonymous.get("/health"), |request, index| {
        request.header(&format!("x-{index}"), "y")
    });
    many.await.expect(400);
    anonymous
        .get("/health")
        .header("x-large", "y".repeat(16 * 1024))
        .await
        .expect(400);
    anonymous
        .get("/health")
        .header("x-large", "y".repeat(15 * 1024))
        .await
        .expect(200);
}

#[tokio::test]
async fn http_4_a_method_is_not_overridden_by_a_header() {
    let world = World::sqlite().await;
    let path = format!("/api/items/pages/{}", world.page);
    let admin = world.app.admin().await;
    for name in [
        "x-http-method-override",
        "x-method-override",
        "x-http-method",
    ] {
        let response = admin.get(&path).header(name, "DELETE").await;
        assert_eq!(response.expect(200).data()["title"], "welcome");
    }
    admin.get(&path).await.expect(200);
}

/// KEY-7: an authorization that cannot be read is no fault of ours.
#[tokio::test]
async fn key_7_an_authorization_that_cannot_be_read_is_no_fault_of_ours() {
    let world = World::sqlite().await;
    let get = || world.app.anonymous().get("/api/items/pages");
    let long = format!("Bearer {}", "x".repeat(100 * 1024));
    for value in [
        "Bearer",
        "",
        "Basic YTpi",
        "Bearer  ",
        "Bearer pak_x",
        "Bearer x y",
        &long,
    ] {
        let response = get().header("authorization", value).await;
        assert!(
            [400, 401].contains(&response.status),
            "{value:.20}: {}",
            response.status
        );
    }
    get()
        .header("authorization", b"Bearer \xff\xfe")
        .await
        .expect(400);
    let twice = get()
        .header("authorization", "Bearer x")
        .header("authorization", "Bearer y");
    twice.await.expect(400);
}

#[tokio::test]
async fn a_request_acts_in_the_default_workspace_or_not_at_all() {
    let world = World::sqlite().await;
    let ann = world.app.user("ann").await;
    let default = world.app.backend().plane().default_tenant().to_string();
    let named = |tenant: &str| {
        ann.get("/api/items/posts")
            .header("x-workeros-tenant", tenant)
    };
    named(&default).await.expect(200);
    let mut bodies = Vec::new();
    for other in ["018fd3ab-c200-7000-8000-00000000dead", "nonsense", ""] {
        let response = named(other).header("x-request-id", "same").await;
        bodies.push(response.expect(404).text());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    named(&default)
        .header("x-workeros-tenant", &default)
        .await
        .expect(400);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let world = World::sqlite().await;
    let path = format!("/api/items/pages/{}", world.page);
    let anonymous = world.app.anonymous();
    let got = anonymous.get(&path).await.expect(200);
    let head = anonymous.request(Method::HEAD, &path).await.expect(200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("etag"), got.header("etag"));
    assert_eq!(head.header("content-length"), got.body.len().to_string());
    anonymous
        .request(Method::HEAD, "/nowhere")
        .await
        .expect(404);
    anonymous
        .request(Method::HEAD, "/api/items/posts/query")
        .await
        .expect(401);
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let app = app().await;
    for (path, allow) in [
        ("/health", "GET, HEAD, OPTIONS"),
        ("/api/auth/sign-out", "OPTIONS, POST"),
        ("/api/collections", "GET, HEAD, OPTIONS, POST"),
        (
            "/api/items/posts/query",
            "DELETE, GET, HEAD, OPTIONS, PATCH, POST",
        ),
    ] {
        let put = app.anonymous().request(Method::PUT, path).await.expect(405);
        assert_eq!(
            (put.header("allow"), put.code().as_str()),
            (allow, "METHOD_NOT_ALLOWED")
        );
        let options = app
            .anonymous()
            .request(Method::OPTIONS, path)
            .await
            .expect(204);
        assert_eq!(options.header("allow"), allow);
    }
}

/// SES-7: signing out is a `POST`.
#[tokio::test]
async fn ses_7_sign_out_is_a_post() {
    let app = app().await;
    let ann = app.user("ann").await;
    ann.get("/api/auth/sign-out").await.expect(405);
    ann.get("/api/items/nothing").await.expect(403);
}

#[tokio::test]
async fn what_is_not_there_is_json_too() {
    let app = app().await;
    for path in [
        "/",
        "/api",
        "/api/",
        "/health/",
        "//health",
        "/api/items/a/b/c",
        "/API/items/a",
        "*",
    ] {
        let response = app.anonymous().get(path).await.expect(404);
        assert_eq!(response.code(), "NOT_FOUND", "{path}");
        assert_eq!(response.header("content-type"), "application/json");
    }
}
