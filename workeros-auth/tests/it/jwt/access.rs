//! Access tokens of ours.

use std::error::Error as _;
use std::time::Duration;

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use workeros_auth::jwt::{AccessPolicy, AccessToken, KeySet};
use workeros_core::{ErrorKind, Result, TenantId};

use super::{Key, NOW, encode, key_set, now, with};

const ISSUER: &str = "https://example.com/backend";
const USER: &str = "018fd3ab-c200-7000-8000-000000000001";
const SESSION: &str = "018fd3ab-c200-7000-8000-000000000002";
const TENANT: &str = "018fd3ab-c200-7000-8000-000000000003";

fn id(text: &str) -> Uuid {
    Uuid::try_parse(text).unwrap()
}

fn policy() -> AccessPolicy {
    AccessPolicy::new(ISSUER, "shop", TenantId::new(id(TENANT)))
}

fn header(key: &Key) -> Json {
    json!({"alg": key.algorithm(), "kid": "k1", "typ": "at+jwt"})
}

fn claims() -> Json {
    json!({
        "iss": ISSUER, "aud": "shop", "sub": USER, "sid": SESSION, "tenant": TENANT,
        "iat": NOW, "exp": NOW + 900,
    })
}

fn verify(token: &str, keys: &KeySet) -> Result<AccessToken> {
    policy().verify(token, keys, now())
}

#[track_caller]
fn accepts(token: &str, keys: &KeySet) -> AccessToken {
    verify(token, keys).unwrap_or_else(|error| panic!("{token}: {:?}", error.source()))
}

/// Always the same answer, which says nothing of the token or of why.
#[track_caller]
fn refuses(what: &str, token: &str, keys: &KeySet) {
    let Err(error) = verify(token, keys) else {
        panic!("{what}: {token}")
    };
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{what}");
    assert_eq!(error.message(), "the token is not valid", "{what}");
    assert!(
        error.code().is_none() && error.details().is_empty(),
        "{what}"
    );
}

/// Both kinds of keys, each with a set that holds it as `k1`, and another of
/// the other kind as `k2`.
fn keys() -> [(Key, KeySet); 2] {
    let (ed, p256) = (Key::ed25519(1), Key::p256(1));
    let first = key_set(&[ed.jwk("k1"), p256.jwk("k2")]);
    let second = key_set(&[p256.jwk("k1"), ed.jwk("k2")]);
    [(ed, first), (p256, second)]
}

/// TOK-1: a token says who is signed in.
#[test]
fn tok_1_a_token_says_who_is_signed_in() {
    for (key, keys) in keys() {
        let claims = with(&claims(), "role", json!("editor"));
        let token = accepts(&key.sign(&header(&key), &claims), &keys);
        assert_eq!((token.user(), token.session()), (id(USER), id(SESSION)));
        assert_eq!(
            Json::Object(token.claims().clone()),
            json!({"role": "editor"})
        );
        // One type in its spellings.
        for typ in ["AT+JWT", "application/at+jwt"] {
            let header = with(&header(&key), "typ", json!(typ));
            accepts(&key.sign(&header, &claims), &keys);
        }
        // What nobody knows changes nothing.
        let header = with(&header(&key), "x5t", json!("AAAA"));
        accepts(&key.sign(&header, &claims), &keys);
    }
}

