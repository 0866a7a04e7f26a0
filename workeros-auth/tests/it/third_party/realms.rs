//! Issuers that a workspace trusts by itself.

use std::time::Duration;

use serde_json::json;
use workeros_auth::SettingsPatch;
use workeros_core::Workspace;

use super::site::{AUDIENCE, DISCOVERY, ISSUER, JWKS, Site, assert_refused, good, sites};

async fn set(site: &Site, issuers: serde_json::Value) {
    let shop = Workspace::new(site.shop, "shop");
    let app = site.auth.app(shop).await.unwrap();
    let patch = SettingsPatch::new(json!({"trusted_issuers": issuers}));
    app.change_settings(&patch).await.unwrap();
}

/// TOK-2: what one workspace trusts is nothing to another, and only a request
/// that names it is looked at so.
#[tokio::test]
async fn tok_2_what_a_workspace_trusts_counts_there_alone() {
    for site in sites(Vec::new).await {
        let (shop, other) = (Some(site.shop), Some(site.other));
        assert_refused(site.act_in(&good(), shop).await, "not yet");
        set(
            &site,
            json!({"id": {"issuer": ISSUER, "audience": AUDIENCE}}),
        )
        .await;
        let identity = site.act_in(&good(), shop).await.unwrap();
        assert_eq!(identity.tenant, shop);
        assert_refused(site.act_in(&good(), other).await, "other");
        assert_refused(site.act(&good()).await, "unnamed");

        // A change of something else leaves what is known.
        let shop_app = site.auth.app_by_slug("shop").await.unwrap();
        let patch = SettingsPatch::new(json!({"sign_up": "closed"}));
        shop_app.change_settings(&patch).await.unwrap();
        site.act_in(&good(), shop).await.unwrap();
        assert_eq!(
            (site.issuer.asked(DISCOVERY), site.issuer.asked(JWKS)),
            (1, 1)
        );

        set(&site, json!({"id": {"audience": "another"}})).await;
        assert_refused(site.act_in(&good(), shop).await, "another audience");
        set(&site, json!(null)).await;
        site.wait(Duration::from_secs(1));
        assert_refused(site.act_in(&good(), shop).await, "not any more");
    }
}

/// What the host trusts an issuer for does not keep a workspace from trusting it
/// for something else.
#[tokio::test]
async fn a_workspace_may_trust_whom_the_host_trusts_for_others() {
    let host = || {
        let issuer = workeros_auth::TokenIssuer::new(ISSUER, "of-the-host");
        vec![issuer.unwrap().with_workspace("other")]
    };
    for site in sites(host).await {
        let shop = Some(site.shop);
        assert_refused(site.act_in(&good(), shop).await, "not yet");
        set(
            &site,
            json!({"id": {"issuer": ISSUER, "audience": AUDIENCE}}),
        )
        .await;
        let identity = site.act_in(&good(), shop).await.unwrap();
        assert_eq!(identity.tenant, shop);
    }
}
