//! What is counted together.

use std::net::IpAddr;
use std::time::Duration;

use workeros_core::{Decision, ErrorKind, Quota, RateKey};

fn from(address: &str) -> RateKey {
    let address = (address != "nowhere").then(|| address.parse::<IpAddr>().unwrap());
    RateKey::new("rule").with_address(address)
}

/// LIM-3: addresses are told apart as subscribers are.
#[test]
fn lim_3_addresses_are_told_apart_as_subscribers_are() {
    #[rustfmt::skip]
    let cases = [
        ("192.0.2.1",            "192.0.2.1",            true),
        ("192.0.2.1",            "192.0.2.2",            false),
        ("2001:db8:1:2::1",      "2001:db8:1:2:ffff::9", true),
        ("2001:db8:1:2::1",      "2001:db8:1:3::1",      false),
        ("::ffff:192.0.2.1",     "192.0.2.1",            true),
        ("::ffff:192.0.2.1",     "::ffff:192.0.2.2",     false),
        ("nowhere",              "nowhere",              true),
        ("nowhere",              "0.0.0.0",              false),
        ("nowhere",              "::",                   false),
        ("0.0.0.0",              "::",                   false),
    ];
    for (one, other, same) in cases {
        assert_eq!(from(one) == from(other), same, "{one} and {other}");
    }
}

#[test]
fn parts_do_not_run_together() {
    let keys = [
        RateKey::new("rule"),
        RateKey::new("rule").with(""),
        RateKey::new("rule").with("").with(""),
        RateKey::new("rule").with("ab"),
        RateKey::new("rule").with("a").with("b"),
        RateKey::new("rule").with("b").with("a"),
        RateKey::new("rulea").with("b"),
        RateKey::new("ruleab"),
    ];
    for (n, key) in keys.iter().enumerate() {
        let same = keys.iter().filter(|other| *other == key).count();
        assert_eq!(same, 1, "key {n}");
    }
}

#[test]
fn a_key_shows_its_rule_alone() {
    let key = RateKey::new("sign-in").with("ann@example.com");
    assert_eq!(format!("{key:?}"), "RateKey(sign-in, ..)");
}

#[test]
fn a_refusal_tells_whole_seconds() {
    let quota = Quota::new(3, Duration::from_secs(60));
    for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (60_000, 60)] {
        let refused = Decision::refused(quota, 3, Duration::from_millis(millis));
        let error = refused.check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after_seconds(), Some(seconds), "{millis} ms");
    }
    let admitted = Decision::admitted(quota, 1, Duration::from_secs(60));
    assert_eq!(admitted.check().unwrap().remaining, 2);
}