/// TOK-1: headers that lie are refused.
#[test]
fn tok_1_headers_that_lie_are_refused() {
    for (key, keys) in keys() {
        let stranger = Key::ed25519(9);
        let cases = [
            ("alg", json!("none")),
            ("alg", json!("None")),
            ("alg", json!("NONE")),
            ("alg", json!("")),
            ("alg", json!("HS256")),
            ("alg", json!("HS512")),
            ("alg", json!("RS256")),
            ("alg", json!("PS256")),
            ("alg", json!("ES384")),
            ("alg", json!("ES256K")),
            ("alg", json!(key.algorithm().to_lowercase())),
            ("alg", json!([key.algorithm()])),
            ("alg", json!(null)),
            (
                "alg",
                json!(if key.algorithm() == "EdDSA" {
                    "ES256"
                } else {
                    "EdDSA"
                }),
            ),
            ("kid", json!("k2")),
            ("kid", json!("k3")),
            ("kid", json!("K1")),
            ("kid", json!("")),
            ("kid", json!("../../dev/null")),
            ("kid", json!("k1' OR '1'='1")),
            ("kid", json!(1)),
            ("kid", json!(["k1"])),
            ("kid", json!(null)),
            ("typ", json!(null)),
            ("typ", json!("JWT")),
            ("typ", json!("id_token")),
            ("typ", json!("dpop+jwt")),
            ("typ", json!("logout+jwt")),
            ("typ", json!("text/at+jwt")),
            ("typ", json!(["at+jwt"])),
            ("jku", json!("https://evil.example/jwks.json")),
            ("jwk", stranger.jwk("k1")),
            ("jwk", key.jwk("k1")),
            ("jwk", json!(false)),
            ("x5u", json!("https://evil.example/cert.pem")),
            ("x5c", json!(["AAAA"])),
            ("crit", json!(["exp"])),
            ("crit", json!([])),
            ("b64", json!(false)),
            ("zip", json!("DEF")),
            ("enc", json!("A256GCM")),
        ];
        for (name, value) in cases {
            let what = format!("{name}: {value}");
            // Signed as it should be, so that nothing but the header is wrong.
            let token = key.sign(&with(&header(&key), name, value), &claims());
            refuses(&what, &token, &keys);
        }
    }
}

/// TOK-1: a token without a signature is none.
#[test]
fn tok_1_a_token_without_a_signature_is_none() {
    for (key, keys) in keys() {
        for alg in ["none", "None", "NONE", "nOnE", key.algorithm()] {
            let header = with(&header(&key), "alg", json!(alg));
            let signed = format!(
                "{}.{}",
                encode(header.to_string()),
                encode(claims().to_string())
            );
            for signature in [
                String::new(),
                encode([0; 64]),
                encode([0; 63]),
                encode([255; 64]),
            ] {
                refuses(alg, &format!("{signed}.{signature}"), &keys);
            }
            refuses(alg, &signed, &keys);
        }
    }
}

/// TOK-1: the public key as if it were a password both sides share.
#[test]
fn tok_1_a_public_key_is_no_password() {
    for (key, keys) in keys() {
        let jwk = key.jwk("k1");
        let x = jwk["x"].as_str().unwrap().to_owned();
        let passwords = [
            jwk.to_string(),
            json!({"keys": [jwk]}).to_string(),
            x.clone(),
            String::new(),
        ];
        let mut passwords: Vec<Vec<u8>> = passwords.map(String::into_bytes).into();
        passwords.push(
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, x).unwrap(),
        );
        for password in passwords {
            for alg in ["HS256", key.algorithm()] {
                let header = with(&header(&key), "alg", json!(alg));
                let signed = format!(
                    "{}.{}",
                    encode(header.to_string()),
                    encode(claims().to_string())
                );
                let token = format!(
                    "{signed}.{}",
                    encode(hmac_sha256(&password, signed.as_bytes()))
                );
                refuses("a password", &token, &keys);
            }
        }
    }
}

/// HMAC-SHA256 by the book, for keys of any length.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    let short = if key.len() > 64 {
        Sha256::digest(key).to_vec()
    } else {
        key.to_vec()
    };
    block[..short.len()].copy_from_slice(&short);
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .to_vec()
}

/// TOK-1: a key of a stranger's signs nothing.
#[test]
fn tok_1_a_key_of_a_strangers_signs_nothing() {
    for (key, keys) in keys() {
        for stranger in [Key::ed25519(9), Key::p256(9)] {
            let headers = [
                header(&key),
                header(&stranger),
                with(&header(&stranger), "jwk", stranger.jwk("k1")),
            ];
            for header in headers {
                refuses("a stranger", &stranger.sign(&header, &claims()), &keys);
            }
        }
    }
}

