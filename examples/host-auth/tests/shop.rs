//! The shop's users before the backend.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test reports by panicking"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use example_host_auth::{People, Position, Sessions, ShopUsers};
use http_body_util::BodyExt as _;
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;
use workeros::{Clock, Sqlite, Timestamp};

/// A clock that is set by hand, in seconds.
#[derive(Debug, Clone, Default)]
struct HandClock(Arc<AtomicI64>);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst) * 1_000_000).unwrap()
    }
}

struct Shop {
    app: Router,
    people: People,
    sessions: Sessions,
    clock: HandClock,
}

async fn shop() -> Shop {
    let (people, clock) = (People::default(), HandClock::default());
    let sessions = Sessions::new(b"a key of this test", clock.clone()).unwrap();
    for (name, position) in [
        ("ann", Position::Manager),
        ("bob", Position::Clerk),
        ("cid", Position::Customer),
        ("dan", Position::Customer),
    ] {
        people.set(name, position);
    }
    let users = ShopUsers {
        people: people.clone(),
        sessions: sessions.clone(),
    };
    let database = Sqlite::memory().await.unwrap();
    let (app, _) = example_host_auth::app(database, users, clock.clone())
        .await
        .unwrap();
    Shop {
        app,
        people,
        sessions,
        clock,
    }
}

const ORDERS: &str = "/backend/api/items/orders";

impl Shop {
    /// A request with that session; an empty one is none.
    async fn send(
        &self,
        session: &str,
        method: Method,
        path: &str,
        body: Json,
    ) -> (StatusCode, Json) {
        let mut request = Request::builder().method(method).uri(path);
        if !session.is_empty() {
            request = request.header(
                header::COOKIE,
                format!("theme=dark; shop_session={session}"),
            );
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        };
        let request = request.body(body).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn get(&self, session: &str, path: &str) -> (StatusCode, Json) {
        self.send(session, Method::GET, path, Json::Null).await
    }

    /// Somebody orders something; the order's path.
    async fn order(&self, session: &str, item: &str) -> String {
        let body = json!({"item": item});
        let (status, order) = self.send(session, Method::POST, ORDERS, body).await;
        assert_eq!(status, StatusCode::CREATED, "{order}");
        format!("{ORDERS}/{}", order["data"]["id"].as_str().unwrap())
    }

    async fn items(&self, session: &str) -> Vec<String> {
        let (status, list) = self.get(session, &format!("{ORDERS}?sort=item")).await;
        assert_eq!(status, StatusCode::OK, "{list}");
        let orders = list["data"].as_array().unwrap().iter();
        orders
            .map(|order| order["item"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test]
async fn a_position_is_a_role() {
    let shop = shop().await;
    let [ann, bob, cid, dan] = ["ann", "bob", "cid", "dan"].map(|name| shop.sessions.begin(name));
    let tea = shop.order(&cid, "tea").await;
    shop.order(&dan, "rice").await;

    // A customer sees his own, a clerk what is open, the manager everything.
    assert_eq!(shop.items(&cid).await, ["tea"]);
    assert_eq!(shop.items(&bob).await, ["rice", "tea"]);
    let (_, order) = shop.get(&ann, &tea).await;
    assert_eq!(order["data"]["owner_id"], "cid");

    let sent = json!({"status": "sent"});
    let (status, _) = shop.send(&cid, Method::PATCH, &tea, sent.clone()).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = shop.send(&bob, Method::PATCH, &tea, sent).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(shop.items(&bob).await, ["rice"]);
    assert_eq!(shop.items(&ann).await, ["rice", "tea"]);

    for (session, status) in [
        (&ann, StatusCode::OK),
        (&bob, StatusCode::FORBIDDEN),
        (&String::new(), StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(
            shop.get(session, "/backend/api/permissions").await.0,
            status
        );
    }
}

#[tokio::test]
async fn who_is_promoted_or_let_go_is_so_at_once() {
    let shop = shop().await;
    let (bob, cid) = (shop.sessions.begin("bob"), shop.sessions.begin("cid"));
    shop.order(&cid, "tea").await;
    shop.people.set("bob", Position::Customer);
    assert!(shop.items(&bob).await.is_empty());
    shop.people.remove("bob");
    assert_eq!(shop.get(&bob, ORDERS).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_that_is_none_is_refused() {
    let shop = shop().await;
    let ann = shop.sessions.begin("ann");
    let other = Sessions::new(b"another key", shop.clock.clone()).unwrap();
    let forged = ann.replacen("ann", "bob", 1);
    for session in [
        "nonsense",
        "ann.9999999999999999.",
        &forged,
        &other.begin("ann"),
    ] {
        assert_eq!(
            shop.get(session, ORDERS).await.0,
            StatusCode::UNAUTHORIZED,
            "{session}"
        );
    }
    assert_eq!(shop.get(&ann, ORDERS).await.0, StatusCode::OK);
    shop.clock.0.fetch_add(8 * 60 * 60, Ordering::SeqCst);
    assert_eq!(shop.get(&ann, ORDERS).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_shop_asks_for_whoever_looks() {
    let shop = shop().await;
    let [cid, dan] = ["cid", "dan"].map(|name| shop.sessions.begin(name));
    shop.order(&cid, "tea").await;
    let (_, orders) = shop.get(&cid, "/my-orders").await;
    assert_eq!(orders, json!([{"item": "tea", "status": "open"}]));
    assert_eq!(shop.get(&dan, "/my-orders").await.1, json!([]));
    assert_eq!(shop.get("", "/my-orders").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn there_are_no_users_but_the_shops() {
    let shop = shop().await;
    let ann = shop.sessions.begin("ann");
    for path in [
        "/backend/api/users",
        "/backend/api/auth/get-session",
        "/backend/api/api-keys",
    ] {
        assert_eq!(
            shop.get(&ann, path).await.0,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}
