//! Tokens of others.

use std::time::Duration;

use serde_json::{Value as Json, json};
use workeros_auth::jwt::{KeySet, TrustedIssuer};
use workeros_core::ErrorKind;

use super::{Key, NOW, key_set, now, with};

const ISSUER: &str = "https://id.example.com";

/// Made by another library: a key of RSA, and tokens signed with it at noon of
/// the first of June 2024 that hold for an hour.
mod rsa {
    pub(super) const N: &str = "m7qh8nOfqBVBI1leXBlcqF41nEgz8xifjulnFMnMXZGUV7BzfBAh1yuMvzCcZZJjvUc_kQA-f70QOqf4371YwNVzYYyoqNBKL_vp1Ygpa1VhsGVTEpKpfkb2N-F22tx-20rsWRvt6ehw42n1UDp7ZcgL3mqBpjR3-drjZUo19pfVrUCx9GWfqUlQxa8_sP2SGvVdmEfQQ33v3hTsZDus-IfZdqdeRKZWBgejgD__vEZEperGmqHXe3DtlY-dhSLsejiHMZecP0tk9cBs26PZpz5kb1JSfDkcTlSfReAlqDNUp4cqDdwCLWl6dxHUxxIKgfVIM2xrzkiEryzNaIIxaQ";
    pub(super) const GOOD: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYS0xIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwiYXVkIjoiY2xpZW50LTciLCJzdWIiOiJ1LTEiLCJpYXQiOjE3MTcyNDMyMDAsImV4cCI6MTcxNzI0NjgwMH0.fbFYWpDUv7iINiDPYgBYgQulOiNrm22ZnvKXbn6STSsK1Ojr0lMzjiBNryyO6m1JK_l_Izlu3fGhODKvf5BeHSpngqXTAVQGA7WJxySatQWAFgtopMza_NGONmyXoQ07JzH9xUKwV4zCSjRQysAlqFLXW1t0jQIlLe6ViqAmBbGXqYxIXwHvQKgbUTvcbeBX66I1avxM8F3Vn5Xg7GBf8VXPk1sdU81eq6ja4uUpk2Yv3OHAHUZz_-vDCbUm2WhDRoShRiZyE_73Zs6BfM9r9Muy0euBmfux2fu7vPg8eWauLjufXnG_mHc1476pzNjsiUbmb7Gai5rgUBLauS3zKA";
    /// Its signature is one of PSS.
    pub(super) const PSS: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYS0xIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwiYXVkIjoiY2xpZW50LTciLCJzdWIiOiJ1LTEiLCJpYXQiOjE3MTcyNDMyMDAsImV4cCI6MTcxNzI0NjgwMH0.PEag6r0z6d5KoPxEI1Ur-awZOQCG_Er6LvFHOLZnrauAxyI2Bpu_fwGjji9lilefKOm0iM70Lxbhr9Pumrjb8h_WCLV0aCn3PhVM3KGlu5J6pDv0Qm8hgTrfJq5gFRM7EaBD_cNhk3K_0hE39k3ax0HL54ippXRljsH8_jrjxUSwu-DExatNICZVE4mTD6e9qWjV4bzxL9_C2-wTGASE5i9nZk4KhuoLipxb-qL0emqYLA0ihgRsuXQ0Y4II5IK7ZzZOSRcz8cdduzeTuNWRgky06ouhWa3YR9D37uyR0yjVNhYc-MyLoY2G7FRlrbWx6aPQJ_6RcvOqH510MMXqmw";
    /// Its signature is over SHA-512.
    pub(super) const SHA_512: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYS0xIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwiYXVkIjoiY2xpZW50LTciLCJzdWIiOiJ1LTEiLCJpYXQiOjE3MTcyNDMyMDAsImV4cCI6MTcxNzI0NjgwMH0.R2TmIvM6PAsYe9XjXVoYN4qReDyAX8B3JBp7S8WZDGITw9Hk4i3q9deLc7NDloUfg5j3Kwgy5om1he17HfFNzlvgSlEla4Y4Y7LqonSzAxxsnNa8n0ONDCKeFi9sItxQyZs2NAnLWQWhcJx-8aTHrZ572RXAhCYBI3qaH9IOeGE924xmtaG_IOyxoXua-TgIMa1kei4L_EIsrm-uAf24OqpqIv7qHXO4HP934LiwxqHrVmO4XqgInz4EXNv7FC2Y5ogOpmUeV1Qp8UhzMrxYj0dCRRRl0odDFFAjN6vvlfslCqxkv6LhRdfqnDHyhAh8aqdx-rZdmYbIlVd29o8viQ";
    /// A key of 1024 bits, and a token signed with it.
    pub(super) const SMALL_N: &str = "qfC8bVKSlchdNbvaebumKOobMuPlNF7tCk-T6CGVztb0f-mEawZR3ndwgOUshpZLRfMhUo6J4zQi4y61gMRR4YkUmzrAJ0fhM1vohkdzxP5kuYSX3k2VdWv08TLtIzjjHGlBPjeEllil-gtVxZBSfwGfcpgY5py3IU0G4xKOAS0";
    pub(super) const SMALL: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYS1zbWFsbCJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwiYXVkIjoiY2xpZW50LTciLCJzdWIiOiJ1LTEiLCJpYXQiOjE3MTcyNDMyMDAsImV4cCI6MTcxNzI0NjgwMH0.N6s40jWK_90uueJwIS7LDrQPCnsoHzLsKpod8H7R2SVURDHVU7igTk960kdLu7Am87fDuOCgzTABjaLmplGnHzhmUILxX7MqKlyZvPKzS8SZZMI2sZhZWJGZdmUI7o07KZ_KWMzFWkuwjiKJauAr6QcIIYOUOsoNsQvbnlsrtu0";
}

