//! Faults of ours: what a client hears of them, and what the log does.

use std::io::Write;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::request::Parts;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;
use workeros_core::{Authenticator, Error, ErrorKind, Identity, Result, TenantId};
use workeros_http::testkit::TestApp;
use workeros_schema::{Draft, HookContext, Hooks};

use crate::support::{World, app_with};

/// An authenticator that fails as the header `x-fault` says.
#[derive(Debug)]
struct Faulty;

#[async_trait]
impl Authenticator for Faulty {
    async fn authenticate(&self, request: &Parts, _: Option<TenantId>) -> Result<Option<Identity>> {
        match request.headers.get("x-fault").map(|fault| fault.as_bytes()) {
            Some(b"panic") => panic!("SELECT * FROM secret_table"),
            Some(b"internal") => Err(Error::internal("SELECT * FROM secret_table /var/lib/x")),
            Some(b"busy") => {
                let busy = Error::new(ErrorKind::Unavailable, "secret_table is locked");
                Err(busy.with_retry_after(7))
            }
            _ => Ok(None),
        }
    }
}

async fn faulty_app() -> TestApp {
    let app = app_with(|app| app.with_config(|config| config.with_authenticator(Arc::new(Faulty))));
    World::new(app.await, None).await.app
}

/// ERR-1: a panic is an answer and life goes on.
#[tokio::test]
async fn err_1_a_panic_is_an_answer_and_life_goes_on() {
    let app = faulty_app().await;
    for _ in 0..3 {
        let get = app.anonymous().get("/api/items/pages");
        let response = get
            .header("x-fault", "panic")
            .header("x-request-id", "r-1")
            .await
            .expect(500);
        assert_eq!(
            response.text(),
            r#"{"error":{"code":"INTERNAL","message":"internal error"},"requestId":"r-1"}"#
        );
        assert_eq!(response.header("x-content-type-options"), "nosniff");
    }
    app.anonymous().get("/api/items/pages").await.expect(200);
    app.admin()
        .await
        .post("/api/items/pages")
        .json(&json!({"title": "x"}))
        .await
        .expect(201);
}

/// ERR-1: a hook that panics poisons nothing.
#[tokio::test]
async fn err_1_a_hook_that_panics_poisons_nothing() {
    let hook = async |_: HookContext, draft: Draft| {
        assert!(
            draft.get("title") != Some(&json!("boom")),
            "a hook of the host panicked"
        );
        Ok(draft)
    };
    let app = app_with(|app| app.with_hooks(Hooks::default().before_create("pages", hook))).await;
    let app = World::new(app, None).await.app;
    let admin = app.admin().await;
    for (title, status) in [("boom", 500), ("fine", 201), ("boom", 500), ("fine", 201)] {
        let body = json!({"title": title});
        let _ = admin
            .post("/api/items/pages")
            .json(&body)
            .await
            .expect(status);
    }
}

/// ERR-2: a fault tells nothing of the inside.
#[tokio::test]
async fn err_2_a_fault_tells_nothing_of_the_inside() {
    let app = faulty_app().await;
    for (fault, status, code) in [("internal", 500, "INTERNAL"), ("busy", 503, "UNAVAILABLE")] {
        let response = app
            .anonymous()
            .get("/api/items/pages")
            .header("x-fault", fault)
            .await;
        let response = response.expect(status);
        assert_eq!(response.code(), code);
        for inner in ["secret_table", "SELECT", "/var/lib", "workeros", "0.1"] {
            assert!(
                !response.text().contains(inner),
                "{inner}: {}",
                response.text()
            );
        }
    }
    let busy = app
        .anonymous()
        .get("/api/items/pages")
        .header("x-fault", "busy")
        .await;
    assert_eq!(busy.header("retry-after"), "7");
}

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// ERR-2: no secret is in the log, and a fault is there once.
///
/// The subscriber holds for this thread, and the runtime of the test has no
/// other.
#[tokio::test]
async fn err_2_no_secret_is_in_the_log_and_a_fault_is_there_once() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let app = faulty_app().await;
    let password = "canary-password-4711";
    let form = json!({"email": "eve@example.com", "password": password, "name": "Eve"});
    let signed_up = app
        .anonymous()
        .post("/api/auth/sign-up/email")
        .json(&form)
        .await
        .expect(200);
    let token = signed_up.json()["token"].as_str().unwrap().to_owned();
    let key = app.api_key("ann", None).await;
    key.get("/api/items/posts?q=canary-search")
        .await
        .expect(200);
    let by_cookie = app
        .anonymous()
        .get("/api/items/posts")
        .header("cookie", format!("workeros={token}"));
    by_cookie.await.expect(200);
    let _ = app
        .anonymous()
        .get("/health")
        .header("authorization", "Bearer canary-bearer")
        .await;
    app.anonymous()
        .get("/api/items/pages?filter=canary-filter")
        .await
        .expect(422);
    let faulty = app
        .anonymous()
        .get("/api/items/pages")
        .header("x-fault", "internal");
    faulty
        .header("x-request-id", "the-faulty-one")
        .await
        .expect(500);
    drop(guard);

    let text = log.text();
    assert!(text.contains("/api/items/{slug}"), "nothing was logged");
    for secret in [
        password,
        &token,
        key.token(),
        "canary-bearer",
        "canary-search",
        "canary-filter",
    ] {
        assert!(!text.contains(secret), "{secret} was logged");
    }
    let faults: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("secret_table"))
        .collect();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("the-faulty-one"), "{}", faults[0]);
}
