//! Where a request comes from.

use std::net::IpAddr;

use serde_json::json;
use workeros_http::testkit::TestApp;
use workeros_http::{ClientAddress, TrustedProxies};

use crate::support::app_with;

/// The address a session says it was opened from, or null.
async fn seen(app: &TestApp, peer: &str, headers: &[(&str, &str)]) -> String {
    let body = json!({"email": "admin@example.com", "password": "correct horse battery"});
    let mut request = app.anonymous().post("/api/auth/sign-in/email").json(&body);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    if !peer.is_empty() {
        let peer: IpAddr = peer.parse().unwrap();
        request = request.extension(ClientAddress(peer));
    }
    let token = request.await.expect(200).json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let session = app.anonymous().get("/api/auth/get-session");
    let session = session
        .header("authorization", format!("Bearer {token}"))
        .await
        .json();
    let address = &session["session"]["ipAddress"];
    address
        .as_str()
        .map_or_else(|| address.to_string(), ToOwned::to_owned)
}

async fn behind(proxies: TrustedProxies) -> TestApp {
    let app = app_with(|app| app.with_config(|config| config.with_trusted_proxies(proxies))).await;
    let _ = app.admin().await;
    app
}

/// The peer, the lines of the header, and whom they name together.
type Case = (&'static str, &'static [&'static str], &'static str);

async fn check(app: &TestApp, header: &str, cases: &[Case]) {
    for (peer, lines, expected) in cases {
        let headers: Vec<_> = lines.iter().map(|line| (header, *line)).collect();
        assert_eq!(
            seen(app, peer, &headers).await,
            *expected,
            "{peer} {lines:?}"
        );
    }
}

fn proxies() -> TrustedProxies {
    TrustedProxies::new(["10.0.0.0/8", "2001:db8:7::/48", "192.0.2.7"]).unwrap()
}

/// LIM-3: without trusted proxies no header is believed.
#[tokio::test]
async fn lim_3_without_trusted_proxies_no_header_is_believed() {
    let app = behind(TrustedProxies::default()).await;
    for n in 0..20 {
        let (forged, forwarded) = (format!("1.2.3.{n}"), format!("for=1.2.3.{n}"));
        let headers = [
            ("x-forwarded-for", forged.as_str()),
            ("forwarded", forwarded.as_str()),
            ("x-real-ip", forged.as_str()),
            ("cf-connecting-ip", forged.as_str()),
            ("true-client-ip", forged.as_str()),
        ];
        assert_eq!(seen(&app, "10.0.0.1", &headers).await, "10.0.0.1");
        // Nobody knows where it is from: all of those are one.
        assert_eq!(seen(&app, "", &headers).await, "null");
    }
}

/// LIM-3: forwarded addresses are read from the end.
#[tokio::test]
async fn lim_3_forwarded_addresses_are_read_from_the_end() {
    let app = behind(proxies()).await;
    #[rustfmt::skip]
    let cases: &[Case] = &[
        // The peer is no proxy.
        ("203.0.113.9",  &["1.2.3.4"],                              "203.0.113.9"),
        ("192.0.2.8",    &["1.2.3.4"],                              "192.0.2.8"),
        ("2001:db8:8::1", &["1.2.3.4"],                             "2001:db8:8::1"),
        // The peer is one.
        ("10.9.9.9",     &[],                                       "10.9.9.9"),
        ("10.9.9.9",     &["1.2.3.4"],                              "1.2.3.4"),
        ("192.0.2.7",    &["1.2.3.4"],                              "1.2.3.4"),
        ("2001:db8:7::1", &["2001:db8:9::5"],                       "2001:db8:9::5"),
        ("::ffff:10.9.9.9", &["1.2.3.4"],                           "1.2.3.4"),
        ("10.9.9.9",     &["::ffff:1.2.3.4"],                       "1.2.3.4"),
        // What the client wrote stands before what the proxy did.
        ("10.9.9.9",     &["6.6.6.6, 1.2.3.4"],                     "1.2.3.4"),
        ("10.9.9.9",     &["6.6.6.6", "1.2.3.4"],                   "1.2.3.4"),
        ("10.9.9.9",     &["10.0.0.5, 1.2.3.4"],                    "1.2.3.4"),
        ("10.9.9.9",     &["6.6.6.6, 1.2.3.4, 10.0.0.5"],           "1.2.3.4"),
        ("10.9.9.9",     &["6.6.6.6, 1.2.3.4", "10.0.0.5,10.0.0.6"], "1.2.3.4"),
        ("10.9.9.9",     &["6.6.6.6, 1.2.3.4, ::ffff:10.0.0.5"],    "1.2.3.4"),
        // Proxies all the way.
        ("10.9.9.9",     &["10.0.0.4, 10.0.0.5"],                   "10.0.0.4"),
        // Whatever stands before what is no address was written by anybody.
        ("10.9.9.9",     &["6.6.6.6, unknown"],                     "10.9.9.9"),
        ("10.9.9.9",     &["6.6.6.6, nonsense, 10.0.0.5"],          "10.0.0.5"),
        ("10.9.9.9",     &["6.6.6.6, "],                            "10.9.9.9"),
        ("10.9.9.9",     &[""],                                     "10.9.9.9"),
        ("10.9.9.9",     &["6.6.6.6", ""],                          "10.9.9.9"),
        ("10.9.9.9",     &["1.2.3.4.5"],                            "10.9.9.9"),
        ("10.9.9.9",     &["0x01020304"],                           "10.9.9.9"),
        ("10.9.9.9",     &["01.2.3.4"],                             "10.9.9.9"),
        // Ports are left out.
        ("10.9.9.9",     &["1.2.3.4:5678"],                         "1.2.3.4"),
        ("10.9.9.9",     &["[2001:db8:9::5]:443"],                  "2001:db8:9::5"),
        ("10.9.9.9",     &["[2001:db8:9::5]"],                      "2001:db8:9::5"),
        ("10.9.9.9",     &["[1.2.3.4]"],                            "10.9.9.9"),
    ];
    check(&app, "x-forwarded-for", cases).await;
    // The other header is not what these proxies write.
    let other: &[Case] = &[("10.9.9.9", &["for=6.6.6.6"], "10.9.9.9")];
    check(&app, "forwarded", other).await;
}

/// LIM-3: the standard header is read where proxies write it.
#[tokio::test]
async fn lim_3_the_standard_header_is_read_where_proxies_write_it() {
    let app = behind(proxies().with_forwarded_header()).await;
    #[rustfmt::skip]
    let cases: &[Case] = &[
        ("203.0.113.9", &["for=1.2.3.4"],                                        "203.0.113.9"),
        ("10.9.9.9",    &["for=1.2.3.4"],                                        "1.2.3.4"),
        ("10.9.9.9",    &["For=1.2.3.4;proto=https;by=10.9.9.9"],                "1.2.3.4"),
        ("10.9.9.9",    &["proto=https; for=\"1.2.3.4:80\" ; by=x"],             "1.2.3.4"),
        ("10.9.9.9",    &["for=\"[2001:db8:9::5]:4711\""],                       "2001:db8:9::5"),
        ("10.9.9.9",    &["for=\"[2001:db8:9::5]\""],                            "2001:db8:9::5"),
        ("10.9.9.9",    &["for=\"1.2.3\\.4\""],                                  "1.2.3.4"),
        ("10.9.9.9",    &["for=6.6.6.6, for=1.2.3.4"],                           "1.2.3.4"),
        ("10.9.9.9",    &["for=6.6.6.6", "for=1.2.3.4, for=10.0.0.5"],           "1.2.3.4"),
        ("10.9.9.9",    &["for=6.6.6.6;host=\"a,for=6.6.6.7\", for=1.2.3.4"],    "1.2.3.4"),
        ("10.9.9.9",    &["for=1.2.3.4;host=\"a,for=6.6.6.7\""],                 "1.2.3.4"),
        ("10.9.9.9",    &["for=6.6.6.6, for=_hidden"],                           "10.9.9.9"),
        ("10.9.9.9",    &["for=6.6.6.6, for=unknown, for=10.0.0.5"],             "10.0.0.5"),
        ("10.9.9.9",    &["for=6.6.6.6, proto=https"],                           "10.9.9.9"),
        ("10.9.9.9",    &["for=6.6.6.6;for=1.2.3.4"],                            "10.9.9.9"),
        ("10.9.9.9",    &["for=6.6.6.6, host=\"open, for=1.2.3.4"],              "10.9.9.9"),
        ("10.9.9.9",    &["for=6.6.6.6, nonsense"],                              "10.9.9.9"),
        ("10.9.9.9",    &["for=\"1.2.3.4\"x"],                                   "10.9.9.9"),
        ("10.9.9.9",    &[""],                                                   "10.9.9.9"),
    ];
    check(&app, "forwarded", cases).await;
    let other: &[Case] = &[("10.9.9.9", &["6.6.6.6"], "10.9.9.9")];
    check(&app, "x-forwarded-for", other).await;
}

/// LIM-3: what is no network is refused.
#[test]
fn lim_3_what_is_no_network_is_refused() {
    for network in [
        "",
        "proxy",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0/8",
        "::/129",
        "*",
        "10.0.0.1:80",
    ] {
        assert!(TrustedProxies::new([network]).is_err(), "{network}");
    }
    assert!(TrustedProxies::new(["0.0.0.0/0", "::/0", "::1"]).is_ok());
}
