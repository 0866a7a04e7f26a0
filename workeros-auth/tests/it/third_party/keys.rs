//! How often an issuer is asked for its keys, and how long they are good.

use std::time::Duration;

use serde_json::{Value as Json, json};
use workeros_auth::RequestInfo;
use workeros_core::{ErrorKind, Identity, Result};

use super::site::{
    AUDIENCE, DISCOVERY, ISSUER, JWKS, assert_refused, claims, good, header, of_shop, site,
};
use crate::jwt::{Key, NOW, with};
use crate::support::sign_up;

/// A token that lives for days, by a key of that seed and id.
fn lasting(seed: u8, id: &str) -> String {
    let claims = with(&claims(), "exp", json!(NOW + 7 * 86_400));
    Key::ed25519(seed).sign(&with(&header(), "kid", json!(id)), &claims)
}

fn jwk(seed: u8, id: &str) -> Json {
    Key::ed25519(seed).jwk(id)
}

#[track_caller]
fn assert_unavailable(result: Result<Identity>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.code(), Some("ISSUER_UNAVAILABLE"));
}

#[tokio::test]
async fn an_issuer_is_asked_once_an_hour() {
    let site = site(vec![of_shop()]).await;
    let token = lasting(1, "k1");
    for (wait, asked) in [(0, 1), (1, 1), (3598, 1), (1, 2), (3599, 2), (1, 3)] {
        site.wait(Duration::from_secs(wait));
        for _ in 0..3 {
            site.act(&token).await.unwrap();
        }
        assert_eq!(site.issuer.asked(JWKS), asked, "{wait}");
    }
}

