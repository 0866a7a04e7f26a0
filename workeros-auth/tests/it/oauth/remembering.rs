//! How often a provider is asked.

use std::time::Duration;

use serde_json::json;
use workeros_auth::oauth::AuthorizationRequest;

use super::provider::{Provider, REDIRECT, Script, sign_in, staff};
use crate::jwt::Key;

const DISCOVERY: &str = "openid-configuration";
const JWKS: &str = "/jwks";

#[tokio::test]
async fn its_description_and_keys_are_good_for_an_hour() {
    let provider = Provider::new(Script::default());
    provider.tell(|script| script.claims["exp"] = (crate::jwt::NOW + 86_400).into());
    let client = provider.client(staff());
    for (wait, asked) in [(0, 1), (1, 1), (3598, 1), (1, 2), (3600, 3)] {
        provider.wait(Duration::from_secs(wait));
        sign_in(&client, &provider).await.unwrap();
        assert_eq!(provider.requests(DISCOVERY).len(), asked);
        assert_eq!(provider.requests(JWKS).len(), asked);
    }
}

#[tokio::test]
async fn a_key_nobody_knows_is_asked_for_but_not_at_once_again() {
    let provider = Provider::new(Script::default());
    let client = provider.client(staff());
    sign_in(&client, &provider).await.unwrap();

    provider.tell(|script| {
        script.jwks = json!({"keys": [Key::p256(8).jwk("k2")]});
        script.header["kid"] = "k2".into();
        script.seed = 8;
    });
    sign_in(&client, &provider).await.unwrap_err();
    assert_eq!(provider.requests(JWKS).len(), 1, "asked a moment ago");
    provider.wait(Duration::from_secs(10));
    sign_in(&client, &provider).await.unwrap();
    assert_eq!(provider.requests(JWKS).len(), 2);

    provider.tell(|script| script.header["kid"] = "k3".into());
    for round in 0..20 {
        provider.wait(Duration::from_secs(1));
        let error = sign_in(&client, &provider).await.unwrap_err();
        assert_eq!(error.code(), Some("INVALID_TOKEN"), "{round}");
    }
    assert_eq!(provider.requests(JWKS).len(), 4, "in 20 s, twice");
}

#[tokio::test]
async fn keys_that_cannot_be_had_do_not_replace_those_that_are_known() {
    let provider = Provider::new(Script::default());
    let client = provider.client(staff());
    sign_in(&client, &provider).await.unwrap();
    provider.wait(Duration::from_secs(10));
    provider.tell(|script| {
        script.header["kid"] = "k2".into();
        script.jwks = json!(null);
    });
    let error = sign_in(&client, &provider).await.unwrap_err();
    assert_eq!(error.code(), Some("PROVIDER_UNAVAILABLE"));
    provider.tell(|script| script.header["kid"] = "k1".into());
    sign_in(&client, &provider).await.unwrap();
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_left_alone_for_a_while() {
    let provider = Provider::new(Script::default());
    let discovery = Script::default().discovery;
    provider.tell(|script| script.discovery = json!(null));
    let client = provider.client(staff());
    let request = AuthorizationRequest::new(REDIRECT);
    let asking = (0..50).map(|_| client.authorize(&request));
    for answer in futures::future::join_all(asking).await {
        let error = answer.unwrap_err();
        assert_eq!(error.code(), Some("PROVIDER_UNAVAILABLE"));
    }
    assert_eq!(provider.requests(DISCOVERY).len(), 1);
    provider.tell(|script| script.discovery = discovery);
    provider.wait(Duration::from_secs(10));
    client.authorize(&request).await.unwrap();
    assert_eq!(provider.requests(DISCOVERY).len(), 2);
}

#[tokio::test]
async fn many_who_ask_at_once_ask_once() {
    let provider = Provider::new(Script::default());
    let client = provider.client(staff());
    let request = AuthorizationRequest::new(REDIRECT);
    let asking = (0..50).map(|_| client.authorize(&request));
    for answer in futures::future::join_all(asking).await {
        answer.unwrap();
    }
    assert_eq!(provider.requests(DISCOVERY).len(), 1);
}