/// TOK-1: claims that are not ours are refused.
#[test]
fn tok_1_claims_that_are_not_ours_are_refused() {
    for (key, keys) in keys() {
        let cases = [
            ("iss", json!(null)),
            ("iss", json!("https://example.com/backend/")),
            ("iss", json!("https://example.com")),
            ("iss", json!("https://EXAMPLE.com/backend")),
            ("iss", json!([ISSUER])),
            ("aud", json!(null)),
            ("aud", json!("other")),
            ("aud", json!("Shop")),
            ("aud", json!("")),
            ("aud", json!(["shop"])),
            ("aud", json!(["shop", "other"])),
            ("sub", json!(null)),
            ("sub", json!("")),
            ("sub", json!("ann")),
            ("sub", json!(7)),
            ("sid", json!(null)),
            ("sid", json!("s")),
            ("tenant", json!(null)),
            ("tenant", json!(USER)),
            ("tenant", json!("shop")),
            ("tenant", json!([TENANT])),
            ("exp", json!(null)),
            ("exp", json!(NOW - 5)),
            ("exp", json!(0)),
            ("exp", json!(-1)),
            ("exp", json!((NOW + 900).to_string())),
            ("exp", json!(true)),
            ("exp", json!(NOW + 901)),
            ("exp", json!(i64::MAX)),
            ("exp", json!(1e300)),
            ("iat", json!(null)),
            ("iat", json!(NOW - 1)),
            ("iat", json!(NOW + 6)),
            ("iat", json!("now")),
            ("nbf", json!(NOW + 6)),
            ("nbf", json!("now")),
            ("nbf", json!(1e300)),
        ];
        for (name, value) in cases {
            let what = format!("{name}: {value}");
            refuses(
                &what,
                &key.sign(&header(&key), &with(&claims(), name, value)),
                &keys,
            );
        }
        // Clocks may be five seconds apart.
        for (name, value) in [("exp", NOW - 4), ("iat", NOW + 4), ("nbf", NOW + 4)] {
            let mut claims = with(&claims(), name, json!(value));
            if name == "exp" {
                claims = with(&claims, "iat", json!(value - 900));
            }
            accepts(&key.sign(&header(&key), &claims), &keys);
        }
    }
}

/// TOK-1: an ID token is no access token; one of ours would be signed with the
/// same key.
#[test]
fn tok_1_an_id_token_is_no_access_token() {
    for (key, keys) in keys() {
        for typ in [json!(null), json!("JWT")] {
            let header = with(&header(&key), "typ", typ);
            let claims = with(&claims(), "nonce", json!("n"));
            refuses("an ID token", &key.sign(&header, &claims), &keys);
        }
    }
}

