//! Which workspace a token is for.

use serde_json::json;
use workeros_auth::TokenIssuer;
use workeros_core::ErrorKind;

use super::site::{AUDIENCE, ISSUER, Site, assert_refused, good, of_shop, saying, site};

fn everywhere(audience: &str) -> TokenIssuer {
    TokenIssuer::new(ISSUER, audience).unwrap()
}

#[track_caller]
fn assert_unnamed(result: workeros_core::Result<workeros_core::Identity>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.code(), Some("WORKSPACE_REQUIRED"));
}

/// TOK-2: it is the one the host has said, whatever the request names: the
/// identity is bound to it, and acts nowhere else.
#[tokio::test]
async fn tok_2_an_issuer_of_one_workspace_counts_there_alone() {
    let site = site(vec![of_shop()]).await;
    for named in [None, Some(site.shop), Some(site.other)] {
        let identity = site.act_in(&good(), named).await.unwrap();
        assert_eq!(identity.tenant, Some(site.shop));
    }
}

/// TOK-2: nothing that nobody has named, the default workspace least of all.
#[tokio::test]
async fn tok_2_where_nothing_says_the_workspace_the_request_must() {
    let site = site(vec![everywhere(AUDIENCE)]).await;
    assert_unnamed(site.act(&good()).await);
    for named in [site.shop, site.other] {
        let identity = site.act_in(&good(), Some(named)).await.unwrap();
        assert_eq!(identity.tenant, Some(named));
    }
    assert_unnamed(site.act(&good()).await);
}

#[tokio::test]
async fn an_issuer_of_several_workspaces_counts_in_these() {
    let site = site(vec![of_shop().with_workspace("third")]).await;
    assert_unnamed(site.act(&good()).await);
    let in_shop = site.act_in(&good(), Some(site.shop)).await.unwrap();
    assert_eq!(in_shop.tenant, Some(site.shop));
    assert_refused(site.act_in(&good(), Some(site.other)).await, "other");
}

/// TOK-2: a token that names a workspace is of no use in another.
#[tokio::test]
async fn tok_2_an_audience_may_name_the_workspace() {
    let site = site(vec![everywhere("api://{workspace}")]).await;
    let of = |audience| saying("aud", audience);
    for named in [None, Some(site.shop), Some(site.other)] {
        let place = async |audience| {
            let identity = site.act_in(&of(audience), named).await;
            identity.unwrap().tenant
        };
        assert_eq!(place(json!("api://shop")).await, Some(site.shop));
        assert_eq!(place(json!(["x", "api://other"])).await, Some(site.other));
        for nowhere in [
            json!("api://nowhere"),
            json!("api://"),
            json!("shop"),
            json!(["api://shop", "api://other"]),
        ] {
            let what = nowhere.to_string();
            assert_refused(site.act_in(&of(nowhere), named).await, &what);
        }
    }
}

#[tokio::test]
async fn an_audience_names_only_a_workspace_that_the_issuer_counts_in() {
    let site = site(vec![everywhere("api://{workspace}").with_workspace("shop")]).await;
    site.act(&saying("aud", json!("api://shop"))).await.unwrap();
    let other = site.act(&saying("aud", json!("api://other"))).await;
    assert_refused(other, "other");
}

#[tokio::test]
async fn an_issuer_may_have_an_audience_for_each_workspace() {
    let of = |audience: &str, slug: &str| everywhere(audience).with_workspace(slug);
    let site: Site = site(vec![of("a", "shop"), of("b", "other")]).await;
    let place = async |audience| {
        let identity = site.act(&saying("aud", audience)).await;
        identity.map(|identity| identity.tenant)
    };
    assert_eq!(place(json!("a")).await.unwrap(), Some(site.shop));
    assert_eq!(place(json!("b")).await.unwrap(), Some(site.other));
    for audience in [json!(["a", "b"]), json!("c")] {
        assert_eq!(
            place(audience).await.unwrap_err().kind(),
            ErrorKind::Unauthorized
        );
    }
    // Both are of the same keys.
    assert_eq!(site.issuer.asked(super::site::JWKS), 1);
}
