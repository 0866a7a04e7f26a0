//! GitHub, which has no ID tokens.

use serde_json::{Value as Json, json};
use workeros_auth::oauth::{AuthorizationRequest, OAuthClient, OAuthProvider};

use super::provider::{Provider, REDIRECT, Script, field, parameter, sign_in};

const USER: &str = "https://api.github.com/user";
const EMAILS: &str = "https://api.github.com/user/emails";

fn world(emails: Json) -> (Provider, OAuthClient) {
    let provider = Provider::new(Script::default());
    provider.tell(|script| {
        let user = json!({
            "id": 583_231, "login": "octocat", "name": "The Octocat",
            "email": "public@example.com", "avatar_url": "https://example.com/583231",
        });
        script.others = vec![(USER, 200, user), (EMAILS, 200, emails)];
    });
    let github = OAuthProvider::github("client-7", "secret").unwrap();
    let client = provider.client(github);
    (provider, client)
}

/// OA-6: the address is the primary one if it is verified.
#[tokio::test]
async fn oa_6_the_address_is_the_primary_one_if_it_is_verified() {
    let email = |address: &str, primary: bool, verified: Json| json!({"email": address, "primary": primary, "verified": verified});
    let other = email("other@example.com", false, true.into());
    for (emails, expect) in [
        (
            json!([other, email("a@example.com", true, true.into())]),
            Some("a@example.com"),
        ),
        (
            json!([other, email("a@example.com", true, false.into())]),
            None,
        ),
        (
            json!([other, email("a@example.com", true, "true".into())]),
            None,
        ),
        (
            json!([other, email("a@example.com", true, Json::Null)]),
            None,
        ),
        (json!([other]), None),
        (json!([]), None),
        (json!({"message": "no"}), None),
    ] {
        let (provider, client) = world(emails.clone());
        let identity = sign_in(&client, &provider).await.unwrap();
        assert_eq!(
            identity.email.as_ref().map(|it| it.as_str()),
            expect,
            "{emails}"
        );
        assert_eq!(identity.email_verified, expect.map(|_| true), "{emails}");
    }
}

/// OA-5: the account is a number.
#[tokio::test]
async fn oa_5_the_account_is_a_number() {
    let (provider, client) = world(json!([]));
    let identity = sign_in(&client, &provider).await.unwrap();
    assert_eq!(identity.issuer, "https://github.com/login/oauth");
    assert_eq!(identity.subject, "583231");
    assert_eq!(identity.name.unwrap().as_str(), "The Octocat");
    assert_eq!(
        identity.picture.as_deref(),
        Some("https://example.com/583231")
    );
    for id in [json!("583231"), json!(-1), json!(1.5), Json::Null] {
        let (provider, client) = world(json!([]));
        provider.tell(|script| script.others[0].2["id"] = id);
        let error = sign_in(&client, &provider).await.unwrap_err();
        assert_eq!(error.code(), Some("PROVIDER_UNAVAILABLE"));
    }
}

#[tokio::test]
async fn it_is_asked_as_it_wants_to_be() {
    let (provider, client) = world(json!([]));
    let request = AuthorizationRequest::new(REDIRECT);
    let url = client.authorize(&request).await.unwrap().url;
    assert!(url.starts_with("https://github.com/login/oauth/authorize?"));
    assert_eq!(
        parameter(&url, "scope").as_deref(),
        Some("read:user user:email")
    );
    sign_in(&client, &provider).await.unwrap();
    let redeemed = &provider.requests("/access_token")[0];
    assert_eq!(redeemed.headers["accept"], "application/json");
    assert_eq!(
        field(&redeemed.body, "client_secret").as_deref(),
        Some("secret")
    );
    for end in ["/user", "/user/emails"] {
        let request = &provider.requests(end)[0];
        assert_eq!(request.headers["authorization"], "Bearer at-1");
        assert!(
            request.headers.contains_key("user-agent"),
            "it answers nobody without"
        );
    }
}

/// OA-3: it may name itself.
#[tokio::test]
async fn oa_3_it_may_name_itself() {
    for (issuer, holds) in [
        ("https://github.com/login/oauth", true),
        ("https://github.com", false),
    ] {
        let (provider, client) = world(json!([]));
        provider.tell(|script| script.issuer = Some(issuer.to_owned()));
        assert_eq!(sign_in(&client, &provider).await.is_ok(), holds, "{issuer}");
    }
}

#[tokio::test]
async fn an_error_with_a_status_of_200_is_one() {
    for (error, code) in [
        ("bad_verification_code", "INVALID_CODE"),
        ("incorrect_client_credentials", "PROVIDER_MISCONFIGURED"),
        ("redirect_uri_mismatch", "PROVIDER_MISCONFIGURED"),
    ] {
        let (provider, client) = world(json!([]));
        provider.tell(|script| script.token = json!({"error": error}));
        let refused = sign_in(&client, &provider).await.unwrap_err();
        assert_eq!(refused.code(), Some(code), "{error}");
    }
}

#[tokio::test]
async fn there_is_no_id_token_to_bring() {
    let (provider, client) = world(json!([]));
    let token = provider.id_token(None);
    let error = client.identify_by_id_token(&token, None).await.unwrap_err();
    assert_eq!(error.code(), Some("ID_TOKEN_NOT_SUPPORTED"));
}