fn issuer() -> TrustedIssuer {
    TrustedIssuer::new(ISSUER, "client-7")
}

fn header(key: &Key) -> Json {
    json!({"alg": key.algorithm(), "kid": "k1", "typ": "JWT"})
}

fn claims() -> Json {
    json!({"iss": ISSUER, "aud": "client-7", "sub": "u-1", "iat": NOW, "exp": NOW + 3600})
}

fn rsa_jwk() -> Json {
    json!({"kty": "RSA", "n": rsa::N, "e": "AQAB", "kid": "rsa-1", "alg": "RS256", "use": "sig"})
}

#[track_caller]
fn check(issuer: &TrustedIssuer, token: &str, keys: &KeySet, holds: bool, what: &str) {
    match issuer.verify(token, keys, now()) {
        Ok(claims) => {
            assert!(holds, "{what}");
            assert_eq!(claims.subject(), "u-1");
        }
        Err(error) => {
            assert!(!holds, "{what}: {:?}", std::error::Error::source(&error));
            assert_eq!(error.kind(), ErrorKind::Unauthorized);
        }
    }
}

/// TOK-1: RS256 of another library verifies.
#[test]
fn tok_1_rs256_of_another_library_verifies() {
    let keys = key_set(&[rsa_jwk()]);
    check(&issuer(), rsa::GOOD, &keys, true, "as it is");
    for (what, token) in [("PSS", rsa::PSS), ("SHA-512", rsa::SHA_512)] {
        check(&issuer(), token, &keys, false, what);
    }
    for n in (0..rsa::GOOD.len()).step_by(7).chain([rsa::GOOD.len() - 1]) {
        let mut changed = rsa::GOOD.to_owned().into_bytes();
        changed[n] = if changed[n] == b'B' { b'C' } else { b'B' };
        let changed = String::from_utf8(changed).unwrap();
        check(&issuer(), &changed, &keys, false, &format!("byte {n}"));
    }
    let (signed, _) = rsa::GOOD.rsplit_once('.').unwrap();
    for signature in ["", "AA", &"A".repeat(342), &"_".repeat(342)] {
        check(
            &issuer(),
            &format!("{signed}.{signature}"),
            &keys,
            false,
            signature,
        );
    }
}

/// TOK-1: all three algorithms are read from a JWKS.
#[test]
fn tok_1_all_three_algorithms_are_read_from_a_jwks() {
    let (ed, p256) = (Key::ed25519(1), Key::p256(1));
    let keys = key_set(&[rsa_jwk(), ed.jwk("ed"), p256.jwk("p256")]);
    check(&issuer(), rsa::GOOD, &keys, true, "RS256");
    for (key, id) in [(ed, "ed"), (p256, "p256")] {
        let named = with(&header(&key), "kid", json!(id));
        check(&issuer(), &key.sign(&named, &claims()), &keys, true, id);
        // The only one of its kind need not be named.
        let unnamed = with(&header(&key), "kid", json!(null));
        check(&issuer(), &key.sign(&unnamed, &claims()), &keys, true, id);
        let other = with(&header(&key), "kid", json!("rsa-1"));
        check(&issuer(), &key.sign(&other, &claims()), &keys, false, id);
    }
    assert!(keys.contains("rsa-1") && !keys.contains("rsa-2"));
}

