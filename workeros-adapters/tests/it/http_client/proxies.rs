//! The environment, which has no say.

use std::process::Command;

use workeros_core::testkit::{Answer, HttpServer};
use workeros_core::{HttpClient as _, HttpRequest};

use super::opened_to;

/// Set in a process of its own: the URL to ask for there.
const ASKED: &str = "WORKEROS_TEST_HTTP_URL";

/// SSRF-4: no proxy comes from the environment.
#[tokio::test]
async fn ssrf_4_no_proxy_comes_from_the_environment() {
    if let Ok(url) = std::env::var(ASKED) {
        let address = url.trim_start_matches("http://").trim_end_matches('/');
        let client = opened_to(&[address.parse().unwrap()]);
        assert_eq!(
            client.send(HttpRequest::get(&url)).await.unwrap().status,
            200
        );
        return;
    }
    let server = HttpServer::start(|_| Answer::new(200));
    let proxy = HttpServer::start(|_| Answer::new(502));
    let test = "http_client::proxies::ssrf_4_no_proxy_comes_from_the_environment";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test]).env(ASKED, server.url("/"));
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        command.env(name, proxy.url(""));
    }
    let output = command
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!((server.connections(), proxy.connections()), (1, 0));
}
