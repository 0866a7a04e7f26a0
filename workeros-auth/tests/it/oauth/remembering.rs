//! How often a provider is asked.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use workeros_auth::oauth::{AuthorizationRequest, OAuthClient};
use workeros_core::testkit::StandingClock;
use workeros_core::{HttpClient, HttpRequest, HttpResponse, Result, SystemRandom};

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

/// A provider that takes its time to answer.
#[derive(Debug)]
struct Slow(Provider, Duration);

#[async_trait]
impl HttpClient for Slow {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let answer = self.0.send(request).await;
        tokio::time::sleep(self.1).await;
        answer
    }
}

impl Slow {
    fn client(self, clock: &Arc<StandingClock>) -> OAuthClient {
        let clock = Arc::clone(clock) as _;
        OAuthClient::new(staff(), Arc::new(self), clock, Arc::new(SystemRandom))
    }
}

/// OA-8: nobody makes us ask a provider more often by hanging up.
#[tokio::test]
async fn oa_8_who_hangs_up_makes_nobody_ask_again() {
    let provider = Provider::new(Script::default());
    let slow = Slow(provider.clone(), Duration::from_millis(300));
    let client = slow.client(&Arc::default());
    let request = AuthorizationRequest::new(REDIRECT);
    for _ in 0..20 {
        let asking = client.authorize(&request);
        let hung_up = tokio::time::timeout(Duration::from_millis(2), asking).await;
        hung_up.unwrap_err();
    }
    client.authorize(&request).await.unwrap();
    assert_eq!(provider.requests(DISCOVERY).len(), 1);
}

/// OA-8: who comes with a key that is known does not wait for those who come with
/// others.
#[tokio::test]
async fn oa_8_a_key_that_is_known_does_not_wait_for_one_that_is_not() {
    let provider = Provider::new(Script::default());
    let clock = Arc::new(StandingClock::default());
    let client = Slow(provider.clone(), Duration::from_secs(1)).client(&clock);
    let known = provider.id_token(None);
    client.identify_by_id_token(&known, None).await.unwrap();
    clock.advance(Duration::from_secs(10));
    provider.tell(|script| script.header["kid"] = "k2".into());
    let unknown = provider.id_token(None);
    let flood = (0..20).map(|_| client.identify_by_id_token(&unknown, None));
    let flood = futures::future::join_all(flood);
    let known = tokio::time::timeout(Duration::from_millis(500), async {
        // After those of the flood have begun to ask.
        tokio::time::sleep(Duration::from_millis(20)).await;
        client.identify_by_id_token(&known, None).await
    });
    let (flood, known) = tokio::join!(flood, known);
    known.expect("without waiting").unwrap();
    assert!(flood.iter().all(Result::is_err));
    assert_eq!(provider.requests(JWKS).len(), 2);
}

#[tokio::test]
async fn a_provider_that_is_away_is_known_for_a_day() {
    let provider = Provider::new(Script::default());
    provider.tell(|script| script.claims["exp"] = (crate::jwt::NOW + 200_000).into());
    let client = provider.client(staff());
    sign_in(&client, &provider).await.unwrap();
    provider.tell(|script| {
        script.discovery = json!(null);
        script.jwks = json!(null);
    });
    provider.wait(Duration::from_hours(24) - Duration::from_secs(1));
    sign_in(&client, &provider).await.unwrap();
    provider.wait(Duration::from_secs(10));
    let error = sign_in(&client, &provider).await.unwrap_err();
    assert_eq!(error.code(), Some("PROVIDER_UNAVAILABLE"));
}