/// TOK-1: what reads in two ways is not read.
#[test]
fn tok_1_what_reads_in_two_ways_is_not_read() {
    for (key, keys) in keys() {
        let (alg, claims) = (key.algorithm(), claims().to_string());
        let headers = [
            format!(r#"{{"alg":"none","alg":"{alg}","kid":"k1","typ":"at+jwt"}}"#),
            format!(r#"{{"alg":"{alg}","kid":"k2","kid":"k1","typ":"at+jwt"}}"#),
            format!(r#"{{"alg":"{alg}","kid":"k1","typ":"JWT","typ":"at+jwt"}}"#),
            format!(r#"{{"alg":"{alg}","\u0061lg":"{alg}","kid":"k1","typ":"at+jwt"}}"#),
            format!(r#"[{{"alg":"{alg}","kid":"k1","typ":"at+jwt"}}]"#),
            format!(r#"{{"alg":"{alg}","kid":"k1","typ":"at+jwt"}}x"#),
            format!("\u{feff}{{\"alg\":\"{alg}\",\"kid\":\"k1\",\"typ\":\"at+jwt\"}}"),
            String::new(),
            "null".to_owned(),
        ];
        for text in headers {
            refuses(&text, &key.sign_text(&text, &claims), &keys);
        }
        let header = header(&key).to_string();
        let doubled = claims.replacen('{', r#"{"sub":"018fd3ab-c200-7000-8000-0000000000ff","#, 1);
        let unfinished = claims.trim_end_matches('}').to_owned();
        for text in [
            doubled,
            unfinished,
            format!("[{claims}]"),
            String::new(),
            "null".to_owned(),
        ] {
            refuses(&text, &key.sign_text(&header, &text), &keys);
        }
    }
}

/// TOK-1: a token has one spelling.
#[test]
fn tok_1_a_token_has_one_spelling() {
    for (key, keys) in keys() {
        let token = key.sign(&header(&key), &claims());
        let [head, body, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let long = encode(vec![b' '; 20_000]);
        let spellings = [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            "...".to_owned(),
            format!("{head}.{body}"),
            format!("{head}.{signature}"),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.{signature}"),
            format!("{head}..{signature}"),
            format!("{head}.{body}.{body}.{signature}"),
            format!("{token}="),
            format!("{token}=="),
            format!(" {token}"),
            format!("{token} "),
            format!("{token}\n"),
            format!("{token}A"),
            format!("Bearer {token}"),
            format!("{head}=.{body}.{signature}"),
            format!("{head}.{body}={signature}"),
            format!("{head}.{long}.{signature}"),
            token.to_uppercase(),
            token[..token.len() - 1].to_owned(),
            token[1..].to_owned(),
            json!({"protected": head, "payload": body, "signature": signature}).to_string(),
            token.replace('.', "\u{ff0e}"),
        ];
        for spelling in spellings {
            refuses("a spelling", &spelling, &keys);
        }
    }
}

/// TOK-1: a token with one byte changed is refused.
#[test]
fn tok_1_a_token_with_one_byte_changed_is_refused() {
    for (key, keys) in keys() {
        let token = key.sign(&header(&key), &claims());
        accepts(&token, &keys);
        for n in 0..token.len() {
            let byte = token.as_bytes()[n];
            // Each bit that may be unused in the last letter of a part, a letter
            // far away, and what ends a part.
            let near = [1, 2, 4, 8, 16].map(|bit| byte ^ bit);
            let letter = if byte == b'A' { b'_' } else { b'A' };
            let is_last = token.as_bytes().get(n + 1).is_none_or(|next| *next == b'.');
            let others = if is_last { &near[..] } else { &near[..1] };
            for other in others.iter().chain(&[letter, b'.']) {
                if *other != byte && other.is_ascii() {
                    let mut changed = token.clone().into_bytes();
                    changed[n] = *other;
                    let changed = String::from_utf8(changed).unwrap();
                    refuses(&format!("byte {n}"), &changed, &keys);
                }
            }
            let mut shorter = token.clone();
            shorter.remove(n);
            refuses(&format!("without byte {n}"), &shorter, &keys);
        }
    }
}

#[test]
fn only_we_say_what_every_token_says() {
    let token = || AccessToken::new(id(USER), id(SESSION));
    for name in [
        "iss", "aud", "sub", "sid", "tenant", "exp", "iat", "nbf", "jti",
    ] {
        let error = token().with_claim(name, "x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{name}");
    }
    assert!(token().with_claim("role", "editor").is_ok());
}

/// TOK-1: no token holds longer than 15 minutes.
#[test]
fn tok_1_no_token_holds_longer_than_15_minutes() {
    let hours = policy().with_lifetime(Duration::from_secs(7200));
    assert_eq!(hours.lifetime(), Duration::from_secs(900));
    let none = policy().with_lifetime(Duration::ZERO);
    assert_eq!(none.lifetime(), Duration::from_secs(1));
}