#[test]
fn a_token_that_names_no_key_is_not_tried_on_several() {
    let (one, two) = (Key::ed25519(1), Key::ed25519(2));
    let unnamed = with(&header(&one), "kid", json!(null));
    let token = one.sign(&unnamed, &claims());
    check(&issuer(), &token, &key_set(&[one.jwk("a")]), true, "one");
    check(
        &issuer(),
        &token,
        &key_set(&[one.jwk("a"), two.jwk("b")]),
        false,
        "two",
    );
    check(
        &issuer(),
        &one.sign(&header(&one), &claims()),
        &key_set(&[one.jwk("k1"), two.jwk("k1")]),
        false,
        "one name",
    );
}

/// OA-4: claims that are not the issuers for us are refused.
#[test]
fn oa_4_claims_that_are_not_the_issuers_for_us_are_refused() {
    let key = Key::ed25519(1);
    let keys = key_set(&[key.jwk("k1")]);
    let cases = [
        ("aud", json!(["client-7"]), true),
        ("aud", json!(["other", "client-7"]), true),
        ("aud", json!([]), false),
        ("aud", json!(["other"]), false),
        ("aud", json!(["client-7", 7]), false),
        ("aud", json!("other"), false),
        ("aud", json!("client-7 "), false),
        ("aud", json!({"client-7": true}), false),
        ("aud", json!(null), false),
        ("iss", json!("https://id.example.com/"), false),
        ("iss", json!("https://evil.example"), false),
        ("iss", json!([ISSUER]), false),
        ("iss", json!(null), false),
        ("sub", json!(null), false),
        ("sub", json!(""), false),
        ("sub", json!(1), false),
        ("exp", json!(NOW), true),
        ("exp", json!(NOW - 59), true),
        ("exp", json!(NOW as f64 + 0.5), true),
        ("exp", json!(NOW - 60), false),
        ("exp", json!(null), false),
        ("exp", json!("tomorrow"), false),
        ("iat", json!(null), true),
        ("iat", json!(NOW + 60), true),
        ("iat", json!(NOW + 61), false),
        ("nbf", json!(NOW + 60), true),
        ("nbf", json!(NOW + 61), false),
    ];
    for (name, value, holds) in cases {
        let what = format!("{name}: {value}");
        let token = key.sign(&header(&key), &with(&claims(), name, value));
        check(&issuer(), &token, &keys, holds, &what);
    }
}

/// OA-4: an ID token is issued to its audience.
#[test]
fn oa_4_an_id_token_is_issued_to_its_audience() {
    let key = Key::ed25519(1);
    let keys = key_set(&[key.jwk("k1")]);
    let (one, two) = (json!("client-7"), json!(["client-7", "other"]));
    let cases = [
        (&one, json!(null), true),
        (&one, json!("client-7"), true),
        (&one, json!("other"), false),
        (&one, json!(["client-7"]), false),
        (&two, json!(null), false),
        (&two, json!("client-7"), true),
        (&two, json!("other"), false),
    ];
    for (aud, azp, holds) in cases {
        let what = format!("{aud} {azp}");
        let claims = with(&with(&claims(), "aud", aud.clone()), "azp", azp);
        let token = key.sign(&header(&key), &claims);
        check(&issuer().with_sole_party(), &token, &keys, holds, &what);
        check(&issuer(), &token, &keys, true, &what);
    }
}

#[test]
fn a_token_is_of_the_type_that_is_expected() {
    let key = Key::ed25519(1);
    let keys = key_set(&[key.jwk("k1")]);
    let access = issuer().with_type("at+jwt");
    let cases = [
        (json!(null), true, false),
        (json!("JWT"), true, false),
        (json!("jwt"), true, false),
        (json!("at+jwt"), false, true),
        (json!("application/at+jwt"), false, true),
        (json!("logout+jwt"), false, false),
    ];
    for (typ, plain, as_access) in cases {
        let what = typ.to_string();
        let token = key.sign(&with(&header(&key), "typ", typ), &claims());
        check(&issuer(), &token, &keys, plain, &what);
        check(&access, &token, &keys, as_access, &what);
    }
}

