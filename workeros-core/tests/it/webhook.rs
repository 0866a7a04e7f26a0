//! Signatures of webhooks, against what the specification gives.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use workeros_core::webhook::{SIGNATURE, TIMESTAMP, TOLERANCE, WebhookKeys, WebhookSecret};
use workeros_core::{ErrorKind, HttpRequest, SystemRandom, Timestamp};

/// The example of the specification.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const AT: i64 = 1_614_265_330;
const BODY: &str = r#"{"test": 2432232314}"#;
const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

fn keys() -> WebhookKeys {
    WebhookKeys::new(WebhookSecret::parse(SECRET).unwrap())
}

fn other() -> WebhookSecret {
    WebhookSecret::generate(&SystemRandom).unwrap()
}

fn headers() -> HeaderMap {
    keys()
        .sign(ID, at(AT), BODY.as_bytes())
        .unwrap()
        .headers()
        .unwrap()
}

/// WH-1: the known answer.
#[test]
fn signs_as_the_specification_does() {
    let signed = keys().sign(ID, at(AT), BODY.as_bytes()).unwrap();
    assert_eq!((signed.timestamp, signed.signature.as_str()), (AT, SIGNED));
    let request = signed
        .put_on(HttpRequest::post("https://example.com"))
        .unwrap();
    for (name, value) in &headers() {
        assert_eq!(request.headers.get(name), Some(value));
    }
}

#[test]
fn takes_what_is_genuine_and_nothing_else() {
    let verified = |headers: &HeaderMap, body: &str| {
        let keys = keys();
        keys.verify(headers, body.as_bytes(), at(AT))
            .map(ToOwned::to_owned)
    };
    assert_eq!(verified(&headers(), BODY).unwrap(), ID);
    assert!(verified(&headers(), r#"{"test": 2432232315}"#).is_err());
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut missing = headers();
        missing.remove(name);
        assert!(verified(&missing, BODY).is_err(), "{name}");
        let mut twice = headers();
        let value = twice[name].clone();
        twice.append(name, value);
        assert!(verified(&twice, BODY).is_err(), "{name}");
        let mut other = headers();
        other.insert(name, HeaderValue::from_static("1614265331"));
        let error = verified(&other, BODY).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert_eq!(error.code(), Some("INVALID_SIGNATURE"));
    }
    for signature in [
        "",
        "v1,",
        "v1",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,!",
    ] {
        let mut other = headers();
        other.insert(SIGNATURE, HeaderValue::from_static(signature));
        assert!(verified(&other, BODY).is_err(), "{signature}");
    }
}

/// What is signed is `a.1.2.x`, however it is cut.
#[test]
fn takes_no_message_that_is_cut_differently() {
    let signed = keys().sign("a", at(1), b"2.x").unwrap().headers().unwrap();
    let mut cut = signed.clone();
    cut.insert("webhook-id", HeaderValue::from_static("a.1"));
    cut.insert(TIMESTAMP, HeaderValue::from_static("2"));
    assert!(keys().verify(&signed, b"2.x", at(1)).is_ok());
    assert!(keys().verify(&cut, b"x", at(2)).is_err());
    assert!(keys().sign("a.1", at(2), b"x").is_err());
}

#[test]
fn takes_what_is_five_minutes_old_or_early_and_no_more() {
    let seconds = i64::try_from(TOLERANCE.as_secs()).unwrap();
    assert_eq!(TOLERANCE, Duration::from_mins(5));
    for (now, holds) in [
        (AT - seconds - 1, false),
        (AT - seconds, true),
        (AT + seconds, true),
        (AT + seconds + 1, false),
    ] {
        let verified = keys().verify(&headers(), BODY.as_bytes(), at(now)).is_ok();
        assert_eq!(verified, holds, "{now}");
    }
}

/// WH-1: whichever of the two sides changes first.
#[test]
fn a_secret_is_changed_without_a_gap() {
    let (old, new) = (other(), other());
    let both = WebhookKeys::new(new.clone()).with_previous(old.clone());
    let both_sign = both.sign("m", at(AT), b"{}").unwrap();
    assert_eq!(both_sign.signature.split(' ').count(), 2);
    let both_sign = both_sign.headers().unwrap();
    for secret in [&old, &new] {
        let one = WebhookKeys::new(secret.clone());
        assert!(one.verify(&both_sign, b"{}", at(AT)).is_ok());
        let one_signs = one.sign("m", at(AT), b"{}").unwrap().headers().unwrap();
        assert!(both.verify(&one_signs, b"{}", at(AT)).is_ok());
    }
    let stranger = WebhookKeys::new(other());
    assert!(stranger.verify(&both_sign, b"{}", at(AT)).is_err());
}

#[test]
fn a_secret_is_read_as_it_was_written_and_shows_nowhere() {
    let made = other();
    assert_eq!(WebhookSecret::parse(&made.expose()).unwrap(), made);
    assert_eq!(
        WebhookSecret::parse(SECRET).unwrap().expose().as_str(),
        SECRET
    );
    let shown = format!("{made:?} {:?}", WebhookKeys::new(made.clone()));
    assert!(!shown.contains(&made.expose()[6..]), "{shown}");
    for text in [
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_c2hvcnQ=",
        "whsec_!",
    ] {
        let error = WebhookSecret::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{text}");
    }
}
