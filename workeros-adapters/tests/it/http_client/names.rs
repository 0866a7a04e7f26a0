//! Names: what is looked up is what is connected to.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use workeros_adapters::{ReqwestClient, ReqwestOptions, Resolver};
use workeros_core::testkit::{Answer, HttpServer};
use workeros_core::{Error, ErrorKind, HttpClient as _, HttpRequest};

use super::{assert_blocked, client, policy};

/// Gives the answers it was told to, one after the other.
#[derive(Debug, Default)]
pub(super) struct Scripted {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    calls: AtomicUsize,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let read = |answer: &&[&str]| answer.iter().map(|it| it.parse().unwrap()).collect();
        Arc::new(Self {
            answers: Mutex::new(answers.iter().map(read).collect()),
            calls: AtomicUsize::new(0),
        })
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Resolver for Scripted {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let next = self.answers.lock().unwrap().pop_front();
        next.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Two servers on one port: one on a blocked address, one on an open one.
struct Pair {
    blocked: HttpServer,
    open: HttpServer,
}

impl Pair {
    fn start() -> Self {
        let blocked = HttpServer::start(|_| Answer::new(200).with_body("blocked"));
        let port = blocked.address().port();
        let address = (Ipv4Addr::new(127, 0, 0, 2), port);
        let open = HttpServer::start_on(address, |_| Answer::new(200).with_body("open"));
        let open = open.unwrap();
        Self { blocked, open }
    }

    fn client(&self, resolver: &Arc<Scripted>) -> ReqwestClient {
        let policy = policy(&["127.0.0.2/32"]).allow_port(self.open.address().port());
        let options = ReqwestOptions::default().with_policy(policy);
        client(options.with_resolver(resolver.clone()))
    }

    fn request(&self) -> HttpRequest {
        let port = self.open.address().port();
        HttpRequest::get(format!("http://name.example:{port}/"))
    }
}

/// SSRF-2: a name that changes its mind is blocked.
#[tokio::test]
async fn ssrf_2_a_name_that_changes_its_mind_is_blocked() {
    let pair = Pair::start();
    let resolver = Scripted::new(&[&["127.0.0.2"], &["127.0.0.1"], &["::1"], &["127.0.0.2"]]);
    let client = pair.client(&resolver);
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        let sent = client.send(pair.request()).await;
        let code = |error: Error| error.code().map(ToOwned::to_owned);
        outcomes.push(sent.map(|it| it.body).map_err(code));
    }
    let blocked = Err(Some("EGRESS_BLOCKED".to_owned()));
    assert_eq!(
        outcomes,
        [
            Ok("open".into()),
            blocked.clone(),
            blocked,
            Ok("open".into())
        ]
    );
    // One look-up per connection: none is left between the check and it.
    assert_eq!(resolver.calls(), 4);
    assert_eq!(
        (pair.blocked.connections(), pair.open.connections()),
        (0, 2)
    );
}

/// SSRF-2: of a mixed answer only the open addresses are tried.
#[tokio::test]
async fn ssrf_2_of_a_mixed_answer_only_the_open_addresses_are_tried() {
    let pair = Pair::start();
    let mixed: &[&str] = &["127.0.0.1", "::1", "10.0.0.1", "127.0.0.2"];
    let resolver = Scripted::new(&[mixed]);
    let response = pair.client(&resolver).send(pair.request()).await;
    assert_eq!(response.unwrap().body, "open");
    assert_eq!(pair.blocked.connections(), 0);
}

/// SSRF-2: an answer of nothing but blocked addresses is blocked.
#[tokio::test]
async fn ssrf_2_an_answer_of_nothing_but_blocked_addresses_is_blocked() {
    let pair = Pair::start();
    for answer in [
        ["127.0.0.1", "10.0.0.1"],
        ["169.254.169.254", "fd00::1"],
        ["::ffff:127.0.0.1", "64:ff9b::7f00:1"],
    ] {
        let resolver = Scripted::new(&[&answer]);
        let sent = pair.client(&resolver).send(pair.request()).await;
        assert_blocked(&sent.unwrap_err(), answer[0]);
    }
    assert_eq!(
        (pair.blocked.connections(), pair.open.connections()),
        (0, 0)
    );
}

/// SSRF-6: a name opened on one port is not open on another.
#[tokio::test]
async fn a_name_opened_on_one_port_is_not_open_on_another() {
    let pair = Pair::start();
    let (port, other) = (
        pair.blocked.address().port(),
        HttpServer::start(|_| Answer::new(200)),
    );
    let resolver = Scripted::new(&[&["127.0.0.1"], &["127.0.0.1"]]);
    let policy = policy(&[&format!("name.example:{port}")]).allow_port(other.address().port());
    let options = ReqwestOptions::default().with_policy(policy);
    let client = client(options.with_resolver(resolver));
    assert_eq!(client.send(pair.request()).await.unwrap().body, "blocked");
    let url = format!("http://name.example:{}/", other.address().port());
    assert_blocked(
        &client.send(HttpRequest::get(&url)).await.unwrap_err(),
        &url,
    );
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_name_nobody_knows_may_be_known_later() {
    let options = ReqwestOptions::default().with_resolver(Scripted::new(&[]));
    let error = client(options)
        .send(HttpRequest::get("https://name.example/"))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, None));
}

/// SSRF-4: connecting has a time of its own.
#[tokio::test]
async fn ssrf_4_connecting_has_a_time_of_its_own() {
    /// Never answers.
    #[derive(Debug)]
    struct Silent;

    #[async_trait]
    impl Resolver for Silent {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            std::future::pending().await
        }
    }

    let options = ReqwestOptions::default()
        .with_resolver(Arc::new(Silent))
        .with_connect_timeout(Duration::from_millis(200));
    let start = Instant::now();
    let sent = client(options)
        .send(HttpRequest::get("https://name.example/"))
        .await;
    assert_eq!(sent.unwrap_err().code(), Some("EGRESS_TIMEOUT"));
    assert!(start.elapsed() < Duration::from_secs(5));
}
