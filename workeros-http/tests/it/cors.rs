//! Pages of other origins.

use http::Method;
use workeros_http::Origin;
use workeros_http::testkit::{TestApp, TestRequest};

use crate::support::{app, app_with};

const SHOP: &str = "https://shop.example.com";

async fn shop_app() -> TestApp {
    let origins = [Origin::parse(SHOP).unwrap()];
    app_with(|app| app.with_config(|config| config.with_allowed_origins(origins))).await
}

fn preflight(app: &TestApp, origin: &str) -> TestRequest {
    app.anonymous()
        .request(Method::OPTIONS, "/api/items/posts")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
}

#[tokio::test]
async fn http_2_no_other_origin_may_read_unless_it_is_listed() {
    let app = app().await;
    for origin in [SHOP, "null", "http://localhost:8080"] {
        let response = app
            .anonymous()
            .get("/health")
            .header("origin", origin)
            .await
            .expect(200);
        let response_headers = response.headers.keys().filter(|name| {
            name.as_str().starts_with("access-control") || *name == http::header::VARY
        });
        assert_eq!(response_headers.count(), 0, "{origin}");
        let response = preflight(&app, origin).await.expect(204);
        assert_eq!(
            response.header("access-control-allow-origin"),
            "",
            "{origin}"
        );
        assert_eq!(
            response.header("access-control-allow-methods"),
            "",
            "{origin}"
        );
    }
}

#[tokio::test]
async fn http_2_a_listed_origin_may_read_with_credentials() {
    let app = shop_app().await;
    for (path, status) in [
        ("/health", 200),
        ("/api/items/posts", 401),
        ("/nowhere", 404),
    ] {
        let response = app
            .anonymous()
            .get(path)
            .header("origin", SHOP)
            .await
            .expect(status);
        assert_eq!(response.header("access-control-allow-origin"), SHOP);
        assert_eq!(response.header("access-control-allow-credentials"), "true");
        assert!(
            response
                .header("access-control-expose-headers")
                .contains("x-request-id")
        );
        assert_eq!(response.header("vary"), "origin");
    }
    let response = preflight(&app, SHOP).await.expect(204);
    assert_eq!(response.header("access-control-allow-origin"), SHOP);
    assert!(
        response
            .header("access-control-allow-methods")
            .contains("PATCH")
    );
    assert!(
        response
            .header("access-control-allow-headers")
            .contains("authorization")
    );
}

#[tokio::test]
async fn http_2_only_exactly_that_origin_is_listed() {
    let app = shop_app().await;
    for origin in [
        "null",
        "http://shop.example.com",
        "https://shop.example.com:444",
        "https://shop.example.com.evil.example",
        "https://evil-shop.example.com",
        "https://SHOP.example.com",
    ] {
        let response = app
            .anonymous()
            .get("/health")
            .header("origin", origin)
            .await
            .expect(200);
        assert_eq!(
            response.header("access-control-allow-origin"),
            "",
            "{origin}"
        );
        // A cache must not hand this answer to the origin that is.
        assert_eq!(response.header("vary"), "origin", "{origin}");
        assert_eq!(
            preflight(&app, origin)
                .await
                .header("access-control-allow-methods"),
            ""
        );
    }
}

#[test]
fn http_2_neither_a_wildcard_nor_null_can_be_listed() {
    for text in [
        "*",
        "null",
        "",
        "https://*.example.com",
        "https://a@b.c",
        "ftp://a.b",
        "a.b",
        "https://a.b/",
    ] {
        assert!(Origin::parse(text).is_err(), "{text}");
    }
}
