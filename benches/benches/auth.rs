//! Who sent a request: the check of a session, an API key and an access token, from memory
//! and from SQLite.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark reports by panicking"
)]

use std::time::Instant;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value as Json, json};
use tokio::runtime::Builder;
use tower::ServiceExt as _;
use workeros::{Authenticator as _, Sqlite, Workeros};

fn checks(criterion: &mut Criterion) {
    // The worker hears of other instances meanwhile.
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    for (name, cached) in [("from memory", 10_000), ("read", 0)] {
        let directory = tempfile::tempdir().unwrap();
        let (workeros, secrets) = runtime.block_on(async {
            let database = Sqlite::open(directory.path().join("bench.sqlite")).await;
            let builder = Workeros::builder().db(database.unwrap());
            let builder = builder.auth(move |auth| auth.with_cached_sessions(cached));
            let workeros = builder.build().await.unwrap();
            let secrets = secrets(&workeros).await;
            (workeros, secrets)
        });
        let auth = workeros.auth().unwrap();
        for (what, secret) in secrets {
            let request = Request::builder().header(header::AUTHORIZATION, bearer(&secret));
            let (parts, ()) = request.body(()).unwrap().into_parts();
            criterion.bench_function(&format!("check a {what}, {name}"), |bencher| {
                // Many checks in one stay in the runtime: to enter it takes as
                // long as a check.
                bencher.iter_custom(|checks| {
                    runtime.block_on(async {
                        let start = Instant::now();
                        for _ in 0..checks {
                            auth.authenticate(&parts, None).await.unwrap().unwrap();
                        }
                        start.elapsed()
                    })
                });
            });
        }
    }
}

fn bearer(secret: &str) -> String {
    format!("Bearer {secret}")
}

async fn secrets(workeros: &Workeros) -> [(&'static str, String); 3] {
    let ann = json!({"email": "ann@example.com", "password": "correct horse battery", "name": "x"});
    let signed_up = post(workeros, "/api/auth/sign-up/email", "", &ann).await;
    let session = signed_up["token"].as_str().unwrap().to_owned();
    let made = post(workeros, "/api/api-keys", &session, &json!({"name": "ci"})).await;
    let key = made["data"]["key"].as_str().unwrap().to_owned();
    let signed_up = post(workeros, "/api/t/default/auth/sign-up/email", "", &ann).await;
    let access = signed_up["accessToken"].as_str().unwrap().to_owned();
    [("session", session), ("key", key), ("access token", access)]
}

async fn post(workeros: &Workeros, path: &str, session: &str, body: &Json) -> Json {
    let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    if !session.is_empty() {
        request = request.header(header::AUTHORIZATION, bearer(session));
    }
    let request = request.body(Full::new(Bytes::from(body.to_string())));
    let response = workeros.clone().oneshot(request.unwrap()).await.unwrap();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}

criterion_group!(benches, checks);
criterion_main!(benches);
