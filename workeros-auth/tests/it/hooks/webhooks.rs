//! Hooks that are asked by signed requests.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use serde_json::{Value as Json, json};
use workeros_auth::{HookEvent, RequestInfo, WebhookHooks};
use workeros_core::testkit::StandingClock;
use workeros_core::webhook::{ID, WebhookKeys, WebhookSecret};
use workeros_core::{Clock as _, Error, ErrorKind, HttpClient, HttpRequest, HttpResponse, Result};

use super::{code, with};
use crate::both_planes::Planes;
use crate::mail::link;
use crate::support::{PASSWORD, email, sign_in, sign_up};

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Somebody who answers, and keeps what he was asked.
#[derive(Debug, Clone)]
pub(super) struct Receiver(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    status: u16,
    answer: String,
    is_gone: bool,
    asked: Vec<HttpRequest>,
}

#[async_trait]
impl HttpClient for Receiver {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let mut state = self.0.lock().unwrap();
        state.asked.push(request);
        if state.is_gone {
            return Err(Error::new(ErrorKind::Forbidden, "no").with_code("EGRESS_BLOCKED"));
        }
        let status = StatusCode::from_u16(state.status).unwrap();
        Ok(HttpResponse::new(
            status,
            HeaderMap::new(),
            state.answer.clone(),
        ))
    }
}

impl Receiver {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            status: 200,
            answer: String::new(),
            is_gone: false,
            asked: Vec::new(),
        })))
    }

    pub(super) fn answer(&self, status: u16, body: &Json) {
        let mut state = self.0.lock().unwrap();
        (state.status, state.answer) = (status, body.to_string());
    }

    fn say(&self, body: &str) {
        body.clone_into(&mut self.0.lock().unwrap().answer);
    }

    /// What it was asked: each question is signed.
    pub(super) fn asked(&self) -> Vec<Json> {
        let mut state = self.0.lock().unwrap();
        let now = StandingClock::default().now();
        let read = |request: HttpRequest| {
            keys().verify(&request.headers, &request.body, now).unwrap();
            assert_eq!(request.headers["content-type"], "application/json");
            assert_eq!(
                (request.limits.redirects, request.limits.response_bytes),
                (0, 65536)
            );
            assert_eq!(request.limits.timeout.as_secs(), 5);
            serde_json::from_slice(&request.body).unwrap()
        };
        state.asked.drain(..).map(read).collect()
    }
}

pub(super) fn keys() -> WebhookKeys {
    WebhookKeys::new(WebhookSecret::parse(SECRET).unwrap())
}

fn hooks(receiver: &Receiver, events: &[HookEvent]) -> WebhookHooks {
    let client = Arc::new(receiver.clone());
    let url = "https://hooks.example.com/auth";
    let hooks = WebhookHooks::new(client, url, keys(), events.iter().copied()).unwrap();
    hooks.with_clock(Arc::new(StandingClock::default()))
}

async fn planes(hooks: WebhookHooks) -> Vec<Planes> {
    let hooks = Arc::new(hooks);
    Planes::all(|builder| with(builder, Arc::clone(&hooks) as _)).await
}

#[tokio::test]
async fn somebody_is_asked_who_becomes_a_user() {
    let receiver = Receiver::new();
    for planes in planes(hooks(&receiver, &[HookEvent::BeforeUser])).await {
        let request = RequestInfo::new().with_ip("192.0.2.1".parse().ok());
        let sign_up = async |name: &str| {
            let signed_in = planes.app.sign_up_email(sign_up(name), &request).await?;
            Ok::<_, Error>(signed_in.user)
        };
        receiver.answer(200, &json!({}));
        receiver.say("");
        receiver.asked();
        let ann = sign_up("ann").await.unwrap();
        let asked = receiver.asked();
        assert_eq!(asked.len(), 1, "about nothing else");
        assert_eq!(asked[0]["type"], "user.before_create");
        assert_eq!(
            asked[0]["timestamp"],
            StandingClock::default().now().to_string()
        );
        let workspace = json!({"id": planes.world.tenant.to_string(), "slug": "default"});
        let user = json!({
            "id": ann.id.to_string(), "email": "ann@example.com", "emailVerified": false,
            "name": "ann",
        });
        let data = json!({
            "workspace": workspace, "user": user, "origin": "password", "provider": null, "wasAnonymous": false,
            "ip": "192.0.2.1",
        });
        assert_eq!(asked[0]["data"], data);
        receiver.answer(201, &json!({"name": "Bob of Acme"}));
        assert_eq!(sign_up("bob").await.unwrap().name, "Bob of Acme");
        let refusal = json!({"message": "the plan is full", "code": "PLAN_FULL"});
        receiver.answer(200, &json!({"refuse": refusal}));
        let error = sign_up("cid").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert_eq!(
            (error.code(), error.message()),
            (Some("PLAN_FULL"), "the plan is full")
        );
    }
}

