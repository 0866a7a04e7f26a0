//! Apple, which wants a secret made anew each time, and tells a name once.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier as _;
use serde_json::{Value as Json, json};
use workeros_auth::oauth::{AppleKey, AuthorizationRequest, OAuthClient, OAuthProvider};

use super::provider::{Provider, REDIRECT, Script, field, parameter, sign_in};
use super::setting_up::p8;
use crate::jwt::NOW;

const ISSUER: &str = "https://appleid.apple.com";

fn world() -> (Provider, OAuthClient) {
    let provider = Provider::new(Script::default());
    provider.tell(|script| {
        script.discovery["issuer"] = ISSUER.into();
        script.discovery["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
        script.claims["iss"] = ISSUER.into();
        script.claims["name"] = Json::Null;
        let url = "https://appleid.apple.com/.well-known/openid-configuration";
        script.others.push((url, 200, script.discovery.clone()));
    });
    let key = AppleKey::new("TEAM123456", "KEY1234567", &p8()).unwrap();
    let client = provider.client(OAuthProvider::apple("client-7", key).unwrap());
    (provider, client)
}

fn decode(part: &str) -> Json {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// OA-6: its secret is minted.
#[tokio::test]
async fn oa_6_its_secret_is_minted() {
    let (provider, client) = world();
    sign_in(&client, &provider).await.unwrap();
    provider.wait(Duration::from_secs(60));
    sign_in(&client, &provider).await.unwrap();
    for (request, at) in provider.requests("/token").iter().zip([NOW, NOW + 60]) {
        let secret = field(&request.body, "client_secret").unwrap();
        let parts: Vec<&str> = secret.split('.').collect();
        assert_eq!(
            decode(parts[0]),
            json!({"alg": "ES256", "kid": "KEY1234567"})
        );
        let claims = json!({
            "iss": "TEAM123456", "sub": "client-7", "aud": ISSUER, "iat": at, "exp": at + 300,
        });
        assert_eq!(decode(parts[1]), claims);
        let key = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
        let signature = p256::ecdsa::Signature::from_slice(&signature).unwrap();
        let signed = format!("{}.{}", parts[0], parts[1]);
        key.verifying_key()
            .verify(signed.as_bytes(), &signature)
            .unwrap();
    }
}

/// OA-6: whether an address is verified may be text.
#[tokio::test]
async fn oa_6_whether_an_address_is_verified_may_be_text() {
    for (claim, expect) in [
        (json!("true"), Some(true)),
        (json!(true), Some(true)),
        (json!("false"), Some(false)),
        (json!(false), Some(false)),
        (Json::Null, None),
    ] {
        let (provider, client) = world();
        provider.tell(|script| script.claims["email_verified"] = claim.clone());
        let identity = sign_in(&client, &provider).await.unwrap();
        assert_eq!(identity.email_verified, expect, "{claim}");
    }
    for claim in [json!("TRUE"), json!("1"), json!(1), json!("")] {
        let (provider, client) = world();
        provider.tell(|script| script.claims["email_verified"] = claim.clone());
        let error = sign_in(&client, &provider).await.unwrap_err();
        assert_eq!(error.code(), Some("INVALID_TOKEN"), "{claim}");
    }
}

/// OA-7: what the browser brings along is its own word.
#[tokio::test]
async fn oa_7_the_name_is_in_the_form_and_nothing_else_is() {
    for (user, name) in [
        (
            r#"{"name":{"firstName":"Ann","lastName":"Lee"},"email":"evil@example.com"}"#,
            Some("Ann Lee"),
        ),
        (r#"{"name":{"firstName":"Ann"}}"#, Some("Ann")),
        (r#"{"name":{"firstName":7}}"#, None),
        (r#"{"email":"evil@example.com","sub":"u-2"}"#, None),
        ("not json", None),
    ] {
        let (provider, client) = world();
        let request = AuthorizationRequest::new(REDIRECT);
        let authorization = client.authorize(&request).await.unwrap();
        let mode = parameter(&authorization.url, "response_mode");
        assert_eq!(mode.as_deref(), Some("form_post"));
        let callback = provider
            .visit(&authorization.url)
            .with_user(Some(user.to_owned()));
        let identity = client
            .identify(&callback, REDIRECT, &authorization.pending)
            .await
            .unwrap();
        assert_eq!(identity.name.as_ref().map(|it| it.as_str()), name, "{user}");
        assert_eq!(
            identity.email.unwrap().as_str(),
            "ann@example.com",
            "{user}"
        );
        assert_eq!(identity.subject, "u-1");
    }
}
