//! Each row is one lie of the provider's, and what becomes of it.

use serde_json::{Value as Json, json};
use workeros_auth::oauth::AuthorizationRequest;
use workeros_core::ErrorKind;

use super::provider::{ISSUER, Provider, REDIRECT, Script, sign_in, staff};
use crate::jwt::{Key, NOW};

/// What is told, how, and with which code it is refused.
type Lie = (&'static str, fn(&mut Script), &'static str);

const OA_3: &[Lie] = &[
    (
        "an answer of another issuer",
        |it| it.issuer = Some("https://evil.example.com".to_owned()),
        "ISSUER_MISMATCH",
    ),
    (
        "an issuer that is nearly the same",
        |it| it.issuer = Some(format!("{ISSUER}/")),
        "ISSUER_MISMATCH",
    ),
    (
        "an empty issuer",
        |it| it.issuer = Some(String::new()),
        "ISSUER_MISMATCH",
    ),
    (
        "no issuer, where it was promised",
        |it| it.discovery["authorization_response_iss_parameter_supported"] = true.into(),
        "ISSUER_MISMATCH",
    ),
    (
        "an error of another issuer",
        |it| {
            it.error = Some("access_denied".to_owned());
            it.issuer = Some("https://evil.example.com".to_owned());
        },
        "ISSUER_MISMATCH",
    ),
];

const OA_4: &[Lie] = &[
    (
        "another audience",
        |it| it.claims["aud"] = "client-8".into(),
        "INVALID_TOKEN",
    ),
    (
        "no audience",
        |it| it.claims["aud"] = Json::Null,
        "INVALID_TOKEN",
    ),
    (
        "several audiences, and nobody it was issued to",
        |it| it.claims["aud"] = json!(["client-7", "client-8"]),
        "INVALID_TOKEN",
    ),
    (
        "issued to somebody else",
        |it| {
            it.claims["aud"] = json!(["client-7", "client-8"]);
            it.claims["azp"] = "client-8".into();
        },
        "INVALID_TOKEN",
    ),
    (
        "issued to somebody else, for us alone",
        |it| it.claims["azp"] = "client-8".into(),
        "INVALID_TOKEN",
    ),
    (
        "another issuer",
        |it| it.claims["iss"] = "https://evil.example.com".into(),
        "INVALID_TOKEN",
    ),
    (
        "an issuer that is nearly the same",
        |it| it.claims["iss"] = format!("{ISSUER}/").into(),
        "INVALID_TOKEN",
    ),
    (
        "another nonce",
        |it| it.claims["nonce"] = "n-1".into(),
        "INVALID_TOKEN",
    ),
    (
        "no nonce",
        |it| it.claims["nonce"] = Json::Null,
        "INVALID_TOKEN",
    ),
    (
        "a token that has expired",
        |it| it.claims["exp"] = (NOW - 61).into(),
        "INVALID_TOKEN",
    ),
    (
        "a token without an end",
        |it| it.claims["exp"] = Json::Null,
        "INVALID_TOKEN",
    ),
    (
        "a token of the future",
        |it| it.claims["iat"] = (NOW + 300).into(),
        "INVALID_TOKEN",
    ),
    (
        "no signature",
        |it| it.header["alg"] = "none".into(),
        "INVALID_TOKEN",
    ),
    (
        "a key as a password",
        |it| it.header["alg"] = "HS256".into(),
        "INVALID_TOKEN",
    ),
    (
        "a key by another algorithm",
        |it| it.header["alg"] = "RS256".into(),
        "INVALID_TOKEN",
    ),
    (
        "a signature of somebody else's",
        |it| it.seed = 8,
        "INVALID_TOKEN",
    ),
    (
        "a key nobody knows",
        |it| it.header["kid"] = "k2".into(),
        "INVALID_TOKEN",
    ),
    (
        "a key that it brings along",
        |it| {
            it.seed = 8;
            it.header["jwk"] = Key::p256(8).jwk("k1");
        },
        "INVALID_TOKEN",
    ),
    (
        "keys from elsewhere",
        |it| {
            it.seed = 8;
            it.header["jku"] = "https://evil.example.com/jwks".into();
            let jwks = json!({"keys": [Key::p256(8).jwk("k1")]});
            it.others.push(("https://evil.example.com/jwks", 200, jwks));
        },
        "INVALID_TOKEN",
    ),
    (
        "an access token",
        |it| it.header["typ"] = "at+jwt".into(),
        "INVALID_TOKEN",
    ),
    (
        "verified, as the text `false`",
        |it| it.claims["email_verified"] = "false".into(),
        "INVALID_TOKEN",
    ),
    (
        "verified, as the text `true`",
        |it| it.claims["email_verified"] = "true".into(),
        "INVALID_TOKEN",
    ),
    (
        "verified, as a number",
        |it| it.claims["email_verified"] = 1.into(),
        "INVALID_TOKEN",
    ),
    (
        "nobody",
        |it| it.claims["sub"] = Json::Null,
        "INVALID_TOKEN",
    ),
    (
        "an empty subject",
        |it| it.claims["sub"] = "".into(),
        "INVALID_TOKEN",
    ),
    (
        "a subject that is a number",
        |it| it.claims["sub"] = 7.into(),
        "INVALID_TOKEN",
    ),
    (
        "a subject without end",
        |it| it.claims["sub"] = "u".repeat(256).into(),
        "INVALID_TOKEN",
    ),
    (
        "a subject of two lines",
        |it| it.claims["sub"] = "u-1\nu-2".into(),
        "INVALID_TOKEN",
    ),
    (
        "no ID token",
        |it| it.token["id_token"] = Json::Null,
        "INVALID_TOKEN",
    ),
    (
        "no token at all",
        |it| it.token["id_token"] = "x".into(),
        "INVALID_TOKEN",
    ),
    (
        "an address of somebody else",
        |it| {
            it.claims["email"] = Json::Null;
            it.userinfo["sub"] = "u-2".into();
        },
        "INVALID_TOKEN",
    ),
    (
        "an address of nobody",
        |it| {
            it.claims["email"] = Json::Null;
            it.userinfo["sub"] = Json::Null;
        },
        "INVALID_TOKEN",
    ),
    (
        "an address, verified as text",
        |it| {
            it.claims["email"] = Json::Null;
            it.userinfo["email_verified"] = "true".into();
        },
        "INVALID_TOKEN",
    ),
];

