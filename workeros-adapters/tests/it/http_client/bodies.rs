//! Bodies that are compressed.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use workeros_core::testkit::{Answer, HttpServer};
use workeros_core::{ErrorKind, HttpClient as _, HttpLimits, HttpRequest};

use super::opened_to;

fn compressed(bytes: &[u8]) -> HttpServer {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    let body = encoder.finish().unwrap();
    HttpServer::start(move |_| {
        let answer = Answer::new(200).with_header("content-encoding", "gzip");
        let length = body.len().to_string();
        answer
            .with_header("content-length", &length)
            .with_body(body.clone())
    })
}

#[tokio::test]
async fn a_compressed_body_is_unpacked() {
    let server = compressed(b"hello hello hello");
    let client = opened_to(&[server.address()]);
    let response = client
        .send(HttpRequest::get(server.url("/")))
        .await
        .unwrap();
    assert_eq!(response.body, "hello hello hello");
    assert_eq!(response.header("content-encoding"), None);
    assert_eq!(server.received()[0].header("accept-encoding"), "gzip");
}

/// SSRF-4: the cap counts what was unpacked.
#[tokio::test]
async fn ssrf_4_the_cap_counts_what_was_unpacked() {
    // 50 MB in some 50 kB.
    let server = compressed(&vec![0; 50_000_000]);
    let client = opened_to(&[server.address()]);
    let limits = HttpLimits::default();
    let request = HttpRequest::get(server.url("/")).with_limits(limits);
    let error = client.send(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PayloadTooLarge, "{error:?}");
}
