//! Being told to end.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Place, Server};

const BODY: &str = r#"{"email":"ann@example.com","password":"correct horse battery","name":"Ann"}"#;

/// The longest an end may take.
const LONGEST: Duration = Duration::from_secs(10);

/// What an end takes that waits for nobody.
const AT_ONCE: Duration = Duration::from_secs(3);

/// A request the server has begun to answer: it waits for the body.
async fn begun(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /api/auth/sign-up/email HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        server.address,
        BODY.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let expected = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut answer = vec![0; expected.len()];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, expected);
    stream
}

#[tokio::test]
async fn a_request_under_way_is_answered_and_a_new_one_refused() {
    let place = Place::sqlite();
    let mut server = Server::start(place.arguments()).await;
    let mut idle = server.client().await;
    idle.get("/health").await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut begun = begun(&server).await;

    let told = Instant::now();
    server.signal("TERM").await;
    server.line("ending").await;
    TcpStream::connect(server.address).await.unwrap_err();
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap(), 0);
    let closed = idle.send(hyper::Method::GET, "/health", None, None).await;
    assert!(closed.is_err(), "{closed:?}");

    begun.write_all(BODY.as_bytes()).await.unwrap();
    let mut answer = String::new();
    begun.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(answer.contains("ann@example.com"), "{answer}");
    assert_eq!(server.ended().await.code(), Some(0));
    assert!(told.elapsed() < LONGEST);

    // It was not only answered but done.
    let users: i64 = place
        .connection()
        .query_row("SELECT count(*) FROM workeros_users", [], |row| row.get(0))
        .unwrap();
    assert_eq!(users, 1);
}

#[tokio::test]
async fn without_requests_it_ends_at_once() {
    for signal in ["TERM", "INT"] {
        let place = Place::sqlite();
        let mut server = Server::start(place.arguments()).await;
        let told = Instant::now();
        server.signal(signal).await;
        assert_eq!(server.ended().await.code(), Some(0), "{signal}");
        assert!(told.elapsed() < AT_ONCE, "{signal}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let place = Place::sqlite();
    let mut server = Server::start(place.arguments()).await;
    let _begun = begun(&server).await;
    server.signal("TERM").await;
    server.line("ending").await;
    let told = Instant::now();
    server.signal("INT").await;
    server.line("cut off").await;
    assert_eq!(server.ended().await.code(), Some(1));
    assert!(told.elapsed() < AT_ONCE);
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_off() {
    let place = Place::sqlite();
    let mut server = Server::start(place.arguments()).await;
    let mut begun = begun(&server).await;
    let told = Instant::now();
    server.signal("TERM").await;
    server.line("cut off").await;
    assert_eq!(server.ended().await.code(), Some(1));
    assert!(told.elapsed() < LONGEST, "{:?}", told.elapsed());
    // Closed, or reset: either way it ends.
    let end = begun.read(&mut [0; 1]).await;
    assert!(!matches!(end, Ok(1..)), "{end:?}");
}