const OA_8: &[Lie] = &[
    (
        "a description of another issuer",
        |it| it.discovery["issuer"] = "https://evil.example.com".into(),
        "PROVIDER_MISCONFIGURED",
    ),
    (
        "a description of nearly the same issuer",
        |it| it.discovery["issuer"] = format!("{ISSUER}/").into(),
        "PROVIDER_MISCONFIGURED",
    ),
    (
        "a description of nobody",
        |it| it.discovery["issuer"] = Json::Null,
        "PROVIDER_MISCONFIGURED",
    ),
    (
        "a page that runs",
        |it| it.discovery["authorization_endpoint"] = "javascript:alert(1)//".into(),
        "PROVIDER_MISCONFIGURED",
    ),
    (
        "tokens in the clear",
        |it| it.discovery["token_endpoint"] = "http://id.example.com/token".into(),
        "PROVIDER_MISCONFIGURED",
    ),
    (
        "tokens in the clear, on this machine",
        |it| it.discovery["token_endpoint"] = "http://localhost/token".into(),
        "PROVIDER_MISCONFIGURED",
    ),
    (
        "keys with a password",
        |it| it.discovery["jwks_uri"] = "https://a:b@keys.example.com/jwks".into(),
        "PROVIDER_MISCONFIGURED",
    ),
    (
        "no keys",
        |it| it.discovery["jwks_uri"] = Json::Null,
        "PROVIDER_MISCONFIGURED",
    ),
    (
        "no use for a secret",
        |it| it.discovery["token_endpoint_auth_methods_supported"] = json!(["none"]),
        "PROVIDER_MISCONFIGURED",
    ),
    (
        "a description that is a page",
        |it| it.discovery = "<html>".into(),
        "PROVIDER_UNAVAILABLE",
    ),
    (
        "a description with two issuers",
        |it| it.discovery = r#"{"issuer":"https://a","issuer":"https://b"}"#.into(),
        "PROVIDER_UNAVAILABLE",
    ),
    (
        "no description",
        |it| {
            let url = "https://id.example.com/.well-known/openid-configuration";
            it.others.push((url, 404, json!({})));
        },
        "PROVIDER_UNAVAILABLE",
    ),
    (
        "a description elsewhere",
        |it| {
            let url = "https://id.example.com/.well-known/openid-configuration";
            it.others.push((url, 302, it.discovery.clone()));
        },
        "PROVIDER_UNAVAILABLE",
    ),
    (
        "keys that are none",
        |it| it.jwks = json!({"keys": []}),
        "PROVIDER_UNAVAILABLE",
    ),
    (
        "no connection for keys",
        |it| it.jwks = Json::Null,
        "PROVIDER_UNAVAILABLE",
    ),
    (
        "no connection for tokens",
        |it| it.token = Json::Null,
        "PROVIDER_UNAVAILABLE",
    ),
    (
        "tokens that are a page",
        |it| it.token = "<html>".into(),
        "PROVIDER_UNAVAILABLE",
    ),
    (
        "tokens, with an error",
        |it| it.token_status = 500,
        "PROVIDER_UNAVAILABLE",
    ),
    (
        "tokens of another kind",
        |it| it.token["token_type"] = "mac".into(),
        "PROVIDER_UNAVAILABLE",
    ),
    (
        "a token of two lines",
        |it| {
            it.claims["email"] = Json::Null;
            it.token["access_token"] = "a\r\nx-evil: 1".into();
        },
        "PROVIDER_UNAVAILABLE",
    ),
    (
        "a code that is used",
        |it| {
            it.token_status = 400;
            it.token = json!({"error": "invalid_grant"});
        },
        "INVALID_CODE",
    ),
    (
        "a secret that is wrong",
        |it| {
            it.token_status = 401;
            it.token = json!({"error": "invalid_client", "error_description": "canary"});
        },
        "PROVIDER_MISCONFIGURED",
    ),
];

