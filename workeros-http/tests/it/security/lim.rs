use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use workeros_adapters::MemoryRateLimiter;
use workeros_core::testkit::StandingClock;
use workeros_http::testkit::{TestApp, TestRequest};
use workeros_http::{ClientAddress, TrustedProxies};

use super::{BOTH, sign_up};
use crate::support::app_with;

/// An app in which ann has an account, whose attempts are counted while time
/// stands.
async fn counting(proxies: TrustedProxies) -> TestApp {
    let clock = Arc::new(StandingClock::default());
    let limiter = Arc::new(MemoryRateLimiter::new(clock));
    let app = app_with(|app| {
        app.with_auth(|auth| auth.with_rate_limiter(limiter))
            .with_config(|config| config.with_trusted_proxies(proxies))
    });
    let app = app.await;
    for base in BOTH {
        sign_up(&app, base, "ann@example.com").await;
    }
    app
}

fn wrong() -> Json {
    json!({"email": "ann@example.com", "password": "not the one"})
}

fn attempt(app: &TestApp, base: &str, query: &str) -> TestRequest {
    let path = format!("{base}/sign-in/email{query}");
    app.anonymous().post(path)
}

/// LIM-2: what an endpoint does not know, and another spelling of what it does,
/// gives nobody another attempt.
#[tokio::test]
async fn lim_2_no_member_of_a_request_makes_another_bucket() {
    let app = counting(TrustedProxies::default()).await;
    for base in BOTH {
        for _ in 0..3 {
            attempt(&app, base, "").json(&wrong()).await.expect(401);
        }
        let refused = attempt(&app, base, "").json(&wrong()).await.expect(429);
        assert_ne!(refused.header("retry-after"), "");
        let with = |member: &str, value: Json| {
            let mut body = wrong();
            body[member] = value;
            body.to_string()
        };
        let bodies = [
            with("identifier", json!("rnd@example.com")),
            with("username", json!("rnd")),
            with("ip", json!("1.2.3.4")),
            with("rememberMe", json!(false)),
            with("callbackURL", json!("/elsewhere")),
            with("email", json!("ANN@Example.com")),
            with("email", json!(" ann@example.com ")),
            with("email", json!(["ann@example.com"])),
            // Twice, in one order and in the other.
            r#"{"email":"rnd@x.example","email":"ann@example.com","password":"not the one"}"#
                .to_owned(),
            r#"{"email":"ann@example.com","email":"rnd@x.example","password":"not the one"}"#
                .to_owned(),
            r#"{"email":"\u0061nn@example.com","password":"not the one"}"#.to_owned(),
            r#"{"password":"not the one","email":"ann@example.com"}"#.to_owned(),
        ];
        for body in bodies {
            let request = attempt(&app, base, "").header("content-type", "application/json");
            let refused = request.body(body.clone()).await;
            assert!(
                [400, 422, 429].contains(&refused.status),
                "{body}: {}",
                refused.text()
            );
        }
        for query in ["?email=rnd@example.com", "?x=1", "?"] {
            let refused = attempt(&app, base, query).json(&wrong()).await;
            assert!([422, 429].contains(&refused.status), "{query}");
        }
    }
}

/// Where a request comes from: the peer, and what a header names.
type Origin = (&'static str, &'static str);

/// How many attempts get through before the first is refused, or all of them.
async fn admitted(app: &TestApp, base: &str, origins: &[Origin]) -> usize {
    for (count, (peer, forwarded)) in origins.iter().enumerate() {
        let mut request = attempt(app, base, "").json(&wrong());
        if !peer.is_empty() {
            let peer: IpAddr = peer.parse().unwrap();
            request = request.extension(ClientAddress(peer));
        }
        if !forwarded.is_empty() {
            for header in ["x-forwarded-for", "x-real-ip", "true-client-ip"] {
                request = request.header(header, forwarded);
            }
        }
        match request.await.status {
            401 => {}
            429 => return count,
            other => panic!("{other}"),
        }
    }
    origins.len()
}

/// LIM-3: who is counted as one, and who is not.
#[tokio::test]
async fn lim_3_attempts_are_counted_by_where_they_come_from() {
    let proxies = || TrustedProxies::new(["10.0.0.0/8"]).unwrap();
    let forged: &[Origin] = &[
        ("192.0.2.1", "1.2.3.1"),
        ("192.0.2.1", "1.2.3.2"),
        ("192.0.2.1", "1.2.3.3"),
        ("192.0.2.1", "1.2.3.4"),
    ];
    let one_subscriber: &[Origin] = &[
        ("2001:db8:1:1::1", ""),
        ("2001:db8:1:1::2", ""),
        ("2001:db8:1:1:ffff::", ""),
        ("2001:db8:1:1:1:2:3:4", ""),
    ];
    let nobody_knows: &[Origin] = &[("", ""), ("", "1.2.3.4"), ("", "1.2.3.5"), ("", "")];
    let four: &[Origin] = &[
        ("192.0.2.1", ""),
        ("192.0.2.2", ""),
        ("2001:db8:1:1::1", ""),
        ("2001:db8:1:2::1", ""),
    ];
    let behind: &[Origin] = &[
        ("10.0.0.1", "192.0.2.1"),
        ("10.0.0.2", "192.0.2.2"),
        ("10.0.0.1", "192.0.2.3"),
        ("10.0.0.1", "192.0.2.4"),
    ];
    let lying_behind: &[Origin] = &[
        ("10.0.0.1", "1.2.3.1, 192.0.2.1"),
        ("10.0.0.2", "1.2.3.2, 192.0.2.1"),
        ("10.0.0.1", "1.2.3.3, 192.0.2.1, 10.0.0.9"),
        ("10.0.0.1", "1.2.3.4, 192.0.2.1"),
    ];
    for (what, trusted, origins, expected) in [
        ("a peer nobody trusts", proxies(), forged, 3),
        ("no proxies at all", TrustedProxies::default(), behind, 4),
        ("one IPv6 network", proxies(), one_subscriber, 3),
        ("no address", proxies(), nobody_knows, 3),
        ("four places", proxies(), four, 4),
        ("four clients of a proxy", proxies(), behind, 4),
        ("what a client wrote itself", proxies(), lying_behind, 3),
    ] {
        // Peers, not what they say, where nobody is trusted.
        let (origins, expected) = if what == "no proxies at all" {
            (&[behind[0], behind[2], behind[3], behind[0]][..], 3)
        } else {
            (origins, expected)
        };
        let app = counting(trusted).await;
        for base in BOTH {
            assert_eq!(admitted(&app, base, origins).await, expected, "{what}");
        }
    }
}
