//! Several instances on one Postgres.

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;
use workeros::{AuthBuilder, MemoryMailer, Workeros};
use workeros_adapters::testkit::Schema;

async fn instance(schema: &Schema) -> Workeros {
    Workeros::builder()
        .db(schema.connect().await)
        .mailer(MemoryMailer::default())
        .auth(AuthBuilder::danger_weak_hashing)
        .build()
        .await
        .unwrap()
}

async fn post(instance: &Workeros, path: &str, body: &Json) -> StatusCode {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.to_string())));
    let answer = instance.clone().oneshot(request.unwrap()).await;
    answer.unwrap().status()
}

/// LIM-1: whoever is refused by one instance is refused by the other.
#[tokio::test]
async fn lim_1_instances_that_share_postgres_count_together() {
    let Some(schema) = Schema::new().await else {
        return;
    };
    let (a, b) = (instance(&schema).await, instance(&schema).await);
    let guess = json!({"email": "ann@example.com", "password": "not the right one"});
    let path = "/api/auth/sign-in/email";
    for instance in [&a, &b, &a] {
        assert_eq!(post(instance, path, &guess).await, StatusCode::UNAUTHORIZED);
    }
    for instance in [&b, &a] {
        let refused = post(instance, path, &guess).await;
        assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
    }
    let other = json!({"email": "bob@example.com", "password": "not the right one"});
    assert_eq!(post(&b, path, &other).await, StatusCode::UNAUTHORIZED);
    a.shutdown().await;
    b.shutdown().await;
}
