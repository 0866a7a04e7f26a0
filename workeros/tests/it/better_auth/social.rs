//! Signing in with an account at a provider.

use std::sync::Arc;

use serde_json::Value as Json;
use workeros::{AuthBuilder, EgressPolicy, OAuthProvider, ReqwestClient, ReqwestOptions};

use super::PLANES;
use crate::counterparts::Counterparts;
use crate::site::Site;

#[tokio::test]
async fn an_account_at_another_provider() {
    let Some(counterparts) = Counterparts::find() else {
        return;
    };
    for (plane, path) in PLANES {
        println!("{plane}:");
        let mut provider = None;
        let site = Site::open_with(|origin, builder| {
            let callback = format!("{origin}/backend{path}/callback/oidc");
            let (script, known) = counterparts.start_provider(&callback);
            let builder = builder.auth(with_provider(&known));
            provider = Some((script, known));
            builder
        })
        .await;
        let (_script, known) = provider.unwrap();
        let base = format!("{}/backend{path}", site.origin);
        let issuer = known["issuer"].as_str().unwrap();
        let arguments = [plane, &base, &site.origin, &site.mails(), "social", issuer];
        counterparts.check("better-auth.mjs", &arguments).await;
    }
}

/// The provider of `counterparts/oidc-provider.mjs`, on both planes.
fn with_provider(known: &Json) -> impl FnOnce(AuthBuilder) -> AuthBuilder + Send + 'static {
    let of = |name: &str| known[name].as_str().unwrap().to_owned();
    let (issuer, id, secret) = (of("issuer"), of("clientId"), of("clientSecret"));
    let policy = EgressPolicy::default().allow(issuer.strip_prefix("http://").unwrap());
    let options = ReqwestOptions::default().with_policy(policy.unwrap());
    let client = Arc::new(ReqwestClient::new(options).unwrap());
    let provider = OAuthProvider::oidc("oidc", &issuer, id, secret)
        .unwrap()
        .with_trust_for_linking();
    |auth| {
        auth.danger_weak_hashing()
            .with_http_client(client)
            .with_oauth_provider(provider.clone())
            .with_app_oauth_provider(provider)
    }
}
