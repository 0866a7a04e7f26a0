//! Users of the host's own.

use std::sync::Arc;

use async_trait::async_trait;
use http::request::Parts;
use serde_json::json;
use workeros_core::{Authenticator, Error, ErrorKind, Identity, Result, TenantId};
use workeros_http::testkit::TestApp;

use crate::support::{NOWHERE, World, app_with};

/// Knows people by the header `x-host-user`; `mallory` is none of them.
#[derive(Debug)]
struct Host;

#[async_trait]
impl Authenticator for Host {
    async fn authenticate(&self, request: &Parts, _: Option<TenantId>) -> Result<Option<Identity>> {
        let Some(name) = request.headers.get("x-host-user") else {
            return Ok(None);
        };
        match name.to_str().unwrap() {
            "mallory" => Err(Error::new(
                ErrorKind::Unauthorized,
                "the host does not know you",
            )),
            "root" => Ok(Some(Identity::host("root").with_role("admin"))),
            "elsewhere" => {
                let tenant = NOWHERE.parse().unwrap();
                Ok(Some(Identity::host("elsewhere").with_tenant(tenant)))
            }
            name => Ok(Some(Identity::host(name))),
        }
    }
}

async fn host_app() -> TestApp {
    let app = app_with(|app| app.with_config(|config| config.with_authenticator(Arc::new(Host))));
    World::new(app.await, None).await.app
}

#[tokio::test]
async fn the_hosts_users_own_what_they_write() {
    let app = host_app().await;
    let by = |name: &str| {
        app.anonymous()
            .post("/api/items/posts")
            .header("x-host-user", name)
    };
    let made = by("carl")
        .json(&json!({"title": "of carl"}))
        .await
        .expect(201);
    assert_eq!(made.data()["owner_id"], "carl");
    let list = |name: &str| {
        app.anonymous()
            .get("/api/items/posts")
            .header("x-host-user", name)
    };
    assert!(list("carl").await.expect(200).text().contains("of carl"));
    assert!(!list("dora").await.expect(200).text().contains("of carl"));
    app.anonymous()
        .get("/api/roles")
        .header("x-host-user", "carl")
        .await
        .expect(403);
    app.anonymous()
        .get("/api/roles")
        .header("x-host-user", "root")
        .await
        .expect(200);
}

#[tokio::test]
async fn whom_the_host_refuses_is_refused_unless_we_know_him() {
    let app = host_app().await;
    let mallory = app
        .anonymous()
        .get("/api/items/pages")
        .header("x-host-user", "mallory");
    assert!(
        mallory
            .await
            .expect(401)
            .text()
            .contains("the host does not know you")
    );
    let ann = app
        .user("ann")
        .await
        .get("/api/items/posts")
        .header("x-host-user", "mallory");
    ann.await.expect(200);
    let key = app.api_key("ann", None).await;
    key.get("/api/items/posts")
        .header("x-host-user", "mallory")
        .await
        .expect(200);
}

#[tokio::test]
async fn an_identity_bound_to_a_workspace_acts_in_no_other() {
    let app = host_app().await;
    let default = app.backend().plane().default_tenant().to_string();
    let get = || {
        app.anonymous()
            .get("/api/items/pages")
            .header("x-host-user", "elsewhere")
    };
    get().header("x-workeros-tenant", default).await.expect(404);
    let response = get().await;
    assert!(!response.text().contains("welcome"));
    assert!(
        [401, 403, 404].contains(&response.status),
        "{}",
        response.status
    );
}

#[tokio::test]
async fn without_the_bundled_auth_there_are_no_endpoints_for_it() {
    let plane = host_app().await.backend().plane().clone();
    let config = workeros_http::Config::new("http://localhost:8080".parse().unwrap()).unwrap();
    let backend = workeros_http::Backend::new(plane, config.with_authenticator(Arc::new(Host)));
    let paths: Vec<&str> = backend
        .endpoints()
        .iter()
        .map(workeros_http::Endpoint::path)
        .collect();
    assert!(paths.contains(&"/api/items/{slug}"));
    for bundled in ["/api/auth", "/api/users", "/api/api-keys"] {
        assert!(
            !paths.iter().any(|path| path.starts_with(bundled)),
            "{bundled}"
        );
    }
}