/// TOK-1: an unknown key is asked for, but nobody makes us ask all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tok_1_however_many_come_with_unknown_keys_an_issuer_is_asked_once_in_ten_seconds() {
    let site = std::sync::Arc::new(site(vec![of_shop()]).await);
    site.act(&good()).await.unwrap();
    for (wait, asked) in [(0, 1), (9, 1), (1, 2), (9, 2), (1, 3)] {
        site.wait(Duration::from_secs(wait));
        let tries = (0..64).map(|n| {
            let (site, token) = (site.clone(), lasting(9, &format!("unknown-{n}")));
            tokio::spawn(async move { site.act(&token).await })
        });
        for outcome in futures::future::join_all(tries).await {
            assert_refused(outcome.unwrap(), "unknown");
        }
        site.act(&good()).await.unwrap();
        assert_eq!(site.issuer.asked(JWKS), asked, "{wait}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_come_first_one_asks() {
    let site = std::sync::Arc::new(site(vec![of_shop()]).await);
    site.issuer.dawdle(Duration::from_millis(20));
    let first = (0..64).map(|_| {
        let site = site.clone();
        tokio::spawn(async move { site.act(&good()).await })
    });
    for outcome in futures::future::join_all(first).await {
        outcome.unwrap().unwrap();
    }
    assert_eq!(
        (site.issuer.asked(DISCOVERY), site.issuer.asked(JWKS)),
        (1, 1)
    );
}

/// Who hangs up does not make us ask anew, nor others wait for nothing.
#[tokio::test]
async fn what_was_begun_goes_on_without_who_began_it() {
    let site = std::sync::Arc::new(site(vec![of_shop()]).await);
    site.issuer.dawdle(Duration::from_millis(50));
    for _ in 0..3 {
        let impatient = site.clone();
        let waiting = tokio::spawn(async move { impatient.act(&good()).await });
        tokio::time::sleep(Duration::from_millis(10)).await;
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
    }
    site.act(&good()).await.unwrap();
    assert_eq!(
        (site.issuer.asked(DISCOVERY), site.issuer.asked(JWKS)),
        (1, 1)
    );
}

#[tokio::test]
async fn an_issuer_changes_its_keys() {
    let site = site(vec![of_shop()]).await;
    site.act(&lasting(1, "k1")).await.unwrap();
    site.issuer.publish(&[jwk(1, "k1"), jwk(2, "k2")]);
    assert_refused(site.act(&lasting(2, "k2")).await, "asked a moment ago");
    site.wait(Duration::from_secs(10));
    site.act(&lasting(2, "k2")).await.unwrap();
    site.act(&lasting(1, "k1")).await.unwrap();

    // What is withdrawn verifies nothing an hour later, remembered or not.
    site.issuer.publish(&[jwk(2, "k2")]);
    site.act(&lasting(1, "k1")).await.unwrap();
    site.wait(Duration::from_secs(3600));
    assert_refused(site.act(&lasting(1, "k1")).await, "withdrawn");
    site.act(&lasting(2, "k2")).await.unwrap();
    // Nor does a name help that is the same.
    site.issuer.publish(&[jwk(3, "k2")]);
    site.wait(Duration::from_secs(3600));
    assert_refused(site.act(&lasting(2, "k2")).await, "another by that name");
    site.act(&lasting(3, "k2")).await.unwrap();
}

#[tokio::test]
async fn an_issuer_that_is_down_is_so_for_its_own_tokens_alone() {
    let site = site(vec![of_shop()]).await;
    site.issuer.set_down(true);
    assert_unavailable(site.act(&good()).await);
    assert_unavailable(site.act(&good()).await);
    assert_eq!(site.issuer.asked(DISCOVERY), 1, "asked a moment ago");

    let shop = site.auth.app_by_slug("shop").await.unwrap();
    let ann = shop
        .sign_up_email(sign_up("ann"), &RequestInfo::new())
        .await;
    let token = shop.access_token(&ann.unwrap()).await.unwrap().token;
    site.act(token.expose()).await.unwrap();
    assert_refused(site.act("eyJhbGciOiJFZERTQSJ9.e30.AA").await, "nobody's");

    site.issuer.set_down(false);
    assert_unavailable(site.act(&good()).await);
    site.wait(Duration::from_secs(10));
    site.act(&good()).await.unwrap();
}

#[tokio::test]
async fn known_keys_go_on_for_a_day_without_their_issuer_and_no_longer() {
    let site = site(vec![of_shop()]).await;
    let token = lasting(1, "k1");
    site.act(&token).await.unwrap();
    site.issuer.set_down(true);
    site.wait(Duration::from_secs(3600));
    for asked in [2, 2, 2] {
        site.act(&token).await.unwrap();
        assert_eq!(site.issuer.asked(DISCOVERY), asked);
    }
    // It may be a new one.
    assert_unavailable(site.act(&lasting(2, "k2")).await);
    site.act(&token).await.unwrap();
    site.wait(Duration::from_secs(23 * 3600 - 1));
    site.act(&token).await.unwrap();
    site.wait(Duration::from_secs(1));
    assert_unavailable(site.act(&token).await);
    site.issuer.set_down(false);
    site.wait(Duration::from_secs(10));
    site.act(&token).await.unwrap();
}

#[tokio::test]
async fn a_remembered_token_ends_when_it_says() {
    let site = site(vec![of_shop()]).await;
    let token = super::site::saying("exp", json!(NOW + 100));
    for (wait, holds) in [(0, true), (99, true), (60, true), (1, false)] {
        site.wait(Duration::from_secs(wait));
        assert_eq!(site.act(&token).await.is_ok(), holds, "{wait}");
    }
}

/// OA-8: what describes an issuer must be its own, and lead nowhere else.
#[tokio::test]
async fn oa_8_a_description_must_be_the_issuers_own() {
    for description in [
        json!({"issuer": "https://evil.example", "jwks_uri": JWKS}),
        json!({"issuer": format!("{ISSUER}/"), "jwks_uri": JWKS}),
        json!({"jwks_uri": JWKS}),
        json!({"issuer": ISSUER}),
        json!({"issuer": ISSUER, "jwks_uri": "http://keys.example.com/jwks"}),
        json!({"issuer": ISSUER, "jwks_uri": "http://127.0.0.1/jwks"}),
        json!({"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"}),
        json!({"issuer": ISSUER, "jwks_uri": [JWKS]}),
        json!([]),
    ] {
        let site = site(vec![of_shop()]).await;
        site.issuer.describe(description.clone());
        assert_unavailable(site.act(&good()).await);
        assert_eq!(site.issuer.asked(JWKS), 0, "{description}");
    }
}

#[tokio::test]
async fn where_the_keys_are_is_known_nobody_is_asked_for_a_description() {
    let issuer = workeros_auth::TokenIssuer::new(ISSUER, AUDIENCE).unwrap();
    let issuer = issuer.with_workspace("shop").with_jwks_url(JWKS).unwrap();
    let site = site(vec![issuer]).await;
    site.act(&good()).await.unwrap();
    assert_eq!(
        (site.issuer.asked(DISCOVERY), site.issuer.asked(JWKS)),
        (0, 1)
    );
}
