//! What is no token.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value as Json, json};
use sha2::Sha256;
use workeros_auth::jwt::Algorithm;
use workeros_auth::{RequestInfo, TokenKind};

use super::site::{
    AUDIENCE, ISSUER, assert_refused, claims, good, header, of_shop, saying, site, sites,
};
use crate::jwt::{Key, NOW, encode, with};
use crate::support::sign_up;

/// TOK-1: a token without a signature, one signed with the public key as if it
/// were a password, one that brings its key, and every other that does not hold.
#[tokio::test]
async fn tok_1_of_others_only_tokens_that_hold_count() {
    let key = Key::ed25519(1);
    let jwk = key.jwk("k1");
    let headed = |name: &str, value: Json| key.sign(&with(&header(), name, value), &claims());
    let eve = Key::ed25519(9);
    let cases = [
        (
            "alg none",
            unsigned(&json!({"alg": "none", "typ": "at+jwt"})),
        ),
        (
            "alg none, a kid",
            unsigned(&json!({"alg": "none", "kid": "k1", "typ": "at+jwt"})),
        ),
        ("HS256 by the public key", hs256(&jwk)),
        ("HS256 as it says", headed("alg", json!("HS256"))),
        ("ES256 as it says", headed("alg", json!("ES256"))),
        ("jku", headed("jku", json!("https://evil.example/jwks"))),
        (
            "jwk",
            eve.sign(&with(&header(), "jwk", eve.jwk("k1")), &claims()),
        ),
        ("x5u", headed("x5u", json!("https://evil.example/x5u"))),
        ("x5c", headed("x5c", json!(["AAAA"]))),
        ("crit", headed("crit", json!(["exp"]))),
        ("unknown kid", headed("kid", json!("k9"))),
        ("another key", eve.sign(&header(), &claims())),
        ("an ID token", headed("typ", json!("JWT"))),
        ("no type", headed("typ", json!(null))),
        ("a logout token", headed("typ", json!("logout+jwt"))),
        (
            "another audience",
            saying("aud", json!("https://other.example.com")),
        ),
        (
            "an audience with more",
            saying("aud", json!(format!("{AUDIENCE}/"))),
        ),
        ("no audience", saying("aud", json!(null))),
        (
            "an audience that is none",
            saying("aud", json!([AUDIENCE, 7])),
        ),
        (
            "another issuer",
            saying("iss", json!("https://evil.example")),
        ),
        (
            "an issuer with more",
            saying("iss", json!(format!("{ISSUER}/"))),
        ),
        (
            "ours as the issuer",
            saying("iss", json!("https://example.com")),
        ),
        ("no issuer", saying("iss", json!(null))),
        ("nobody", saying("sub", json!(null))),
        ("nobody's name", saying("sub", json!(""))),
        ("expired", saying("exp", json!(NOW - 60))),
        ("no end", saying("exp", json!(null))),
        ("not yet", saying("nbf", json!(NOW + 61))),
        ("issued tomorrow", saying("iat", json!(NOW + 86_400))),
        (
            "twice the same member",
            key.sign_text(&header().to_string(), &doubled()),
        ),
        ("two parts", good().rsplit_once('.').unwrap().0.to_owned()),
        ("four parts", format!("{}.x", good())),
        (
            "no signature",
            format!("{}.", good().rsplit_once('.').unwrap().0),
        ),
    ];
    for site in sites(|| vec![of_shop()]).await {
        site.act(&good()).await.unwrap();
        for (what, token) in &cases {
            assert_refused(site.act(token).await, what);
        }
        site.act(&good()).await.unwrap();
    }
}

/// TOK-1: what was changed on the way does not hold, also where the token itself
/// is remembered.
#[tokio::test]
async fn tok_1_no_byte_of_a_token_of_others_can_be_changed() {
    let site = site(vec![of_shop()]).await;
    let good = good();
    site.act(&good).await.unwrap();
    for at in (0..good.len()).step_by(5).chain([good.len() - 1]) {
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'B' { b'C' } else { b'B' };
        let changed = String::from_utf8(changed).unwrap();
        assert_refused(site.act(&changed).await, &format!("byte {at}"));
    }
}

