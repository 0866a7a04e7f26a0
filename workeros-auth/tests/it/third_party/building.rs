//! What a host cannot trust.

use std::sync::Arc;

use workeros_auth::{AuthBuilder, TokenIssuer};
use workeros_core::{ErrorKind, Result, TenantId};

use super::site::{AUDIENCE, ISSUER, Issuer, JWKS, of_shop, with_workspaces};
use crate::support::{World, finding, worlds};

fn build(world: &World, options: impl Fn(AuthBuilder) -> AuthBuilder) -> Result<()> {
    let builder = workeros_auth::Auth::builder(world.runtime.clone(), world.tenant);
    options(builder.danger_weak_hashing()).build().map(drop)
}

#[tokio::test]
async fn an_issuer_needs_what_it_takes() {
    let world = worlds().await.swap_remove(0);
    let other = TenantId::new(world.runtime.ids.next_id());
    let with = |builder| with_workspaces(builder, world.tenant, other);
    let by_http = |builder: AuthBuilder| builder.with_http_client(Arc::new(Issuer::new()));
    let trusting = |issuers: Vec<TokenIssuer>| {
        let issuers = issuers.into_iter();
        let builder = |builder| by_http(with(builder));
        build(&world, |it| {
            let issuers = issuers.clone();
            issuers.fold(builder(it), AuthBuilder::with_trusted_issuer)
        })
    };
    trusting(vec![of_shop()]).unwrap();
    let ours = TokenIssuer::new("https://example.com", AUDIENCE).unwrap();
    let refused = [
        trusting(vec![of_shop(), of_shop().with_workspace("other")]),
        trusting(vec![ours]),
        build(&world, |it| with(it).with_trusted_issuer(of_shop())),
        build(&world, |it| by_http(it).with_trusted_issuer(of_shop())),
    ];
    for refused in refused {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Validation);
    }
}

#[test]
fn a_setting_that_cannot_be_is_refused() {
    let issuer = |text: &str| TokenIssuer::new(text, AUDIENCE).map(drop);
    for text in [
        "",
        "id.example.com",
        "http://id.example.com",
        "https://ann@id.example.com",
        "https://id.example.com?x",
        "https://id.example.com#x",
        "https://id.example.com/ü",
        "file:///keys",
    ] {
        assert_eq!(finding(&issuer(text).unwrap_err()).0, "issuer", "{text}");
    }
    issuer("http://localhost:4000").unwrap();
    let audience = TokenIssuer::new(ISSUER, "").map(drop);
    assert_eq!(finding(&audience.unwrap_err()).0, "audience");
    for url in ["", "/jwks", "http://keys.example.com", "data:,{}"] {
        let refused = of_shop().with_jwks_url(url).map(drop);
        assert_eq!(finding(&refused.unwrap_err()).0, "jwksUrl", "{url}");
    }
    assert!(of_shop().with_jwks_url(JWKS).is_ok());
    let none = of_shop().with_algorithms([]).map(drop);
    assert_eq!(finding(&none.unwrap_err()).0, "algorithms");
    for role in ["admin", "authenticated", "public", "guest"] {
        let refused = of_shop().with_roles("roles", [("x", role)]).map(drop);
        let error = refused.unwrap_err();
        assert_eq!(finding(&error), ("roles/map", "reserved"), "{role}");
    }
    let many = (0..101).map(|n| (n.to_string(), "seller"));
    assert!(of_shop().with_roles("roles", many).is_err());
    assert!(of_shop().with_roles("", [("x", "seller")]).is_err());
    assert!(of_shop().with_email_claims("", "x").is_err());
}
