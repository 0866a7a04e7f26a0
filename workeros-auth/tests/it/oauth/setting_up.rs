//! What a provider can be set up with.

use p256::pkcs8::{EncodePrivateKey as _, LineEnding};
use workeros_auth::oauth::{AppleKey, OAuthProvider};
use workeros_core::{ErrorKind, Result};

use crate::support::finding;

/// A key as Apple hands it out.
pub(super) fn p8() -> String {
    let key = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
    key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
}

#[track_caller]
fn check<T: std::fmt::Debug>(made: Result<T>, path: &str) {
    let error = made.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert_eq!(finding(&error), (path, "invalid_value"));
}

/// OA-8: an issuer is an https URL.
#[test]
fn oa_8_an_issuer_is_an_https_url() {
    for issuer in [
        "",
        "id.example.com",
        "http://id.example.com",
        "http://169.254.169.254",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "ftp://id.example.com",
        "javascript:alert(1)",
        "https://",
        "https://user@id.example.com",
        "https://id.example.com?x=y",
        "https://id.example.com/#x",
        "https://id.example.com/a b",
        "https://id.example.com\r\n",
        &format!("https://id.example.com/{}", "x".repeat(500)),
    ] {
        check(OAuthProvider::oidc("staff", issuer, "c", "s"), "issuer");
    }
    for issuer in [
        "https://id.example.com",
        "https://id.example.com/",
        "https://id.example.com/realms/staff",
        "https://id.example.com:8443",
        "http://localhost:4000",
        "http://127.0.0.1:4000/oidc",
        "http://[::1]:4000",
    ] {
        let provider = OAuthProvider::oidc("staff", issuer, "c", "s").unwrap();
        assert_eq!(provider.issuer(), issuer);
    }
}

#[test]
fn ids_and_secrets_are_looked_at() {
    let issuer = "https://id.example.com";
    for id in ["", "Staff", "a/b", "..", "a b", "é", &"a".repeat(64)] {
        check(OAuthProvider::oidc(id, issuer, "c", "s"), "id");
    }
    check(OAuthProvider::google("", "s"), "clientId");
    check(OAuthProvider::google("a b", "s"), "clientId");
    check(OAuthProvider::google("c", ""), "clientSecret");
    check(OAuthProvider::github("c", "s\n"), "clientSecret");
    for scope in ["", "a b", "a\"b", "é", &"a".repeat(201)] {
        let google = OAuthProvider::google("c", "s").unwrap();
        check(google.with_scopes([scope]), "scopes");
    }
    let google = OAuthProvider::google("c", "s").unwrap();
    check(google.with_scopes(vec!["a"; 51]), "scopes");
}

#[test]
fn a_key_of_apples_is_a_p8() {
    let p8 = p8();
    AppleKey::new("TEAM123456", "KEY1234567", &p8).unwrap();
    AppleKey::new("TEAM123456", "KEY1234567", &format!("\n{p8}\n\n")).unwrap();
    check(AppleKey::new("", "KEY1234567", &p8), "teamId");
    check(AppleKey::new("TEAM123456", "K-1", &p8), "keyId");
    let other = p8.replace("PRIVATE", "PUBLIC");
    for text in ["", "secret", &p8[..p8.len() / 2], &other] {
        check(
            AppleKey::new("TEAM123456", "KEY1234567", text),
            "privateKey",
        );
    }
}

/// ERR-2: nothing shows a secret of a provider's.
#[test]
fn nothing_shows_a_secret() {
    let key = AppleKey::new("TEAM123456", "KEY1234567", &p8()).unwrap();
    let shown = format!(
        "{key:?} {:?}",
        OAuthProvider::apple("com.example", key.clone())
    );
    let line = p8().lines().nth(1).unwrap().to_owned();
    assert!(!shown.contains(&line[..16]), "{shown}");
    let google = OAuthProvider::google("client-7", "canary").unwrap();
    assert!(!format!("{google:?}").contains("canary"));
}
