//! A captcha of a service that speaks as Turnstile documents, before a front end
//! that was written for better-auth.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use serde_json::json;
use workeros::{
    AnonymousUsers, AuthBuilder, CaptchaPolicy, EgressPolicy, RealmSettings, ReqwestClient,
    ReqwestOptions, Turnstile,
};
use workeros_core::testkit::{Answer, HttpServer};

use crate::counterparts::Counterparts;
use crate::site::Site;

/// Takes each response that begins with `person` once.
fn service() -> HttpServer {
    let used = Mutex::new(HashSet::new());
    HttpServer::start(move |request| {
        let field = |name: &str| {
            let fields = request.text().split('&');
            let mut values = fields.filter_map(|field| field.strip_prefix(name)?.strip_prefix('='));
            values.next().unwrap_or_default().to_owned()
        };
        let response = field("response");
        let code = if field("secret") != "1x0000000000000000000000000000000AA" {
            "invalid-input-secret"
        } else if !response.starts_with("person") || field("remoteip") != "127.0.0.1" {
            "invalid-input-response"
        } else if !used.lock().unwrap().insert(response) {
            "timeout-or-duplicate"
        } else {
            let solved = json!({"success": true, "hostname": "localhost", "error-codes": []});
            return Answer::new(200).with_body(solved.to_string());
        };
        Answer::new(200).with_body(json!({"success": false, "error-codes": [code]}).to_string())
    })
}

#[tokio::test]
async fn a_captcha_before_a_front_end_of_better_auth() {
    let Some(counterparts) = Counterparts::find() else {
        return;
    };
    for (plane, path) in crate::better_auth::PLANES {
        println!("{plane}:");
        let service = service();
        let policy = EgressPolicy::default().allow(&service.address().to_string());
        let options = ReqwestOptions::default().with_policy(policy.unwrap());
        let client = Arc::new(ReqwestClient::new(options).unwrap());
        let captcha = Turnstile::new(client, "1x0000000000000000000000000000000AA").unwrap();
        let captcha = captcha
            .with_hostnames(["localhost"])
            .with_endpoint(service.url("/turnstile/v0/siteverify"));
        let settings = RealmSettings::new()
            .with_anonymous(AnonymousUsers::new())
            .with_captcha(CaptchaPolicy::new(Arc::new(captcha)));
        let site = Site::open_with(|_, builder| {
            builder.auth(move |auth: AuthBuilder| {
                auth.danger_weak_hashing()
                    .danger_without_rate_limits()
                    .with_settings(settings.clone())
                    .with_app_settings(settings)
            })
        })
        .await;
        let base = format!("{}/backend{path}", site.origin);
        let arguments = [plane, &base, &site.origin, &site.mails(), "captcha"];
        counterparts.check("better-auth.mjs", &arguments).await;
    }
}
