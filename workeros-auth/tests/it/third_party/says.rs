//! Who somebody is of whom a token tells.

use serde_json::{Value as Json, json};
use workeros_auth::TokenIssuer;
use workeros_core::{Credential, Subject};

use super::site::{AUDIENCE, ISSUER, good, of_shop, saying, site, sites};

#[tokio::test]
async fn whoever_comes_with_a_token_is_an_end_user_of_its_workspace() {
    for site in sites(|| vec![of_shop()]).await {
        let ann = site.act(&good()).await.unwrap();
        assert_eq!(ann.tenant, Some(site.shop));
        assert_eq!(ann.user_id, of_shop().user_id("u-1"));
        assert_eq!(ann.email.as_deref(), Some("ann@example.com"));
        assert_eq!(ann.credential, Credential::TrustedToken);
        assert!(ann.roles.is_empty());
        let subject = Subject::identified(site.shop, ann);
        assert!(subject.is_end_user());
        assert_eq!(subject.actor(), format!("app:{}", of_shop().user_id("u-1")));
        // He has no row of ours, and needs none.
        for table in ["SELECT id FROM app_users", "SELECT id FROM app_sessions"] {
            assert!(site.world.rows(table, vec![]).await.rows.is_empty());
        }
    }
}

#[test]
fn an_id_is_made_of_issuer_and_subject() {
    let id = |issuer: &str, subject: &str| {
        let issuer = TokenIssuer::new(issuer, AUDIENCE).unwrap();
        issuer.user_id(subject)
    };
    // It is in rows: it must never be another.
    assert_eq!(
        id(ISSUER, "u-1"),
        "ext_8kBf9_q0LmayIgki3tNCCwyX6J9NobMY7svyK_AUMOY"
    );
    let ids = [
        id(ISSUER, "u-1"),
        id(ISSUER, "u-2"),
        id(ISSUER, "U-1"),
        id("https://id.example.co", "mu-1"),
        id("https://id.example.com/x", "u-1"),
    ];
    for (at, one) in ids.iter().enumerate() {
        assert!(uuid::Uuid::try_parse(one).is_err());
        assert!(!ids[at + 1..].contains(one), "{one}");
    }
}

/// OA-4: an address counts where it is verified, and not where that is text.
#[tokio::test]
async fn oa_4_an_address_counts_only_if_it_is_verified() {
    let site = site(vec![of_shop()]).await;
    for (name, value, expect) in [
        ("email_verified", json!(true), Some("ann@example.com")),
        ("email_verified", json!(false), None),
        ("email_verified", json!("true"), None),
        ("email_verified", json!("false"), None),
        ("email_verified", json!(1), None),
        ("email_verified", json!(null), None),
        ("email", json!(null), None),
        ("email", json!(""), None),
        ("email", json!("ann"), None),
        ("email", json!("ann＠example.com"), None),
        ("email", json!(["ann@example.com"]), None),
        ("email", json!("bob@example.com"), Some("bob@example.com")),
    ] {
        let identity = site.act(&saying(name, value.clone())).await.unwrap();
        assert_eq!(identity.email.as_deref(), expect, "{name}: {value}");
    }
}

#[tokio::test]
async fn an_address_may_stand_elsewhere() {
    let issuer = of_shop()
        .with_email_claims("https://example.com/mail", "/checked/mail")
        .unwrap();
    let site = site(vec![issuer]).await;
    let claims = |verified: bool| {
        let mut claims = super::site::claims();
        claims["https://example.com/mail"] = json!("carl@example.com");
        claims["checked"] = json!({"mail": verified});
        crate::jwt::Key::ed25519(1).sign(&super::site::header(), &claims)
    };
    let carl = site.act(&claims(true)).await.unwrap();
    assert_eq!(carl.email.as_deref(), Some("carl@example.com"));
    assert_eq!(site.act(&claims(false)).await.unwrap().email, None);
}

#[tokio::test]
async fn a_token_gives_only_the_roles_that_the_host_lists() {
    let map = || [("clerk", "seller"), ("boss", "manager"), ("boss", "seller")];
    let cases: [(&str, &str, Json, &[&str]); 11] = [
        ("roles", "roles", json!(["clerk"]), &["seller"]),
        ("roles", "roles", json!(["boss"]), &["manager", "seller"]),
        ("roles", "roles", json!(["admin", "seller", "manager"]), &[]),
        ("roles", "roles", json!("clerk"), &["seller"]),
        ("scope", "scope", json!("openid clerk"), &["seller"]),
        ("scope", "scope", json!("openid,clerk"), &[]),
        ("roles", "roles", json!({"clerk": true}), &[]),
        ("roles", "roles", json!([["clerk"], 7]), &[]),
        ("roles", "groups", json!(["clerk"]), &[]),
        (
            "/realm_access/roles",
            "realm_access",
            json!({"roles": ["clerk"]}),
            &["seller"],
        ),
        (
            "/https:~1~1example.com",
            "https://example.com",
            json!(["clerk"]),
            &["seller"],
        ),
    ];
    for (claim, name, value, expect) in cases {
        let site = site(vec![of_shop().with_roles(claim, map()).unwrap()]).await;
        let identity = site.act(&saying(name, value.clone())).await.unwrap();
        let subject = Subject::identified(site.shop, identity);
        let given = |role: &&String| !["authenticated", "public"].contains(&role.as_str());
        let roles: Vec<_> = subject.roles().iter().filter(given).collect();
        assert_eq!(roles, expect, "{claim}: {value}");
    }
    let site = site(vec![of_shop()]).await;
    let token = saying("roles", json!(["admin", "seller"]));
    assert!(site.act(&token).await.unwrap().roles.is_empty());
}
