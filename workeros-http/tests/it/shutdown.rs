//! The end of an instance.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Semaphore;
use workeros_http::testkit::TestApp;
use workeros_schema::{Draft, HookContext, Hooks};

use crate::support::{World, app, app_with};

/// An app whose `pages` take as long to write as the test likes.
async fn slow_app() -> (TestApp, Arc<Semaphore>, Arc<Semaphore>) {
    let (started, released) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(1)));
    let (start, release) = (Arc::clone(&started), Arc::clone(&released));
    let hook = move |_: HookContext, draft: Draft| {
        let (start, release) = (Arc::clone(&start), Arc::clone(&release));
        async move {
            start.add_permits(1);
            release.acquire().await.unwrap().forget();
            Ok(draft)
        }
    };
    let app = app_with(|app| app.with_hooks(Hooks::default().before_create("pages", hook))).await;
    let app = World::new(app, None).await.app;
    started.forget_permits(1);
    (app, started, released)
}

#[tokio::test]
async fn a_request_under_way_is_answered_and_a_new_one_refused() {
    let (app, started, released) = slow_app().await;
    let admin = app.admin().await;
    let write = admin
        .post("/api/items/pages")
        .json(&json!({"title": "last"}));
    let write = tokio::spawn(write.into_future());
    started.acquire().await.unwrap().forget();
    let backend = app.backend().clone();
    let shutdown = tokio::spawn(async move { backend.shutdown().await });
    tokio::task::yield_now().await;

    let refused = admin.get("/health").await.expect(503);
    assert_eq!(refused.code(), "UNAVAILABLE");
    assert_eq!(
        (refused.header("connection"), refused.header("retry-after")),
        ("close", "1")
    );
    assert_ne!(refused.header("x-request-id"), "");
    assert!(!shutdown.is_finished());

    released.add_permits(1);
    write.await.unwrap().expect(201);
    shutdown.await.unwrap();
}

#[tokio::test]
async fn a_request_given_up_by_its_client_is_not_waited_for() {
    let (app, started, _released) = slow_app().await;
    let write = app
        .admin()
        .await
        .post("/api/items/pages")
        .json(&json!({"title": "gone"}));
    let write = tokio::spawn(write.into_future());
    started.acquire().await.unwrap().forget();
    write.abort();
    assert!(write.await.is_err());
    app.backend().shutdown().await;
}

#[tokio::test]
async fn an_idle_instance_ends_at_once_and_twice() {
    let app = app().await;
    app.backend().shutdown().await;
    app.backend().shutdown().await;
    app.anonymous().get("/health").await.expect(503);
}