const OA_9: &[Lie] = &[
    (
        "the user would not",
        |it| it.error = Some("access_denied".to_owned()),
        "ACCESS_DENIED",
    ),
    (
        "it is busy",
        |it| it.error = Some("temporarily_unavailable".to_owned()),
        "PROVIDER_UNAVAILABLE",
    ),
    (
        "it does not know us",
        |it| it.error = Some("unauthorized_client".to_owned()),
        "PROVIDER_MISCONFIGURED",
    ),
    (
        "something that runs",
        |it| it.error = Some("<script>canary</script>".to_owned()),
        "PROVIDER_ERROR",
    ),
];

async fn check(lies: &[Lie]) {
    for (what, tell, code) in lies {
        let provider = Provider::new(Script::default());
        provider.tell(tell);
        let client = provider.client(staff());
        let error = match sign_in(&client, &provider).await {
            Ok(identity) => panic!("{what}: {identity:?}"),
            Err(error) => error,
        };
        assert_eq!(error.code(), Some(*code), "{what}: {error:?}");
        let kind = match *code {
            "PROVIDER_UNAVAILABLE" | "PROVIDER_MISCONFIGURED" => ErrorKind::Unavailable,
            "INVALID_TOKEN" => ErrorKind::Unauthorized,
            _ => ErrorKind::BadRequest,
        };
        assert_eq!(error.kind(), kind, "{what}");
        assert!(
            !format!("{error:?}").contains("canary"),
            "{what}: {error:?}"
        );
        let elsewhere = provider.requests("");
        let elsewhere = elsewhere.iter().filter(|it| it.url.contains("evil"));
        assert_eq!(elsewhere.count(), 0, "{what}");
    }
}

/// OA-3: an answer of another issuer is none.
#[tokio::test]
async fn oa_3_an_answer_of_another_issuer_is_none() {
    check(OA_3).await;
}

/// OA-4: a token that lies signs nobody in.
#[tokio::test]
async fn oa_4_a_token_that_lies_signs_nobody_in() {
    check(OA_4).await;
}

/// OA-8: a provider that is not as configured signs nobody in.
#[tokio::test]
async fn oa_8_a_provider_that_is_not_as_configured_signs_nobody_in() {
    check(OA_8).await;
}

/// OA-9: an error of the provider is told by a word of ours.
#[tokio::test]
async fn oa_9_an_error_of_the_provider_is_told_by_a_word_of_ours() {
    check(OA_9).await;
}

/// What a provider says, and how it comes to say it.
type Truth = (&'static str, fn(&mut Script));

/// OA-4: the tables above prove nothing if there is nobody who is let in.
#[tokio::test]
async fn the_truth_signs_in() {
    let truths: &[Truth] = &[
        ("as it is", |_| {}),
        ("naming itself", |it| {
            it.issuer = Some(ISSUER.to_owned());
            it.discovery["authorization_response_iss_parameter_supported"] = true.into();
        }),
        ("for several, issued to us", |it| {
            it.claims["aud"] = json!(["client-7", "client-8"]);
            it.claims["azp"] = "client-7".into();
        }),
        ("a clock that is slow", |it| {
            it.claims["iat"] = (NOW + 30).into();
        }),
        ("a subject as long as can be", |it| {
            it.claims["sub"] = "u".repeat(255).into();
        }),
        ("without an address", |it| {
            it.claims["email"] = Json::Null;
            it.discovery["userinfo_endpoint"] = Json::Null;
        }),
    ];
    for (what, tell) in truths {
        let provider = Provider::new(Script::default());
        provider.tell(tell);
        let client = provider.client(staff());
        let identity = sign_in(&client, &provider).await;
        assert!(identity.is_ok(), "{what}: {identity:?}");
    }
}

/// OA-1: a code counts with the verifier it was asked for, and where.
#[tokio::test]
async fn a_code_counts_with_the_verifier_it_was_asked_for() {
    let provider = Provider::new(Script::default());
    let client = provider.client(staff());
    let request = AuthorizationRequest::new(REDIRECT);
    let mine = client.authorize(&request).await.unwrap();
    let other = client.authorize(&request).await.unwrap();
    let callback = provider.visit(&mine.url);
    let error = client.identify(&callback, REDIRECT, &other.pending).await;
    assert_eq!(error.unwrap_err().code(), Some("INVALID_CODE"));
    let elsewhere = format!("{REDIRECT}/");
    let error = client.identify(&callback, &elsewhere, &mine.pending).await;
    assert_eq!(error.unwrap_err().code(), Some("INVALID_CODE"));
    assert!(
        client
            .identify(&callback, REDIRECT, &mine.pending)
            .await
            .is_ok()
    );
}
