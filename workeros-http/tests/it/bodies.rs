//! Bodies, whatever is in them.

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use serde_json::json;
use tower_service::Service as _;
use workeros_http::testkit::{TestApp, TestResponse};

use crate::support::{World, app_with};

async fn post(app: &TestApp, body: impl Into<Bytes>) -> TestResponse {
    let request = app.admin().await.post("/api/items/pages");
    request
        .header("content-type", "application/json")
        .body(body)
        .await
}

#[tokio::test]
async fn malformed_json_is_told_where() {
    let world = World::sqlite().await;
    for body in [
        "",
        " ",
        "{",
        "[1,",
        "nul",
        "{\"a\":1}x",
        "{'a':1}",
        "\u{feff}{}",
        "{\"a\":\"\\ud800\"}",
    ] {
        let response = post(&world.app, body.to_owned()).await.expect(400);
        assert_eq!(response.code(), "BAD_REQUEST", "{body}");
    }
    post(&world.app, &b"{\"title\":\"\xff\"}"[..])
        .await
        .expect(400);
}

#[tokio::test]
async fn az_12_deep_json_is_refused_without_an_overflow() {
    let world = World::sqlite().await;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [65, 128, 10_000] {
            let body = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let response = post(&world.app, body).await.expect(422);
            assert!(response.text().contains("too_deep"), "{}", response.text());
        }
        // Broken off, it is as deep.
        post(&world.app, open.repeat(10_000)).await.expect(422);
    }
    let in_reach = format!("{{\"title\":{}1{}}}", "[".repeat(63), "]".repeat(63));
    assert_eq!(
        post(&world.app, in_reach).await.expect(422).paths(),
        ["/title"]
    );
}

#[tokio::test]
async fn a_key_stands_once() {
    let world = World::sqlite().await;
    for (body, path) in [
        (r#"{"title":"a","title":"b"}"#, "/title"),
        (r#"{"a":[{},{"b/c":1,"b/c":2}]}"#, "/a/1/b~1c"),
        (r#"{"a":1,"\u0061":2}"#, "/a"),
    ] {
        assert_eq!(post(&world.app, body).await.expect(422).paths(), [path]);
    }
}

#[tokio::test]
async fn only_json_is_read() {
    let world = World::sqlite().await;
    let admin = world.app.admin().await;
    let body = json!({"title": "x"}).to_string();
    let post = || admin.post("/api/items/pages").body(body.clone());
    for media_type in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
    ] {
        post().header("content-type", media_type).await.expect(201);
    }
    for media_type in [
        "text/plain",
        "application/jsonp",
        "application/xml",
        "",
        "json",
    ] {
        let response = post().header("content-type", media_type).await.expect(415);
        assert_eq!(response.code(), "UNSUPPORTED_MEDIA_TYPE", "{media_type}");
    }
    post().await.expect(415);
    let compressed = post()
        .header("content-type", "application/json")
        .header("content-encoding", "gzip");
    compressed.await.expect(415);
}

#[tokio::test]
async fn http_4_a_body_is_limited() {
    let app = app_with(|app| app.with_config(|config| config.with_max_body_bytes(1000))).await;
    let app = World::new(app, None).await.app;
    let sized = |bytes: usize| {
        let body = json!({"title": ""}).to_string();
        body.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - body.len())))
    };
    post(&app, sized(1000)).await.expect(201);
    assert_eq!(
        post(&app, sized(1001)).await.expect(413).code(),
        "PAYLOAD_TOO_LARGE"
    );
    assert_eq!(chunked(&app, &sized(1000)).await, 201);
    assert_eq!(chunked(&app, &sized(1001)).await, 413);
    assert_eq!(chunked(&app, &sized(5000)).await, 413);
}

#[tokio::test]
async fn two_megabytes_are_taken_and_no_more() {
    let world = World::sqlite().await;
    let body = |bytes: usize| format!("{{\"title\":\"{}\"}}", "x".repeat(bytes - 12));
    post(&world.app, body(2 * 1024 * 1024)).await.expect(201);
    post(&world.app, body(2 * 1024 * 1024 + 1))
        .await
        .expect(413);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_bad_request() {
    let world = World::sqlite().await;
    let broken = futures::stream::iter([
        Ok(Frame::data(Bytes::from_static(b"{\"title\":"))),
        Err(std::io::Error::other("gone")),
    ]);
    assert_eq!(send(&world.app, StreamBody::new(broken)).await, 400);
}

#[tokio::test(start_paused = true)]
async fn http_4_a_body_that_pauses_is_given_up() {
    let world = World::sqlite().await;
    let first = Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(b"{\"title\":")));
    let paused =
        futures::StreamExt::chain(futures::stream::iter([first]), futures::stream::pending());
    let before = tokio::time::Instant::now();
    assert_eq!(send(&world.app, StreamBody::new(paused)).await, 400);
    assert_eq!(before.elapsed().as_secs(), 15);
}

/// Sends a body in pieces, without a length.
async fn chunked(app: &TestApp, body: &str) -> u16 {
    let chunks: Vec<_> = body
        .as_bytes()
        .chunks(100)
        .map(Bytes::copy_from_slice)
        .collect();
    let chunks = chunks
        .into_iter()
        .map(|chunk| Ok::<_, std::io::Error>(Frame::data(chunk)));
    send(app, StreamBody::new(futures::stream::iter(chunks))).await
}

async fn send<B>(app: &TestApp, body: B) -> u16
where
    B: http_body::Body<Data = Bytes, Error = std::io::Error> + Send + 'static,
{
    let request = http::Request::post("/api/items/pages")
        .header(
            "authorization",
            format!("Bearer {}", app.admin().await.token()),
        )
        .header("content-type", "application/json")
        .body(body);
    let response = app.backend().clone().call(request.unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let _ = response.into_body().collect().await.unwrap();
    status
}
