//! Requests that a page of somebody else made a browser send.

use serde_json::json;
use workeros_http::Origin;
use workeros_http::testkit::TestApp;

use crate::support::{World, app_with, id};

const OWN: &str = "http://localhost:8080";
const SHOP: &str = "https://shop.example.com";
const EVIL: &str = "https://evil.example";
const FORM: &str = "application/x-www-form-urlencoded";

/// Whether such a request of somebody signed in by a cookie is let through.
/// What is let through and no JSON is then refused as such.
async fn passes(app: &TestApp, headers: &[(&str, &str)]) -> bool {
    let cookie = format!("workeros={}", app.admin().await.token());
    let request = app
        .anonymous()
        .post("/api/items/pages")
        .header("cookie", cookie);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(name, value)
    });
    let response = request.body(json!({"title": "x"}).to_string()).await;
    match response.status {
        201 | 415 => true,
        403 => false,
        status => panic!("{status} for {headers:?}"),
    }
}

#[tokio::test]
async fn http_3_a_cookie_alone_does_not_change_anything_from_elsewhere() {
    let origins = [Origin::parse(SHOP).unwrap()];
    let app = app_with(|app| app.with_config(|config| config.with_allowed_origins(origins))).await;
    let app = World::new(app, None).await.app;
    let json = ("content-type", "application/json");
    let site = |site| ("sec-fetch-site", site);
    for (wanted, headers) in [
        (true, vec![json, ("origin", OWN)]),
        (true, vec![json, ("origin", OWN), site("same-origin")]),
        (false, vec![json, ("origin", OWN), site("cross-site")]),
        (true, vec![json, ("origin", SHOP)]),
        (true, vec![json, ("origin", SHOP), site("cross-site")]),
        (false, vec![json, ("origin", EVIL)]),
        (false, vec![json, ("origin", EVIL), site("same-origin")]),
        (false, vec![json, ("origin", "null")]),
        (false, vec![json, ("origin", "http://localhost:8081")]),
        (false, vec![json, ("origin", OWN), ("origin", EVIL)]),
        (true, vec![json, site("same-origin")]),
        (true, vec![json, site("none")]),
        (false, vec![json, site("same-site")]),
        (false, vec![json, site("cross-site")]),
        (
            true,
            vec![json, ("referer", "http://localhost:8080/page?x=1")],
        ),
        (
            false,
            vec![
                json,
                ("referer", "https://evil.example/http://localhost:8080"),
            ],
        ),
        (false, vec![json, ("referer", "nonsense")]),
        // Neither of the three: not a browser of today, unless a form of old.
        (true, vec![json]),
        (false, vec![("content-type", FORM)]),
        (
            false,
            vec![("content-type", "multipart/form-data; boundary=x")],
        ),
        (false, vec![("content-type", "Text/Plain;charset=utf-8")]),
        (false, vec![("content-type", FORM), ("origin", EVIL)]),
    ] {
        assert_eq!(passes(&app, &headers).await, wanted, "{headers:?}");
    }
}

#[tokio::test]
async fn http_3_what_a_browser_does_not_send_by_itself_may_come_from_anywhere() {
    let world = World::sqlite().await;
    let page = json!({"title": "x"});
    let admin = world.app.admin().await;
    let key = world.app.api_key("admin", None).await;
    for client in [admin, key] {
        let request = client.post("/api/items/pages").header("origin", EVIL);
        let request = request
            .header("cookie", "workeros=x")
            .header("sec-fetch-site", "cross-site");
        request.json(&page).await.expect(201);
    }
    let anonymous = world.app.anonymous();
    anonymous
        .post("/api/items/pages")
        .header("origin", EVIL)
        .json(&page)
        .await
        .expect(401);
}

#[tokio::test]
async fn http_3_reading_is_free() {
    let world = World::sqlite().await;
    let cookie = format!("workeros={}", world.app.user("ann").await.token());
    let get = world
        .app
        .anonymous()
        .get("/api/items/posts")
        .header("cookie", cookie);
    get.header("origin", EVIL)
        .header("sec-fetch-site", "cross-site")
        .await
        .expect(200);
}

#[tokio::test]
async fn http_3_every_way_of_changing_is_guarded() {
    let world = World::sqlite().await;
    let admin = world.app.admin().await;
    let made = admin
        .post("/api/items/pages")
        .json(&json!({"title": "x"}))
        .await
        .expect(201);
    let page = format!("/api/items/pages/{}", id(&made));
    let cookie = format!("workeros={}", admin.token());
    let anonymous = world.app.anonymous();
    for request in [
        anonymous.delete(&page),
        anonymous.patch(&page).json(&json!({"title": "y"})),
        anonymous.post("/api/auth/sign-out"),
        anonymous.post("/api/auth/sign-in/email").json(&json!({})),
        anonymous.post("/api/roles").json(&json!({"name": "x"})),
    ] {
        let response = request
            .header("cookie", &cookie)
            .header("origin", EVIL)
            .await;
        assert_eq!(response.expect(403).code(), "FORBIDDEN");
    }
    assert_eq!(admin.get(&page).await.expect(200).data()["title"], "x");
}

/// The cookie of a host's own users is guarded like ours.
#[tokio::test]
async fn http_3_any_cookie_counts() {
    let world = World::sqlite().await;
    let post = world
        .app
        .anonymous()
        .post("/api/items/pages")
        .json(&json!({"title": "x"}));
    post.header("cookie", "host=1")
        .header("origin", EVIL)
        .await
        .expect(403);
}