#[test]
fn clocks_are_never_thought_hours_apart() {
    let key = Key::ed25519(1);
    let keys = key_set(&[key.jwk("k1")]);
    let lenient = issuer().with_leeway(Duration::from_secs(86_400));
    for (ago, holds) in [(299, true), (300, false)] {
        let claims = with(&claims(), "exp", json!(NOW - ago));
        let token = key.sign(&header(&key), &claims);
        check(&lenient, &token, &keys, holds, &ago.to_string());
    }
}

#[test]
fn a_key_that_is_not_for_this_is_passed_over() {
    let key = Key::ed25519(1);
    let (jwk, other) = (key.jwk("k1"), Key::p256(2).jwk("other"));
    let token = key.sign(&header(&key), &claims());
    let cases = [
        (jwk.clone(), true),
        (with(&jwk, "use", json!("sig")), true),
        (with(&jwk, "key_ops", json!(["verify"])), true),
        (with(&jwk, "alg", json!("EdDSA")), true),
        (with(&jwk, "use", json!("enc")), false),
        (with(&jwk, "key_ops", json!(["sign"])), false),
        (with(&jwk, "key_ops", json!("verify")), false),
        (with(&jwk, "alg", json!("ES256")), false),
        (with(&jwk, "alg", json!("HS256")), false),
        (with(&jwk, "alg", json!(7)), false),
        (with(&jwk, "crv", json!("X25519")), false),
        (with(&jwk, "crv", json!(null)), false),
        (with(&jwk, "kid", json!(7)), false),
        (with(&jwk, "x", json!("AAAA")), false),
        (with(&jwk, "x", json!(null)), false),
        // A point by which anything verifies.
        (
            with(
                &jwk,
                "x",
                json!(super::encode([[1].as_slice(), &[0; 31]].concat())),
            ),
            false,
        ),
        (json!({"kty": "oct", "k": jwk["x"], "kid": "k1"}), false),
        (json!(["k1"]), false),
    ];
    for (jwk, holds) in cases {
        let what = jwk.to_string();
        check(
            &issuer(),
            &token,
            &key_set(&[jwk, other.clone()]),
            holds,
            &what,
        );
    }
    let off_curve = with(&other, "y", other["x"].clone());
    let small = json!({"kty": "RSA", "n": rsa::SMALL_N, "e": "AQAB", "kid": "rsa-small"});
    let padded = format!("{}{}", "A".repeat(172), rsa::SMALL_N);
    let rsa = [
        small.clone(),
        with(&small, "n", json!(padded)),
        with(&rsa_jwk(), "alg", json!("PS256")),
        with(&rsa_jwk(), "alg", json!("RS512")),
        with(&rsa_jwk(), "e", json!("AQ")),
        with(&rsa_jwk(), "e", json!("Ag")),
        with(&rsa_jwk(), "e", json!("")),
        with(&rsa_jwk(), "n", json!("")),
        with(&rsa_jwk(), "n", json!("A".repeat(342))),
        off_curve,
    ];
    for jwk in rsa {
        let keys = key_set(&[jwk.clone(), key.jwk("k1")]);
        for token in [rsa::GOOD, rsa::SMALL] {
            check(&issuer(), token, &keys, false, &jwk.to_string());
        }
        assert!(!keys.contains(jwk["kid"].as_str().unwrap()), "{jwk}");
    }
}

#[test]
fn what_is_no_jwks_is_refused() {
    let jwk = Key::ed25519(1).jwk("k1");
    let documents = [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"keys": {}}"#.to_owned(),
        r#"{"keys": []}"#.to_owned(),
        r#"{"keys": [{"kty": "oct", "k": "AAAA"}]}"#.to_owned(),
        format!(r#"{{"keys": [], "keys": [{jwk}]}}"#),
        format!(r#"{{"keys": [{jwk}]}} more"#),
        jwk.to_string(),
        json!({"keys": vec![jwk.clone(); 101]}).to_string(),
    ];
    for document in documents {
        let error = KeySet::from_jwks(document.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{document}");
    }
    assert!(KeySet::from_jwks(json!({"keys": vec![jwk; 100]}).to_string().as_bytes()).is_ok());
}