/// What is no clear answer lets nobody in.
#[tokio::test]
async fn what_is_no_answer_is_a_failure() {
    let receiver = Receiver::new();
    for planes in planes(hooks(&receiver, &HookEvent::ALL)).await {
        let sign_up = async || {
            let request = RequestInfo::new();
            let signed_in = planes.team.sign_up_email(sign_up("ann"), &request);
            signed_in.await.map(drop)
        };
        for body in [
            "null",
            "[]",
            "yes",
            "{",
            r#"{"ok":true}"#,
            r#"{"refuse":true}"#,
            r#"{"refuse":{}}"#,
            r#"{"refuse":{"message":"no","code":"no"}}"#,
            r#"{"refuse":{"message":"no","why":1}}"#,
            r#"{"name":7}"#,
            r#"{"name":"a\nb"}"#,
            r#"{"name":"a","name":"b"}"#,
        ] {
            receiver.say(body);
            assert_eq!(code(sign_up().await), "HOOK_UNAVAILABLE", "{body}");
        }
        for status in [301, 302, 400, 401, 404, 410, 429, 500, 503] {
            receiver.answer(status, &json!({}));
            assert_eq!(code(sign_up().await), "HOOK_UNAVAILABLE", "{status}");
        }
        receiver.0.lock().unwrap().is_gone = true;
        assert_eq!(code(sign_up().await), "HOOK_UNAVAILABLE");
        receiver.0.lock().unwrap().is_gone = false;
        receiver.answer(200, &json!({}));
        sign_up().await.unwrap();
    }
}

#[tokio::test]
async fn claims_can_be_gone_without_and_nothing_else() {
    let receiver = Receiver::new();
    let events = [HookEvent::AccessClaims, HookEvent::PasswordChecked];
    for (is_optional, outcome) in [(false, "HOOK_UNAVAILABLE"), (true, "")] {
        let mut asking = hooks(&receiver, &events[..1]);
        if is_optional {
            asking = asking.with_optional_claims();
        }
        for planes in planes(asking).await {
            receiver.answer(200, &json!({"claims": {"plan": "gold"}}));
            let app = &planes.app;
            let ann = app
                .sign_up_email(sign_up("ann"), &RequestInfo::new())
                .await
                .unwrap();
            assert_eq!(super::said(app, &ann).await["plan"], "gold");
            let asked = receiver.asked().pop().unwrap();
            assert_eq!(asked["type"], "token.claims");
            assert_eq!(asked["data"]["session"]["id"], ann.session.id.to_string());
            receiver.answer(500, &json!({}));
            let entered = app
                .sign_in_email(sign_in("ann", PASSWORD), &RequestInfo::new())
                .await;
            match entered {
                Ok(_) => assert_eq!(outcome, ""),
                Err(error) => assert_eq!(error.code(), Some(outcome)),
            }
            // What must not be said is not a service that is away.
            receiver.answer(200, &json!({"claims": {"sub": "root"}}));
            let entered = app
                .sign_in_email(sign_in("ann", PASSWORD), &RequestInfo::new())
                .await;
            assert_eq!(code(entered), "HOOK_UNAVAILABLE");
        }
    }
    for planes in planes(hooks(&receiver, &events[1..]).with_optional_claims()).await {
        receiver.answer(200, &json!({}));
        let (app, request) = (&planes.app, RequestInfo::new());
        app.sign_up_email(sign_up("ann"), &request).await.unwrap();
        receiver.asked();
        receiver.answer(500, &json!({}));
        let entered = app.sign_in_email(sign_in("ann", PASSWORD), &request).await;
        assert_eq!(code(entered), "HOOK_UNAVAILABLE");
        let asked = receiver.asked().pop().unwrap();
        assert_eq!(asked["type"], "password.checked");
        assert_eq!(asked["data"]["isRight"], true);
        assert!(!asked.to_string().contains(PASSWORD));
    }
}

/// WH-1: a mail that is tried again is the same message.
#[tokio::test]
async fn wh_1_a_mail_goes_out_as_one_message() {
    let receiver = Receiver::new();
    for planes in planes(hooks(&receiver, &[HookEvent::SendMail])).await {
        let (app, request) = (&planes.app, RequestInfo::new());
        app.sign_up_email(sign_up("ann"), &request).await.unwrap();
        receiver.answer(503, &json!({}));
        app.send_verification_email(&email("ann"), &request, link)
            .await
            .unwrap();
        assert_eq!(planes.team.deliver_mail().await.unwrap(), 0);
        planes.world.wait(std::time::Duration::from_secs(60));
        receiver.say("taken");
        receiver.0.lock().unwrap().status = 202;
        assert_eq!(planes.team.deliver_mail().await.unwrap(), 1);
        assert!(planes.mailer.take().is_empty());
        let ids: Vec<_> = {
            let state = receiver.0.lock().unwrap();
            let ids = state
                .asked
                .iter()
                .map(|request| request.headers[ID].clone());
            ids.collect()
        };
        assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
        let asked = receiver.asked().pop().unwrap();
        assert_eq!(asked["data"]["template"], "verify-email");
        assert_eq!(asked["data"]["mail"]["to"], "ann@example.com");
        let text = asked["data"]["mail"]["text"].as_str().unwrap();
        assert!(text.contains("https://example.com/link/"));
    }
}

#[test]
fn what_is_asked_goes_out_encrypted() {
    let open = |url: &str| {
        let client = Arc::new(Receiver::new());
        WebhookHooks::new(client, url, keys(), HookEvent::ALL)
    };
    for url in [
        "http://hooks.example.com",
        "ftp://example.com",
        "hooks.example.com",
        "",
        "https://",
        "http://localhost.example.com",
        "/path",
    ] {
        assert_eq!(
            open(url).unwrap_err().kind(),
            ErrorKind::Validation,
            "{url}"
        );
    }
    for url in [
        "https://example.com/x?token=canary",
        "http://127.0.0.1:8080",
        "http://localhost",
    ] {
        let shown = format!("{:?}", open(url).unwrap());
        assert!(
            !shown.contains("canary") && !shown.contains("MfKQ9r8"),
            "{shown}"
        );
    }
    for event in HookEvent::ALL {
        assert_eq!(HookEvent::parse(event.name()), Some(event));
    }
}
