//! OA-4: ID tokens that were issued to native apps of ours, which have ids of
//! their own at the provider.

use serde_json::{Value as Json, json};
use workeros_auth::oauth::{OAuthClient, OAuthProvider};
use workeros_core::ErrorKind;

use super::provider::{Provider, Script, sign_in, staff};

/// With a web client and two apps.
fn with_apps() -> OAuthProvider {
    staff()
        .with_native_client_ids(["ios-1", "android-1"])
        .unwrap()
}

fn issued_to(provider: &Provider, audience: &Json, party: &Json) -> String {
    provider.tell(|script| {
        script.claims["aud"] = audience.clone();
        script.claims["azp"] = party.clone();
    });
    provider.id_token(None)
}

async fn holds(client: &OAuthClient, token: &str) -> bool {
    match client.identify_by_id_token(token, None).await {
        Ok(identity) => {
            assert_eq!(identity.subject, "u-1");
            true
        }
        Err(error) => {
            assert_eq!(error.code(), Some("INVALID_TOKEN"), "{error:?}");
            false
        }
    }
}

/// OA-4: a token that an app brings is for one of our clients, and was issued to
/// one of them.
#[tokio::test]
async fn oa_4_an_app_brings_a_token_that_was_issued_to_one_of_our_apps() {
    let provider = Provider::new(Script::default());
    let (apps, web) = (provider.client(with_apps()), provider.client(staff()));
    let none = Json::Null;
    for (audience, party, expect) in [
        (json!("client-7"), none.clone(), true),
        (json!("ios-1"), none.clone(), true),
        (json!("ios-1"), json!("ios-1"), true),
        (json!(["ios-1"]), none.clone(), true),
        // As Google does it: the app asks for a token that its server reads.
        (json!("client-7"), json!("android-1"), true),
        (json!(["client-7", "ios-1"]), json!("ios-1"), true),
        (json!(["ios-1", "another"]), json!("ios-1"), true),
        (json!(["client-7", "ios-1"]), none.clone(), false),
        (json!(["ios-1", "another"]), json!("another"), false),
        (json!(["ios-1", 7]), json!("ios-1"), false),
        (json!("ios-1"), json!("another"), false),
        (json!("ios-1"), json!(["ios-1"]), false),
        (json!("ios-1"), json!(""), false),
        (json!("another"), json!("ios-1"), false),
        (json!("IOS-1"), none.clone(), false),
        (json!("ios-1 "), none.clone(), false),
        (json!("ios"), none.clone(), false),
        (json!({"ios-1": true}), none.clone(), false),
        (json!([]), json!("ios-1"), false),
        (none.clone(), json!("ios-1"), false),
    ] {
        let token = issued_to(&provider, &audience, &party);
        assert_eq!(holds(&apps, &token).await, expect, "{audience} {party}");
        let is_web = audience == "client-7" && party.is_null();
        assert_eq!(holds(&web, &token).await, is_web, "{audience} {party}");
    }
}

/// OA-4: what is true of every token is true of these.
#[tokio::test]
async fn oa_4_a_token_of_an_app_is_held_to_everything_else() {
    for (claim, value) in [
        ("iss", json!("https://evil.example.com")),
        ("exp", json!(crate::jwt::NOW - 61)),
        ("iat", json!(crate::jwt::NOW + 61)),
        ("nonce", json!("n-2")),
        ("email_verified", json!("false")),
        ("sub", json!("")),
    ] {
        let provider = Provider::new(Script::default());
        let client = provider.client(with_apps());
        provider.tell(|script| script.claims[claim] = value.clone());
        let token = issued_to(&provider, &json!("ios-1"), &Json::Null);
        assert!(!holds(&client, &token).await, "{claim}: {value}");
    }
}

/// OA-4: a browser comes back with what was issued to the client it was sent by,
/// and by no other.
#[tokio::test]
async fn oa_4_a_browser_does_not_come_back_with_the_token_of_an_app() {
    for (audience, party) in [
        (json!("ios-1"), Json::Null),
        (json!("client-7"), json!("ios-1")),
        (json!(["client-7", "ios-1"]), json!("ios-1")),
    ] {
        let provider = Provider::new(Script::default());
        // It says `client-7` where the browser is sent, which `visit` holds it to.
        let client = provider.client(with_apps());
        sign_in(&client, &provider).await.unwrap();
        issued_to(&provider, &audience, &party);
        let error = sign_in(&client, &provider).await.unwrap_err();
        assert_eq!(error.code(), Some("INVALID_TOKEN"), "{audience} {party}");
    }
}

/// OA-5: he is the same at all of our clients.
#[tokio::test]
async fn oa_5_somebody_is_the_same_in_a_browser_and_in_an_app() {
    let provider = Provider::new(Script::default());
    let client = provider.client(with_apps());
    let browser = sign_in(&client, &provider).await.unwrap();
    let token = issued_to(&provider, &json!("ios-1"), &Json::Null);
    let app = client.identify_by_id_token(&token, None).await.unwrap();
    assert_eq!(app, browser);
}

/// OA-4: a service that is given an access token of somebody, or told that he has
/// signed out, cannot sign in as he: both may be for our client, and signed by the
/// same key.
#[tokio::test]
async fn oa_4_what_is_no_id_token_signs_nobody_in() {
    for (claim, value) in [
        ("scope", json!("openid email")),
        ("scp", json!(["openid"])),
        ("typ", json!("Bearer")),
        ("typ", json!("Refresh")),
        ("token_use", json!("access")),
        (
            "events",
            json!({"http://schemas.openid.net/event/backchannel-logout": {}}),
        ),
    ] {
        let provider = Provider::new(Script::default());
        let client = provider.client(staff());
        provider.tell(|script| script.claims[claim] = value.clone());
        let token = provider.id_token(None);
        assert!(!holds(&client, &token).await, "{claim}: {value}");
    }
    let provider = Provider::new(Script::default());
    let client = provider.client(staff());
    for kind in ["at+jwt", "logout+jwt", "secevent+jwt"] {
        provider.tell(|script| script.header["typ"] = kind.into());
        assert!(!holds(&client, &provider.id_token(None)).await, "{kind}");
    }
    provider.tell(|script| {
        script.header["typ"] = "JWT".into();
        script.claims["typ"] = "ID".into();
        script.claims["token_use"] = "id".into();
    });
    assert!(holds(&client, &provider.id_token(None)).await);
}

#[test]
fn what_can_be_no_native_client_is_refused() {
    let many = vec!["a"; 21];
    for ids in [vec![""], vec!["a b"], vec!["ä"], many] {
        let error = staff().with_native_client_ids(ids.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{ids:?}");
    }
    let github = || OAuthProvider::github("client-7", "secret").unwrap();
    github().with_native_client_ids(["ios-1"]).unwrap_err();
    assert!(github().with_native_client_ids([""; 0]).is_ok());
}