/// TOK-1: an ID token is no access token, unless the host says that it is.
#[tokio::test]
async fn tok_1_an_id_token_counts_only_where_the_host_says_so() {
    use TokenKind::{Access, Id, Plain};
    let key = Key::ed25519(1);
    let typed = |typ: Json, claims: &Json| key.sign(&with(&header(), "typ", typ), claims);
    let shared = with(&claims(), "aud", json!([AUDIENCE, "https://other.example"]));
    let party = |party: &str| with(&shared, "azp", json!(party));
    let nonce = with(&claims(), "nonce", json!("n"));
    let hash = with(&claims(), "at_hash", json!("h"));
    let cases = [
        ("at+jwt", typed(json!("at+jwt"), &claims()), vec![Access]),
        (
            "application/at+jwt",
            typed(json!("application/at+jwt"), &claims()),
            vec![Access],
        ),
        ("JWT", typed(json!("JWT"), &claims()), vec![Plain, Id]),
        ("none", typed(json!(null), &claims()), vec![Plain, Id]),
        ("a nonce", typed(json!("JWT"), &nonce), vec![Id]),
        ("a hash", typed(json!("JWT"), &hash), vec![Id]),
        (
            "at+jwt for two",
            typed(json!("at+jwt"), &shared),
            vec![Access],
        ),
        ("for two", typed(json!("JWT"), &shared), vec![Plain]),
        (
            "for two, of us",
            typed(json!("JWT"), &party(AUDIENCE)),
            vec![Plain, Id],
        ),
        (
            "for two, of others",
            typed(json!("JWT"), &party("other")),
            vec![Plain],
        ),
    ];
    for kind in [Access, Plain, Id] {
        let site = site(vec![of_shop().with_tokens(kind)]).await;
        for (what, token, kinds) in &cases {
            let what = format!("{what} as {kind:?}");
            match site.act(token).await {
                Ok(_) => assert!(kinds.contains(&kind), "{what}"),
                refused => {
                    assert!(!kinds.contains(&kind), "{what}: {refused:?}");
                    assert_refused(refused, &what);
                }
            }
        }
    }
}

/// TOK-1: the algorithms are those the host names.
#[tokio::test]
async fn tok_1_an_algorithm_counts_if_the_host_says_so() {
    let p256 = Key::p256(2);
    let by_p256 = p256.sign(
        &json!({"alg": "ES256", "kid": "k2", "typ": "at+jwt"}),
        &claims(),
    );
    for (algorithms, ed25519, es256) in [
        (vec![Algorithm::EdDsa], true, false),
        (vec![Algorithm::Es256], false, true),
        (vec![Algorithm::Rs256], false, false),
        (Algorithm::ALL.to_vec(), true, true),
    ] {
        let site = site(vec![of_shop().with_algorithms(algorithms).unwrap()]).await;
        site.issuer
            .publish(&[Key::ed25519(1).jwk("k1"), p256.jwk("k2")]);
        assert_eq!(site.act(&good()).await.is_ok(), ed25519);
        assert_eq!(site.act(&by_p256).await.is_ok(), es256);
    }
}

/// TOK-2: tokens of ours go on as before beside those of others.
#[tokio::test]
async fn tok_2_our_own_tokens_are_still_ours() {
    for site in sites(|| vec![of_shop()]).await {
        let shop = site.auth.app_by_slug("shop").await.unwrap();
        let request = RequestInfo::new();
        let ann = shop.sign_up_email(sign_up("ann"), &request).await.unwrap();
        let token = shop.access_token(&ann).await.unwrap().token;
        for _ in 0..2 {
            let identity = site.act(token.expose()).await.unwrap();
            assert_eq!(identity.user_id, ann.user.id.to_string());
        }
        // Nobody needs to be asked about it.
        assert_eq!(site.issuer.asked(super::site::DISCOVERY), 0);
    }
}

fn unsigned(header: &Json) -> String {
    let parts = [encode(header.to_string()), encode(claims().to_string())];
    format!("{}.", parts.join("."))
}

fn hs256(jwk: &Json) -> String {
    let header = json!({"alg": "HS256", "kid": "k1", "typ": "at+jwt"});
    let signed = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims().to_string())
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(jwk.to_string().as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", encode(mac.finalize().into_bytes()))
}

fn doubled() -> String {
    let claims = claims().to_string();
    format!("{},\"sub\":\"root\"}}", claims.strip_suffix('}').unwrap())
}
