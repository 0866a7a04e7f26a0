//! In applications of others, at any path.

use axum::Router;
use axum::routing::get;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use tower::ServiceExt as _;
use workeros_http::Backend;

use crate::support::{World, app_with};

async fn backend(public_url: &'static str) -> Backend {
    let app = app_with(|app| app.with_public_url(public_url)).await;
    World::new(app, None).await.app.backend().clone()
}

async fn get_text(app: &Router, path: &str) -> (u16, String) {
    let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

async fn assert_serves(app: &Router, prefix: &str) {
    let (status, body) = get_text(app, &format!("{prefix}/api/items/pages?limit=1")).await;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("welcome"), "{body}");
    assert_eq!(get_text(app, &format!("{prefix}/nowhere")).await.0, 404);
}

#[tokio::test]
async fn nested_in_axum() {
    let backend = backend("http://localhost:8080/backend").await;
    let app = Router::new()
        .route("/", get(|| async { "home" }))
        .nest_service("/backend", backend);
    assert_eq!(get_text(&app, "/").await, (200, "home".to_owned()));
    assert_serves(&app, "/backend").await;
}

#[tokio::test]
async fn as_the_fallback_of_axum() {
    let app = Router::new().route("/", get(|| async { "home" }));
    let at_root = app
        .clone()
        .fallback_service(backend("http://localhost:8080").await);
    assert_eq!(get_text(&at_root, "/").await, (200, "home".to_owned()));
    assert_serves(&at_root, "").await;
    // With the path of the mount point left on.
    let below = app.fallback_service(backend("http://localhost:8080/some/where/").await);
    assert_serves(&below, "/some/where").await;
}

#[tokio::test]
async fn a_mount_point_that_looks_like_a_part_of_the_api() {
    let app = Router::new().fallback_service(backend("http://localhost:8080/api").await);
    assert_serves(&app, "/api").await;
}

#[tokio::test]
async fn two_instances_do_not_see_each_other() {
    let first = backend("http://localhost:8080/first").await;
    let second = app_with(|app| app.with_public_url("http://localhost:8080/second")).await;
    let second = second.backend().clone();
    let app = Router::new()
        .nest_service("/first", first)
        .nest_service("/second", second);
    assert_serves(&app, "/first").await;
    assert_eq!(get_text(&app, "/second/api/items/pages").await.0, 401);
}

#[tokio::test]
async fn without_any_framework() {
    let backend = backend("http://localhost:8080/backend").await;
    for path in ["/health", "/backend/health"] {
        let request = Request::get(path).body(Empty::new()).unwrap();
        assert_eq!(
            backend.clone().oneshot(request).await.unwrap().status(),
            200
        );
    }
}
