//! Auth hooks by webhook, over a network.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue};
use serde_json::Value as Json;
use workeros::auth::{DisplayName, EmailAddress, Password, RequestInfo, SignUp};
use workeros::webhook::{WebhookKeys, WebhookSecret};
use workeros::{
    AuthBuilder, Clock as _, EgressPolicy, Error, ErrorKind, HookEvent, ReqwestClient,
    ReqwestOptions, Sqlite, SystemClock, WebhookHooks, Workeros,
};
use workeros_core::testkit::{Answer, HttpServer};

use crate::counterparts::Counterparts;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn keys() -> WebhookKeys {
    WebhookKeys::new(WebhookSecret::parse(SECRET).unwrap())
}

/// A backend that asks there, and may reach these addresses.
async fn asking(url: &str, opened: &[String], events: &[HookEvent]) -> Workeros {
    let open = |policy: EgressPolicy, target: &String| policy.allow(target).unwrap();
    let policy = opened.iter().fold(EgressPolicy::default(), open);
    let options = ReqwestOptions::default().with_policy(policy);
    let client = Arc::new(ReqwestClient::new(options).unwrap());
    let hooks = WebhookHooks::new(client, url, keys(), events.iter().copied()).unwrap();
    Workeros::builder()
        .db(Sqlite::memory().await.unwrap())
        .auth(AuthBuilder::danger_weak_hashing)
        .auth_hooks(hooks)
        .build()
        .await
        .unwrap()
}

fn user(name: &str) -> SignUp {
    SignUp::new(
        EmailAddress::parse(&format!("{name}@example.com")).unwrap(),
        Password::parse("correct horse battery").unwrap(),
        DisplayName::parse(name).unwrap(),
    )
}

async fn sign_up(backend: &Workeros, name: &str) -> Result<String, Error> {
    let auth = backend.auth().unwrap();
    let signed_in = auth.sign_up_email(user(name), &RequestInfo::new()).await?;
    Ok(signed_in.user.name)
}

/// WH-1: the library of the specification takes ours, and we take its.
#[tokio::test]
async fn wh_1_others_verify_what_we_sign_and_we_what_they_do() {
    let Some(counterparts) = Counterparts::find() else {
        return;
    };
    let (_script, known) = counterparts.start_receiver(SECRET);
    let url = known["url"].as_str().unwrap();
    let address = url.split('/').nth(2).unwrap().to_owned();
    let backend = asking(url, &[address], &HookEvent::ALL[..2]).await;
    assert_eq!(sign_up(&backend, "Ann").await.unwrap(), "Verified");
    let refused = sign_up(&backend, "Mallory").await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Some("NOT_YOU"), "not you")
    );
    let app = backend
        .auth()
        .unwrap()
        .app_by_slug("default")
        .await
        .unwrap();
    let ann = app
        .sign_up_email(user("ann"), &RequestInfo::new())
        .await
        .unwrap();
    let access = app.access_token(&ann).await.unwrap();
    assert!(access.token.expose().split('.').count() == 3);

    let signed = &known["signed"];
    let text = |name: &str| signed[name].as_str().unwrap();
    let timestamp = signed["timestamp"].to_string();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("webhook-id", text("id")),
        ("webhook-timestamp", &timestamp),
        ("webhook-signature", text("signature")),
    ] {
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    let body = text("body").as_bytes();
    assert_eq!(
        keys().verify(&headers, body, SystemClock.now()).unwrap(),
        "msg_from_there"
    );
    assert!(serde_json::from_slice::<Json>(body).is_ok());
    backend.shutdown().await;
}

/// SSRF-3: a webhook that sends us on is followed nowhere.
#[tokio::test]
async fn ssrf_3_a_webhook_leads_nowhere_else() {
    let inner = HttpServer::start(|_| Answer::new(200).with_body("{}"));
    let target = inner.url("/");
    let outer = HttpServer::start(move |_| Answer::new(307).with_header("location", &target));
    let opened = [outer.address().to_string(), inner.address().to_string()];
    let backend = asking(&outer.url("/"), &opened, &HookEvent::ALL[..1]).await;
    let refused = sign_up(&backend, "ann").await.unwrap_err();
    assert_eq!(refused.code(), Some("HOOK_UNAVAILABLE"));
    assert_eq!((outer.connections(), inner.connections()), (1, 0));
    backend.shutdown().await;
}

/// SSRF-1: what may not be reached is not asked, also by a name that leads there.
#[tokio::test]
async fn ssrf_1_a_webhook_inside_the_network_is_not_asked() {
    let inner = HttpServer::start(|_| Answer::new(200).with_body("{}"));
    let port = inner.address().port();
    for url in [inner.url("/"), format!("http://localhost:{port}/")] {
        let backend = asking(&url, &[], &HookEvent::ALL[..1]).await;
        let refused = sign_up(&backend, "ann").await.unwrap_err();
        assert_eq!(refused.code(), Some("HOOK_UNAVAILABLE"), "{url}");
        backend.shutdown().await;
    }
    assert_eq!(inner.connections(), 0);
}

/// An answer that never ends, by time or by size, is no answer.
#[tokio::test]
async fn a_webhook_that_does_not_end_is_given_up() {
    let slow = HttpServer::start(|_| {
        Answer::new(200)
            .with_body("{}")
            .with_stall(Duration::from_secs(20))
    });
    let large = HttpServer::start(|_| Answer::new(200).with_body(vec![b' '; 70_000]));
    for server in [slow, large] {
        let opened = [server.address().to_string()];
        let backend = asking(&server.url("/"), &opened, &HookEvent::ALL[..1]).await;
        let began = Instant::now();
        let refused = sign_up(&backend, "ann").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable);
        assert_eq!(refused.code(), Some("HOOK_UNAVAILABLE"));
        assert!(
            began.elapsed() < Duration::from_secs(9),
            "{:?}",
            began.elapsed()
        );
        backend.shutdown().await;
    }
}
