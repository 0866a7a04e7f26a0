//! What every provider of OpenID Connect has in common.

use serde_json::{Value as Json, json};
use workeros_auth::oauth::AuthorizationRequest;
use workeros_core::ErrorKind;

use super::provider::{Provider, REDIRECT, Script, field, parameter, sign_in, staff};

/// OA-1: the browser goes with state nonce and challenge.
#[tokio::test]
async fn oa_1_the_browser_goes_with_state_nonce_and_challenge() {
    let provider = Provider::new(Script::default());
    let client = provider.client(staff());
    let request = AuthorizationRequest::new(REDIRECT)
        .with_scopes(["email", "groups"])
        .unwrap()
        .with_login_hint(Some("ann@example.com".to_owned()));
    let mut seen = Vec::new();
    for _ in 0..2 {
        let authorization = client.authorize(&request).await.unwrap();
        let url = &authorization.url;
        assert!(
            url.starts_with("https://id.example.com/authorize?"),
            "{url}"
        );
        let expected = [
            ("response_type", "code"),
            ("client_id", "client-7"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid email profile groups"),
            ("code_challenge_method", "S256"),
            ("login_hint", "ann@example.com"),
        ];
        for (name, value) in expected {
            assert_eq!(parameter(url, name).as_deref(), Some(value), "{url}");
        }
        for name in ["state", "nonce", "code_challenge"] {
            let value = parameter(url, name).unwrap();
            assert_eq!(value.len(), 43, "256 bits in base64url: {url}");
            assert!(!seen.contains(&value), "{url}");
            seen.push(value);
        }
        assert!(!format!("{:?}", authorization.pending).contains(&seen[1]));
    }
}

#[tokio::test]
async fn who_comes_back_is_known() {
    let provider = Provider::new(Script::default());
    let client = provider.client(staff());
    let identity = sign_in(&client, &provider).await.unwrap();
    assert_eq!(identity.provider, "staff");
    assert_eq!(identity.issuer, "https://id.example.com");
    assert_eq!(identity.subject, "u-1");
    assert_eq!(identity.email.unwrap().as_str(), "ann@example.com");
    assert_eq!(identity.email_verified, Some(true));
    assert_eq!(identity.name.unwrap().as_str(), "Ann");
    let picture = "https://id.example.com/ann.png";
    assert_eq!(identity.picture.as_deref(), Some(picture));
    assert!(provider.requests("/me").is_empty(), "the token says it all");
}

/// OA-10: a picture is kept as the URL it is; nobody goes and looks.
#[tokio::test]
async fn oa_10_no_picture_is_fetched() {
    for picture in [
        "https://id.example.com/ann.png",
        "https://169.254.169.254/latest/meta-data",
    ] {
        let provider = Provider::new(Script::default());
        provider.tell(|script| script.claims["picture"] = picture.into());
        let client = provider.client(staff());
        sign_in(&client, &provider).await.unwrap();
        let asked = provider.requests("");
        assert!(!asked.is_empty());
        assert!(asked.iter().all(|request| request.url != picture));
    }
}

#[tokio::test]
async fn the_secret_goes_where_the_provider_wants_it() {
    let methods = "token_endpoint_auth_methods_supported";
    for (supported, in_header) in [
        (Json::Null, true),
        (json!(["client_secret_post", "client_secret_basic"]), true),
        (json!(["private_key_jwt", "client_secret_post"]), false),
    ] {
        let provider = Provider::new(Script::default());
        provider.tell(|script| {
            if !supported.is_null() {
                script.discovery[methods] = supported;
            }
        });
        let client = provider.client(staff());
        sign_in(&client, &provider).await.unwrap();
        let [request] = &provider.requests("/token")[..] else {
            panic!("one code is redeemed once")
        };
        let header = request.headers.get("authorization");
        // client-7:secret
        let basic = "Basic Y2xpZW50LTc6c2VjcmV0";
        assert_eq!(
            header.map(|it| it.to_str().unwrap()),
            in_header.then_some(basic)
        );
        let secret = field(&request.body, "client_secret");
        assert_eq!(secret.as_deref(), (!in_header).then_some("secret"));
        assert_eq!(
            field(&request.body, "client_id").as_deref(),
            Some("client-7")
        );
    }
}

#[tokio::test]
async fn what_the_token_does_not_say_is_asked_for() {
    let provider = Provider::new(Script::default());
    provider.tell(|script| {
        script.claims["email"] = Json::Null;
        script.claims["email_verified"] = Json::Null;
    });
    let client = provider.client(staff());
    let identity = sign_in(&client, &provider).await.unwrap();
    assert_eq!(identity.email.unwrap().as_str(), "ann@example.com");
    assert_eq!(identity.email_verified, Some(true));
    let [request] = &provider.requests("/me")[..] else {
        panic!("asked once")
    };
    assert_eq!(request.headers["authorization"], "Bearer at-1");
}

#[tokio::test]
async fn what_cannot_be_taken_over_is_left_out() {
    for (claim, value) in [
        ("email", json!("victim＠example.com")),
        ("email", json!(["ann@example.com"])),
        ("name", json!(" \u{7} ")),
        ("picture", json!("http://id.example.com/ann.png")),
        ("picture", json!("javascript:alert(1)")),
    ] {
        let provider = Provider::new(Script::default());
        provider.tell(|script| script.claims[claim] = value.clone());
        let client = provider.client(staff());
        let identity = sign_in(&client, &provider).await.unwrap();
        match claim {
            "email" => assert_eq!((identity.email, identity.email_verified), (None, None)),
            "name" => assert_eq!(identity.name, None),
            _ => assert_eq!(identity.picture, None, "{value}"),
        }
    }
}

/// OA-4: an app of ours brings an ID token.
#[tokio::test]
async fn oa_4_an_app_of_ours_brings_an_id_token() {
    let provider = Provider::new(Script::default());
    let client = provider.client(staff());
    let bare = provider.id_token(None);
    let bound = provider.id_token(Some("n-1"));
    for (token, nonce, holds) in [
        (&bare, None, true),
        (&bound, Some("n-1"), true),
        (&bare, Some("n-1"), false),
        (&bound, None, false),
        (&bound, Some("n-2"), false),
    ] {
        match client.identify_by_id_token(token, nonce).await {
            Ok(identity) => {
                assert!(holds);
                assert_eq!(identity.subject, "u-1");
            }
            Err(error) => {
                assert!(!holds, "{error:?}");
                assert_eq!(error.kind(), ErrorKind::Unauthorized);
            }
        }
    }
}

/// OA-4: the issuer of a token brought along is the configured one.
#[tokio::test]
async fn oa_4_the_issuer_of_a_token_brought_along_is_the_configured_one() {
    let provider = Provider::new(Script::default());
    provider.tell(|script| {
        script.claims["iss"] = "https://evil.example.com".into();
        let url = "https://evil.example.com/.well-known/openid-configuration";
        script.others.push((url, 200, script.discovery.clone()));
    });
    let client = provider.client(staff());
    let token = provider.id_token(None);
    let error = client.identify_by_id_token(&token, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let asked = provider.requests("openid-configuration");
    assert!(
        asked
            .iter()
            .all(|it| it.url.starts_with("https://id.example.com/"))
    );
}
