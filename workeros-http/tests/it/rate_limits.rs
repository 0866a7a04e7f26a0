//! What throttled clients are told.

use serde_json::{Value as Json, json};
use workeros_http::Origin;
use workeros_http::testkit::{Client, TestApp, TestResponse};

use crate::support::{app_with, mail};

const POLICY: &str = "ratelimit-policy";
const LEFT: &str = "ratelimit";

/// An app that counts.
async fn counting() -> TestApp {
    let shop = [Origin::parse("https://shop.example.com").unwrap()];
    let app = app_with(|app| {
        app.with_auth(mail(&workeros_adapters::MemoryMailer::default()))
            .with_config(|config| config.with_allowed_origins(shop))
    });
    app.await
}

async fn key(app: &TestApp, mut body: Json) -> Client {
    body["name"] = json!("counted");
    let admin = app.admin().await;
    let made = admin.post("/api/api-keys").json(&body).await.expect(201);
    app.with_token(made.data()["key"].as_str().unwrap())
}

/// What is left of each policy, without the seconds.
fn left(response: &TestResponse) -> Vec<(String, u32)> {
    let policies = response.header(LEFT).split(", ");
    let left = policies.map(|policy| {
        let (name, rest) = policy.split_once(";r=").unwrap();
        let (left, seconds) = rest.split_once(";t=").unwrap();
        assert!(seconds.parse::<u32>().unwrap() > 0, "{policy}");
        (name.trim_matches('"').to_owned(), left.parse().unwrap())
    });
    left.collect()
}

#[tokio::test]
async fn a_key_with_limits_is_told_what_is_left_of_them() {
    let app = counting().await;
    let limits = json!({"requests_per_minute": 4, "requests_per_day": 100});
    let key = key(&app, limits).await;
    // Whatever becomes of the request.
    for (path, status, minute) in [
        ("/api/collections", 200, 3),
        ("/api/items/nowhere", 404, 2),
        ("/api/users?nope=1", 422, 1),
        ("/api/api-keys", 403, 0),
    ] {
        let response = key.get(path).await.expect(status);
        assert_eq!(
            response.header(POLICY),
            r#""minute";q=4;w=60, "day";q=100;w=86400"#
        );
        let day = 96 + minute;
        let expected = [("minute".to_owned(), minute), ("day".to_owned(), day)];
        assert_eq!(left(&response), expected, "{path}");
    }
    let refused = key.get("/api/collections").await.expect(429);
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert_eq!(refused.header(POLICY), r#""minute";q=4;w=60"#);
    assert_eq!(left(&refused), [("minute".to_owned(), 0)]);
    let wait = format!(";t={}", refused.header("retry-after"));
    assert!(refused.header(LEFT).ends_with(&wait), "{refused:?}");
}

#[tokio::test]
async fn a_key_that_is_used_up_for_today_is_told_both() {
    let app = counting().await;
    let limits = json!({"requests_per_minute": 10, "requests_per_day": 1});
    let key = key(&app, limits).await;
    key.get("/api/collections").await.expect(200);
    let refused = key.get("/api/collections").await.expect(429);
    assert_eq!(refused.code(), "QUOTA_EXCEEDED");
    let expected = [("minute".to_owned(), 8), ("day".to_owned(), 0)];
    assert_eq!(left(&refused), expected);
}

#[tokio::test]
async fn whoever_has_no_limits_is_told_of_none() {
    let app = counting().await;
    let key = key(&app, json!({})).await;
    for client in [key, app.admin().await] {
        let response = client.get("/api/collections").await.expect(200);
        assert_eq!((response.header(POLICY), response.header(LEFT)), ("", ""));
    }
}

/// LIM-1: who is refused is told when to come back, and pages of other origins
/// may read it.
#[tokio::test]
async fn lim_1_a_refused_sign_in_is_told_when_to_come_back() {
    let app = counting().await;
    let body = json!({"email": "eve@example.com", "password": "not the right one"});
    let sign_in = || {
        app.anonymous()
            .post("/api/auth/sign-in/email")
            .header("origin", "https://shop.example.com")
            .json(&body)
    };
    for _ in 0..3 {
        let wrong = sign_in().await.expect(401);
        assert_eq!((wrong.header(POLICY), wrong.header(LEFT)), ("", ""));
    }
    let refused = sign_in().await.expect(429);
    assert_eq!(refused.header(POLICY), r#""attempts";q=3;w=10"#);
    assert_eq!(left(&refused), [("attempts".to_owned(), 0)]);
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    let exposed = refused.header("access-control-expose-headers");
    for name in [POLICY, LEFT, "retry-after"] {
        assert!(exposed.split(", ").any(|known| known == name), "{exposed}");
    }
}
