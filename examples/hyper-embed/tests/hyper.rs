//! The server's answers, without a socket.
#![allow(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::net::{IpAddr, Ipv4Addr};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request, StatusCode};
use serde_json::{Value as Json, json};
use workeros::{Sqlite, Workeros};

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

async fn backend() -> Workeros {
    let database = Sqlite::memory().await.unwrap();
    example_hyper_embed::backend(database, 3000).await.unwrap()
}

async fn send(
    backend: &Workeros,
    method: Method,
    path: &str,
    token: &str,
    body: Json,
) -> (StatusCode, Bytes) {
    let mut request = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = if body.is_null() {
        Full::default()
    } else {
        request = request.header(CONTENT_TYPE, "application/json");
        Full::from(body.to_string())
    };
    let request = request.body(body).unwrap();
    let Ok(response) = example_hyper_embed::respond(backend.clone(), PEER, request).await;
    let status = response.status();
    (
        status,
        response.into_body().collect().await.unwrap().to_bytes(),
    )
}

fn json(bytes: &Bytes) -> Json {
    serde_json::from_slice(bytes).unwrap()
}

#[tokio::test]
async fn host_and_backend_share_a_server() {
    let backend = backend().await;
    for (path, status) in [
        ("/", StatusCode::OK),
        ("/other", StatusCode::NOT_FOUND),
        ("/backend/health", StatusCode::OK),
        ("/backend/other", StatusCode::NOT_FOUND),
        // Not below the mount point, so none of the backend's.
        ("/backend-health", StatusCode::NOT_FOUND),
        ("/health", StatusCode::NOT_FOUND),
    ] {
        let answer = send(&backend, Method::GET, path, "", Json::Null).await;
        assert_eq!(answer.0, status, "{path}");
    }
    let (_, page) = send(&backend, Method::GET, "/", "", Json::Null).await;
    assert!(page.starts_with(b"A page of the host"));
}

#[tokio::test]
async fn a_session_knows_where_it_was_begun() {
    let backend = backend().await;
    let ann =
        json!({"email": "ann@example.com", "password": "correct horse battery", "name": "Ann"});
    let sign_up = "/backend/api/auth/sign-up/email";
    let (status, answer) = send(&backend, Method::POST, sign_up, "", ann).await;
    assert_eq!(status, StatusCode::OK, "{answer:?}");
    let answer = json(&answer);
    let token = answer["token"].as_str().unwrap();

    let session = "/backend/api/auth/get-session";
    let (_, answer) = send(&backend, Method::GET, session, token, Json::Null).await;
    assert_eq!(json(&answer)["session"]["ipAddress"], "192.0.2.7");

    let posts = json!({"slug": "posts", "fields": [{"name": "title", "type": "text"}]});
    let collections = "/backend/api/collections";
    let (status, _) = send(&backend, Method::POST, collections, token, posts).await;
    assert_eq!(status, StatusCode::CREATED);
    let items = "/backend/api/items/posts";
    let (_, made) = send(
        &backend,
        Method::POST,
        items,
        token,
        json!({"title": "Hello"}),
    )
    .await;
    let (_, list) = send(&backend, Method::GET, items, token, Json::Null).await;
    assert_eq!(json(&list)["data"], json!([json(&made)["data"]]));
}
