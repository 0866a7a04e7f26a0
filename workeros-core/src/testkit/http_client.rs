//! The contract of [`HttpClient`] as a suite. The client of each case may reach
//! the two servers of its [`World`], and nothing else that is not public.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{Answer, HttpServer, Received};
use crate::{Error, ErrorKind, HttpClient, HttpLimits, HttpRequest};

/// Two servers, so two origins, that answer in the ways a case asks for.
#[derive(Debug)]
pub struct World {
    here: HttpServer,
    there: HttpServer,
}

impl World {
    /// Starts the servers.
    #[must_use]
    pub fn start() -> Self {
        let there = HttpServer::start(|_| Answer::new(200).with_body("there"));
        let elsewhere = there.url("/");
        let here = HttpServer::start(move |request| answer(request, &elsewhere));
        Self { here, there }
    }

    /// The addresses the client must be allowed to reach.
    #[must_use]
    pub fn addresses(&self) -> [SocketAddr; 2] {
        [self.here.address(), self.there.address()]
    }
}

fn answer(request: &Received, elsewhere: &str) -> Answer {
    let (path, query) = request.target.split_once('?').unwrap_or_default();
    match path {
        "/status" => Answer::new(query.parse().unwrap()).with_header("x-answer", "yes"),
        "/bytes" => Answer::new(200).with_body(vec![b'x'; query.parse().unwrap()]),
        "/slow" => Answer::new(200).with_delay(Duration::from_secs(5)),
        "/stall" => Answer::new(200)
            .with_body("body")
            .with_stall(Duration::from_secs(5)),
        "/hops" => match query.parse::<u8>().unwrap() {
            0 => Answer::new(200).with_body("arrived"),
            left => redirect(302, &format!("/hops?{}", left - 1)),
        },
        "/see" => redirect(303, "/status?200"),
        "/again" => redirect(307, "/status?200"),
        "/away" => redirect(307, elsewhere),
        "/to" => redirect(302, query),
        _ => Answer::new(404),
    }
}

fn redirect(status: u16, target: &str) -> Answer {
    Answer::new(status).with_header("location", target)
}

fn follow(url: impl Into<String>) -> HttpRequest {
    let limits = HttpLimits::default().with_redirects(3);
    HttpRequest::get(url).with_limits(limits)
}

fn assert_blocked(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Forbidden, "{error:?}");
    assert_eq!(error.code(), Some("EGRESS_BLOCKED"), "{error:?}");
}

/// Method, headers and body arrive as they were given.
pub async fn sends_what_it_is_given(client: &dyn HttpClient, world: World) {
    let request = HttpRequest::post(world.here.url("/status?201"))
        .with_header("content-type", "text/plain")
        .unwrap()
        .with_header("authorization", "Bearer token")
        .unwrap()
        .with_body("Grüße");
    let response = client.send(request).await.unwrap();
    assert_eq!(response.status, 201);
    assert_eq!(response.header("x-answer"), Some("yes"));

    let received = &world.here.received()[0];
    assert_eq!(
        (received.method.as_str(), received.text()),
        ("POST", "Grüße")
    );
    assert_eq!(received.header("content-type"), "text/plain");
    assert_eq!(received.header("authorization"), "Bearer token");
}

/// Any status is an answer.
pub async fn takes_any_status_for_an_answer(client: &dyn HttpClient, world: World) {
    for status in [204, 304, 400, 404, 500, 503] {
        let url = world.here.url(&format!("/status?{status}"));
        let response = client.send(HttpRequest::get(url)).await.unwrap();
        assert_eq!(response.status, status);
    }
}

/// SSRF-4: a body may be as large as the limit, and not a byte larger.
pub async fn caps_the_body(client: &dyn HttpClient, world: World) {
    let limits = HttpLimits::default().with_response_bytes(100_000);
    let request = |bytes: usize| {
        HttpRequest::get(world.here.url(&format!("/bytes?{bytes}"))).with_limits(limits)
    };
    let response = client.send(request(100_000)).await.unwrap();
    assert_eq!(response.body.len(), 100_000);
    for bytes in [100_001, 5_000_000] {
        let error = client.send(request(bytes)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PayloadTooLarge, "{bytes}");
    }
}

