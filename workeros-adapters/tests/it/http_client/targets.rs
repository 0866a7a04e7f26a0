//! Targets that are refused by what stands in the URL.

use std::sync::Arc;

use workeros_adapters::{EgressPolicy, ReqwestClient, ReqwestOptions};
use workeros_core::testkit::{Answer, HttpServer};
use workeros_core::{ErrorKind, HttpClient as _, HttpLimits, HttpRequest};

use super::names::Scripted;
use super::{assert_blocked, client, opened_to, policy};

/// A server on every address of this machine.
fn everywhere() -> HttpServer {
    let start = |address| HttpServer::start_on(address, |_| Answer::new(200));
    start("[::]:0").or_else(|_| start("0.0.0.0:0")).unwrap()
}

/// A client for which the port is open, so that only the address can be wrong.
fn open_port(port: u16, resolver: &Arc<Scripted>) -> ReqwestClient {
    let policy = EgressPolicy::default().allow_port(port);
    let options = ReqwestOptions::default().with_policy(policy);
    client(options.with_resolver(resolver.clone()))
}

/// Ways to write an address of this machine that lead to a server on all of its
/// addresses, and the rule that opens it.
const THIS_MACHINE: [(&str, &str); 18] = [
    ("127.0.0.1", "127.0.0.1"),
    ("127.255.255.254", "127.255.255.254"),
    ("0.0.0.0", "0.0.0.0"),
    ("0", "0.0.0.0"),
    ("2130706433", "127.0.0.1"),
    ("017700000001", "127.0.0.1"),
    ("0x7f000001", "127.0.0.1"),
    ("0177.1", "127.0.0.1"),
    ("0177.0.0.01", "127.0.0.1"),
    ("0x7f.1", "127.0.0.1"),
    ("0X7F.0.0.0x1", "127.0.0.1"),
    ("127.1", "127.0.0.1"),
    ("127.0.1", "127.0.0.1"),
    ("127.0.0.1.", "127.0.0.1"),
    ("%31%32%37.0.0.1", "127.0.0.1"),
    ("１２７.０.０.１", "127.0.0.1"),
    ("127。0。0。1", "127.0.0.1"),
    ("[::ffff:127.0.0.1]", "127.0.0.1"),
];

/// SSRF-1: addresses of this machine are blocked however they are written.
#[tokio::test]
async fn ssrf_1_addresses_of_this_machine_are_blocked_however_they_are_written() {
    let server = everywhere();
    let port = server.address().port();
    let resolver = Arc::new(Scripted::default());
    let guarded = open_port(port, &resolver);
    for (host, _) in THIS_MACHINE {
        let url = format!("http://{host}:{port}/");
        let error = guarded.send(HttpRequest::get(&url)).await.unwrap_err();
        assert_blocked(&error, &url);
    }
    assert_eq!(server.connections(), 0);
    assert_eq!(resolver.calls(), 0);

    // The very same do lead there once they are opened.
    for (host, opened) in THIS_MACHINE {
        let url = format!("http://{host}:{port}/");
        let open = opened_to(&[format!("{opened}:{port}").parse().unwrap()]);
        let response = open.send(HttpRequest::get(&url)).await;
        assert_eq!(response.expect(&url).status, 200);
    }
    assert_eq!(server.connections(), THIS_MACHINE.len());
}

