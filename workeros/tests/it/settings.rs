//! What a workspace sets at run time, with the client for requests as it comes.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;
use workeros::{AuthBuilder, Sqlite, Workeros};

async fn call(
    workeros: &Workeros,
    request: http::request::Builder,
    body: &Json,
) -> (StatusCode, Json) {
    let request = request.header(header::CONTENT_TYPE, "application/json");
    let request = request
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap();
    let response = workeros.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

/// OA-8: an admin of a workspace makes the instance ask nobody inside its network.
#[tokio::test]
async fn oa_8_a_provider_inside_the_network_is_refused_when_it_is_saved() {
    let workeros = Workeros::builder()
        .db(Sqlite::memory().await.unwrap())
        .auth(AuthBuilder::danger_weak_hashing)
        .build()
        .await
        .unwrap();
    let ann =
        json!({"email": "ann@example.com", "password": "correct horse battery", "name": "Ann"});
    let sign_up = Request::post("/api/auth/sign-up/email");
    let (status, signed_up) = call(&workeros, sign_up, &ann).await;
    assert_eq!(status, StatusCode::OK, "{signed_up}");
    let bearer = format!("Bearer {}", signed_up["token"].as_str().unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for issuer in [
        format!("http://127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        "https://127.0.0.1".to_owned(),
        "https://169.254.169.254".to_owned(),
        "https://10.0.0.1".to_owned(),
        "https://[::1]".to_owned(),
        "https://localhost".to_owned(),
    ] {
        let provider =
            json!({"kind": "oidc", "issuer": issuer, "client_id": "c", "client_secret": "s"});
        let patch = json!({"oauth_providers": {"staff": provider}});
        let request = Request::patch("/api/auth-settings").header(header::AUTHORIZATION, &bearer);
        let (status, answer) = call(&workeros, request, &patch).await;
        assert_eq!(
            status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{issuer}: {answer}"
        );
        let detail = &answer["error"]["details"][0];
        assert_eq!(detail["path"], "/oauth_providers/staff/issuer", "{issuer}");
        assert_eq!(detail["code"], "egress_blocked", "{issuer}: {answer}");
    }
    let nobody = tokio::time::timeout(std::time::Duration::from_millis(100), listener.accept());
    assert!(nobody.await.is_err(), "nobody was connected to");
}