/// SSRF-4: the time covers the head of the answer and its body.
pub async fn gives_up_in_time(client: &dyn HttpClient, world: World) {
    let limits = HttpLimits::default().with_timeout(Duration::from_millis(300));
    for path in ["/slow?", "/stall?"] {
        let start = Instant::now();
        let request = HttpRequest::get(world.here.url(path)).with_limits(limits);
        let error = client.send(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{path}");
        assert_eq!(error.code(), Some("EGRESS_TIMEOUT"), "{path}");
        assert!(start.elapsed() < Duration::from_secs(4), "{path}");
    }
}

/// Where nobody listens, it may work later.
pub async fn misses_a_server_that_is_gone(client: &dyn HttpClient, world: World) {
    let url = world.here.url("/status?200");
    drop(world);
    let error = client.send(HttpRequest::get(url)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
}

/// SSRF-3: a redirect is an answer unless following was asked for.
pub async fn follows_no_redirect_by_itself(client: &dyn HttpClient, world: World) {
    let request = HttpRequest::get(world.here.url("/hops?1"));
    let response = client.send(request).await.unwrap();
    assert_eq!(response.status, 302);
    assert_eq!(response.header("location"), Some("/hops?0"));
    assert_eq!(world.here.received().len(), 1);
}

/// SSRF-3: as many redirects are followed as were asked for.
pub async fn follows_as_many_redirects_as_asked(client: &dyn HttpClient, world: World) {
    let response = client.send(follow(world.here.url("/hops?3"))).await;
    assert_eq!(response.unwrap().body, "arrived");
    let response = client.send(follow(world.here.url("/hops?4"))).await;
    assert_eq!(response.unwrap().status, 302);
}

/// 303 makes a GET of a POST, 307 sends it again.
pub async fn keeps_the_method_if_told_so(client: &dyn HttpClient, world: World) {
    for (path, method, body) in [("/see?", "GET", ""), ("/again?", "POST", "body")] {
        let mut request = follow(world.here.url(path)).with_body("body");
        request.method = http::Method::POST;
        let request = request.with_header("content-type", "text/plain").unwrap();
        assert_eq!(client.send(request).await.unwrap().status, 200);
        let received = world.here.received().pop().unwrap();
        assert_eq!((received.method.as_str(), received.text()), (method, body));
        assert_eq!(received.header("content-type").is_empty(), body.is_empty());
    }
}

/// SSRF-3: credentials stay with the origin they were meant for.
pub async fn drops_credentials_across_origins(client: &dyn HttpClient, world: World) {
    let mut request = follow(world.here.url("/away?"));
    for name in ["authorization", "cookie", "x-api-key", "accept"] {
        request = request.with_header(name, "given").unwrap();
    }
    let response = client.send(request).await.unwrap();
    assert_eq!(response.body, "there");
    let (sent, passed_on) = (&world.here.received()[0], &world.there.received()[0]);
    for name in ["authorization", "cookie", "x-api-key"] {
        assert_eq!(sent.header(name), "given");
        assert_eq!(passed_on.header(name), "", "{name}");
    }
    assert_eq!(passed_on.header("accept"), "given");
    assert_eq!(passed_on.header("referer"), "");
}

/// Credentials are kept within an origin.
pub async fn keeps_credentials_within_an_origin(client: &dyn HttpClient, world: World) {
    let request = follow(world.here.url("/hops?1"));
    let request = request.with_header("authorization", "given").unwrap();
    client.send(request).await.unwrap();
    let received = world.here.received();
    assert!(
        received
            .iter()
            .all(|it| it.header("authorization") == "given")
    );
    assert_eq!(received.len(), 2);
}

/// SSRF-3: each step of a redirect is checked as the first one is.
pub async fn checks_where_a_redirect_leads(client: &dyn HttpClient, world: World) {
    let port = world.there.address().port();
    for target in [
        format!("http://127.0.0.2:{port}/"),
        format!("//127.0.0.2:{port}/"),
        format!("http://user:password@127.0.0.1:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "ftp://example.com/".to_owned(),
    ] {
        let url = world.here.url(&format!("/to?{target}"));
        assert_blocked(&client.send(follow(url)).await.unwrap_err());
    }
    assert_eq!(world.there.connections(), 0);
}

/// SSRF-4: only http and https, and no credentials in the URL.
pub async fn refuses_other_schemes(client: &dyn HttpClient, world: World) {
    let address = world.here.address();
    for url in [
        format!("ftp://{address}/"),
        format!("ws://{address}/"),
        "file:///etc/passwd".to_owned(),
        "unix:/var/run/docker.sock".to_owned(),
        "data:text/plain,x".to_owned(),
        format!("http://user@{address}/"),
        format!("http://user:password@{address}/"),
    ] {
        assert_blocked(&client.send(HttpRequest::get(&url)).await.unwrap_err());
    }
    for url in [
        "",
        "/path",
        "example.com",
        "http://",
        "http://a b/",
        "http://[::1/",
    ] {
        let error = client.send(HttpRequest::get(url)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{url}");
    }
    assert_eq!(world.here.connections(), 0);
}

/// SSRF-4: the headers that say where a message goes and ends are the client's
/// own.
pub async fn refuses_headers_of_the_connection(client: &dyn HttpClient, world: World) {
    for name in ["host", "content-length", "transfer-encoding", "connection"] {
        let request = HttpRequest::get(world.here.url("/status?200"));
        let request = request.with_header(name, "1").unwrap();
        let error = client.send(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{name}");
    }
    assert_eq!(world.here.connections(), 0);
}

/// ERR-2: what goes wrong tells nothing of the query and the headers.
pub async fn tells_no_secrets(client: &dyn HttpClient, world: World) {
    let url = world.here.url("/slow?token=canary");
    drop(world);
    let request = HttpRequest::get(url)
        .with_header("authorization", "Bearer canary")
        .unwrap();
    assert!(!format!("{request:?}").contains("canary"));
    let error = client.send(request).await.unwrap_err();
    assert!(
        !format!("{error:?} {error}").contains("canary"),
        "{error:?}"
    );
}

/// Makes a test of each case of
/// [`testkit::http_client`](crate::testkit::http_client).
///
/// The argument is an async closure that takes the addresses of the servers of
/// the suite and gives a client that may reach these.
#[macro_export]
macro_rules! http_client_conformance {
    ($open:expr) => {
        $crate::__http_client_conformance!($open, [
            sends_what_it_is_given
            takes_any_status_for_an_answer
            caps_the_body
            gives_up_in_time
            misses_a_server_that_is_gone
            follows_no_redirect_by_itself
            follows_as_many_redirects_as_asked
            keeps_the_method_if_told_so
            drops_credentials_across_origins
            keeps_credentials_within_an_origin
            checks_where_a_redirect_leads
            refuses_other_schemes
            refuses_headers_of_the_connection
            tells_no_secrets
        ]);
    };
}

/// Makes one test of each case.
#[doc(hidden)]
#[macro_export]
macro_rules! __http_client_conformance {
    ($open:expr, [$($case:ident)*]) => {
        $(
            #[tokio::test]
            async fn $case() {
                let world = $crate::testkit::http_client::World::start();
                let client = ($open)(world.addresses()).await;
                $crate::testkit::http_client::$case(&client, world).await;
            }
        )*
    };
}