/// SSRF-1: special addresses and local names are blocked.
#[tokio::test]
async fn ssrf_1_special_addresses_and_local_names_are_blocked() {
    let server = everywhere();
    let port = server.address().port();
    let resolver = Arc::new(Scripted::default());
    let client = open_port(port, &resolver);
    for host in [
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.1",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[fc00::1]",
        "[fd12::1]",
        "[fe80::1]",
        "[ff02::1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::169.254.169.254]",
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "ｌｏｃａｌｈｏｓｔ",
        "app.localhost",
        "app.localhost.",
        "metadata.google.internal",
        "metadata.google.internal.",
        "user@localhost",
        "good.example@127.0.0.1",
        "good.example:80@127.0.0.1",
        "127.0.0.1@good.example",
        "@127.0.0.1",
        ":@127.0.0.1",
    ] {
        let url = format!("http://{host}:{port}/");
        let error = client.send(HttpRequest::get(&url)).await.unwrap_err();
        assert_blocked(&error, &url);
    }
    for host in ["[fe80::1%25lo]", "256.0.0.1", "127.0.0.1.1", "0x7f.0.0.0.1"] {
        let url = format!("http://{host}:{port}/");
        let error = client.send(HttpRequest::get(&url)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{url}");
    }
    assert_eq!(server.connections(), 0);
    assert_eq!(resolver.calls(), 0);
}

/// SSRF-1: control characters do not vanish from a URL.
#[tokio::test]
async fn ssrf_1_control_characters_do_not_vanish_from_a_url() {
    let server = everywhere();
    let client = opened_to(&[server.address()]);
    let address = server.address();
    for url in [
        format!("http://{address}/\r\nhost: other"),
        format!("ht\ntp://{address}/"),
        format!("\thttp://{address}/"),
        format!("http://{address}/\0"),
    ] {
        let error = client.send(HttpRequest::get(&url)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{url:?}");
    }
    assert_eq!(server.connections(), 0);
}

/// SSRF-3: no redirect leads to what is blocked.
#[tokio::test]
async fn ssrf_3_no_redirect_leads_to_what_is_blocked() {
    let inner = everywhere();
    let port = inner.address().port();
    // Others would not be text in a header.
    let hosts = THIS_MACHINE.iter().map(|(host, _)| *host);
    for host in hosts.filter(|host| host.is_ascii()) {
        let location = format!("http://{host}:{port}/");
        let outer = HttpServer::start(move |_| Answer::new(302).with_header("location", &location));
        let policy = policy(&[&outer.address().to_string()]).allow_port(port);
        let client = client(ReqwestOptions::default().with_policy(policy));
        let limits = HttpLimits::default().with_redirects(3);
        let request = HttpRequest::get(outer.url("/")).with_limits(limits);
        let error = client.send(request).await.unwrap_err();
        assert_blocked(&error, host);
        assert_eq!(outer.connections(), 1);
    }
    assert_eq!(inner.connections(), 0);
}

/// SSRF-4: other ports are closed.
#[tokio::test]
async fn ssrf_4_other_ports_are_closed() {
    let resolver = Arc::new(Scripted::default());
    let client = client(ReqwestOptions::default().with_resolver(resolver.clone()));
    for port in [1, 21, 22, 25, 81, 3306, 5432, 6379, 8080, 9200, 11211] {
        for host in ["8.8.8.8", "example.com", "[2606:4700::1]"] {
            let url = format!("http://{host}:{port}/");
            let error = client.send(HttpRequest::get(&url)).await.unwrap_err();
            assert_blocked(&error, &url);
        }
    }
    assert_eq!(resolver.calls(), 0);
}

/// SSRF-4: the limits are what they are said to be.
#[test]
fn ssrf_4_the_limits_are_what_they_are_said_to_be() {
    let (limits, options) = (HttpLimits::default(), ReqwestOptions::default());
    assert_eq!(limits.timeout.as_secs(), 10);
    assert_eq!(limits.response_bytes, 2_000_000);
    assert_eq!(limits.redirects, 0);
    assert_eq!(limits.with_redirects(200).redirects, 3);
    assert_eq!(options.connect_timeout.as_secs(), 3);
}

/// SSRF-5: of a blocked target nobody learns whether anybody is there, or what
/// he would say.
#[tokio::test]
async fn ssrf_5_a_refusal_says_nothing_of_what_is_there() {
    let server = HttpServer::start(|_| Answer::new(200).with_body("secret of the inside"));
    let port = server.address().port();
    let resolver = Arc::new(Scripted::default());
    let mut told = Vec::new();
    // Nobody listens on the second.
    for port in [port, 1] {
        let client = open_port(port, &resolver);
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
            let request = HttpRequest::get(format!("http://{host}:{port}/inside"));
            let error = client.send(request).await.unwrap_err();
            assert_blocked(&error, host);
            assert!(error.details().is_empty());
            let text = format!("{} {error:?}", error.message());
            assert!(!text.contains("inside"), "{text}");
            told.push(error.message().to_owned());
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(server.connections(), 0);
}

/// SSRF-6: only what was opened is reached.
#[tokio::test]
async fn ssrf_6_only_what_was_opened_is_reached() {
    let server = everywhere();
    let port = server.address().port();
    let attempts = [
        (format!("127.0.0.1:{port}"), "127.0.0.1", true),
        (format!("127.0.0.1:{port}"), "127.0.0.2", false),
        (format!("127.0.0.1:{port}"), "localhost", false),
        (format!("localhost:{port}"), "localhost", true),
        (format!("localhost:{port}"), "127.0.0.1", false),
        (format!("127.0.0.1:{}", port - 1), "127.0.0.1", false),
        ("127.0.0.0/8".to_owned(), "127.0.0.9", true),
        ("127.0.0.0/30".to_owned(), "127.0.0.9", false),
    ];
    for (opened, host, is_reached) in attempts {
        let before = server.connections();
        let client = client(ReqwestOptions::default().with_policy(policy(&[&opened])));
        let request = HttpRequest::get(format!("http://{host}:{port}/"));
        let response = client.send(request).await;
        assert_eq!(response.is_ok(), is_reached, "{opened}: {host}");
        assert_eq!(
            server.connections() > before,
            is_reached,
            "{opened}: {host}"
        );
    }
}
