//! Captchas: the requests are what the services document, and no answer is taken
//! for more than it says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use workeros_adapters::{Hcaptcha, KnownCaptchas, Recaptcha, ReqwestClient, Turnstile};
use workeros_core::testkit::captcha::{RESPONSE, SECRET};
use workeros_core::testkit::{Answer, HttpServer, captcha_services};
use workeros_core::{
    Captcha, CaptchaOptions, CaptchaResponse, CaptchaServices as _, CaptchaSolution, Error,
    ErrorKind, HttpClient, HttpRequest, HttpResponse, Result,
};

use crate::http_client::opened_to;

fn client(server: &HttpServer) -> Arc<dyn HttpClient> {
    Arc::new(opened_to(&[server.address()]))
}

fn turnstile(server: &HttpServer) -> Turnstile {
    let captcha = Turnstile::new(client(server), SECRET).unwrap();
    captcha.with_endpoint(server.url("/turnstile"))
}

fn hcaptcha(server: &HttpServer) -> Hcaptcha {
    let captcha = Hcaptcha::new(client(server), SECRET).unwrap();
    captcha.with_endpoint(server.url("/hcaptcha"))
}

fn recaptcha_v2(server: &HttpServer) -> Recaptcha {
    let captcha = Recaptcha::v2(client(server), SECRET).unwrap();
    captcha.with_endpoint(server.url("/recaptcha"))
}

fn recaptcha_v3(server: &HttpServer) -> Recaptcha {
    let captcha = Recaptcha::v3(client(server), SECRET).unwrap();
    captcha.with_endpoint(server.url("/recaptcha"))
}

macro_rules! contract {
    ($($captcha:ident)*) => {
        $(
            mod $captcha {
                use workeros_core::testkit::captcha::service;

                workeros_core::captcha_conformance!(async |situation| {
                    let server = service(situation);
                    (super::$captcha(&server), server)
                });
            }
        )*
    };
}

contract!(turnstile hcaptcha recaptcha_v2 recaptcha_v3);

/// Asks one server, whoever is meant.
#[derive(Debug)]
struct Rerouted {
    client: ReqwestClient,
    server: SocketAddr,
}

#[async_trait]
impl HttpClient for Rerouted {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse> {
        let meant = request.url.strip_prefix("https://").unwrap().to_owned();
        request.url = format!("http://{}/{meant}", self.server);
        self.client.send(request).await
    }
}

fn known(server: SocketAddr) -> KnownCaptchas {
    let client = opened_to(&[server]);
    KnownCaptchas::new(Arc::new(Rerouted { client, server }))
}

mod known_services {
    workeros_core::captcha_services_conformance!(
        ["turnstile", "hcaptcha", "recaptcha_v2", "recaptcha_v3"],
        super::known
    );
}

/// Each asks whoever its name says, and has the options it documents.
#[tokio::test]
async fn each_known_service_is_asked_where_it_is_and_has_its_own_options() {
    let server = captcha_services::server();
    let services = known(server.address());
    let cases: [(&str, &str, &[&str]); 4] = [
        (
            "turnstile",
            "/challenges.cloudflare.com/turnstile/v0/siteverify",
            &["hostnames", "action"],
        ),
        (
            "hcaptcha",
            "/api.hcaptcha.com/siteverify",
            &["site_key", "hostnames"],
        ),
        (
            "recaptcha_v2",
            "/www.google.com/recaptcha/api/siteverify",
            &["hostnames"],
        ),
        (
            "recaptcha_v3",
            "/www.google.com/recaptcha/api/siteverify",
            &["hostnames", "action", "min_score"],
        ),
    ];
    for (name, path, has) in cases {
        let bare = || CaptchaOptions::new(name).with_secret(SECRET);
        let captcha = services.open(&bare()).unwrap();
        captcha.verify(&solution()).await.unwrap();
        assert_eq!(server.received().pop().unwrap().target, path);
        let with = |set: fn(&mut CaptchaOptions)| {
            let mut options = bare();
            set(&mut options);
            services.open(&options).is_ok()
        };
        let taken = [
            (
                "site_key",
                with(|options| options.site_key = Some("x".into())),
            ),
            (
                "hostnames",
                with(|options| options.hostnames = vec!["x".into()]),
            ),
            ("action", with(|options| options.action = Some("x".into()))),
            ("min_score", with(|options| options.min_score = Some(0.5))),
        ];
        let taken = taken.into_iter().filter(|(_, is_taken)| *is_taken);
        let taken: Vec<_> = taken.map(|(option, _)| option).collect();
        assert_eq!(taken, has, "{name}");
    }
}

/// All of them, at one server.
fn all(server: &HttpServer) -> [Arc<dyn Captcha>; 4] {
    [
        Arc::new(turnstile(server)),
        Arc::new(hcaptcha(server)),
        Arc::new(recaptcha_v2(server)),
        Arc::new(recaptcha_v3(server)),
    ]
}

fn answering(body: &Json) -> HttpServer {
    let body = body.to_string();
    HttpServer::start(move |_| Answer::new(200).with_body(body.clone()))
}

fn solution() -> CaptchaSolution {
    CaptchaSolution::new(CaptchaResponse::parse(RESPONSE).unwrap())
}

async fn verify(captcha: &dyn Captcha) -> Result<()> {
    captcha.verify(&solution()).await
}

#[track_caller]
fn assert_refused(verified: Result<()>) {
    let error = verified.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden, "{error:?}");
    assert_eq!(error.code(), Some("VERIFICATION_FAILED"));
}

fn kind(verified: &Result<()>) -> Option<ErrorKind> {
    verified.as_ref().err().map(Error::kind)
}

#[tokio::test]
async fn a_service_is_asked_as_it_documents() {
    let server = answering(&json!({"success": true, "score": 0.9}));
    let from = solution().with_remote_ip("2001:db8::1".parse().ok());
    for captcha in all(&server) {
        captcha.verify(&from).await.unwrap();
        let asked = server.received().pop().unwrap();
        assert_eq!(asked.method, "POST");
        assert_eq!(
            asked.header("content-type"),
            "application/x-www-form-urlencoded"
        );
        assert_eq!(
            asked.text(),
            "secret=canary-secret&response=canary-response&remoteip=2001%3Adb8%3A%3A1"
        );
        verify(captcha.as_ref()).await.unwrap();
        let asked = server.received().pop().unwrap();
        assert_eq!(
            asked.text(),
            "secret=canary-secret&response=canary-response"
        );
    }
    let captcha = hcaptcha(&server).with_site_key("10000000-ffff-ffff-ffff-000000000001");
    verify(&captcha).await.unwrap();
    let asked = server.received().pop().unwrap();
    assert!(
        asked
            .text()
            .ends_with("&sitekey=10000000-ffff-ffff-ffff-000000000001")
    );
}

#[tokio::test]
async fn what_was_solved_elsewhere_counts_nowhere() {
    let solved =
        json!({"success": true, "hostname": "evil.example", "action": "sign-in", "score": 1});
    let server = answering(&solved);
    assert_refused(verify(&turnstile(&server).with_hostnames(["app.example"])).await);
    assert_refused(verify(&hcaptcha(&server).with_hostnames(["app.example"])).await);
    assert_refused(verify(&recaptcha_v2(&server).with_hostnames(["app.example"])).await);
    let ours = turnstile(&server).with_hostnames(["app.example", "Evil.example"]);
    verify(&ours).await.unwrap();
    // Who does not say where it was solved has not said that it was here.
    let server = answering(&json!({"success": true, "score": 1}));
    assert_refused(verify(&turnstile(&server).with_hostnames(["app.example"])).await);
}

#[tokio::test]
async fn what_was_solved_for_something_else_does_not_count() {
    for (said, passes) in [
        (Some("sign-in"), true),
        (Some("vote"), false),
        (None, false),
    ] {
        let server = answering(&json!({"success": true, "action": said, "score": 1}));
        for verified in [
            verify(&turnstile(&server).with_action("sign-in")).await,
            verify(&recaptcha_v3(&server).with_action("sign-in")).await,
        ] {
            assert_eq!(verified.is_ok(), passes, "{said:?}");
        }
    }
}

#[tokio::test]
async fn a_score_must_be_there_and_high_enough() {
    for (said, least, passes) in [
        (json!(0.5), 0.5, true),
        (json!(0.49), 0.5, false),
        (json!(0.49), 0.3, true),
        (json!(1), 1.0, true),
        (json!("1"), 0.5, false),
        (json!(null), 0.0, false),
    ] {
        let server = answering(&json!({"success": true, "score": said}));
        let captcha = recaptcha_v3(&server).with_min_score(least).unwrap();
        assert_eq!(verify(&captcha).await.is_ok(), passes, "{said} of {least}");
        verify(&recaptcha_v2(&server)).await.unwrap();
    }
    let server = answering(&json!({}));
    for score in [-0.1, 1.1, f64::NAN] {
        assert!(recaptcha_v3(&server).with_min_score(score).is_err());
    }
    assert!(recaptcha_v2(&server).with_min_score(0.5).is_err());
}

/// What is no clear yes is none.
#[tokio::test]
async fn nothing_but_true_is_success() {
    for said in [
        json!("true"),
        json!(1),
        json!(null),
        json!([true]),
        json!({}),
    ] {
        let server = answering(&json!({"success": said, "score": 1}));
        for captcha in all(&server) {
            assert_refused(verify(captcha.as_ref()).await);
        }
    }
    for body in ["[]", "true", "{}", r#"{"success":false,"success":true}"#] {
        let server = HttpServer::start(move |_| Answer::new(200).with_body(body));
        for captcha in all(&server) {
            let verified = verify(captcha.as_ref()).await;
            assert_eq!(kind(&verified), Some(ErrorKind::Unavailable), "{body}");
        }
    }
}

/// What somebody sends must not look like a service that is away.
#[tokio::test]
async fn a_request_that_is_refused_is_not_a_service_that_is_away() {
    let refusal = json!({"success": false, "error-codes": ["bad-request"]}).to_string();
    let server = HttpServer::start(move |_| Answer::new(400).with_body(refusal.clone()));
    for captcha in all(&server) {
        assert_refused(verify(captcha.as_ref()).await);
    }
    for status in [302, 400, 403, 404] {
        let server = HttpServer::start(move |_| Answer::new(status).with_body("no"));
        for captcha in all(&server) {
            let verified = verify(captcha.as_ref()).await;
            assert_eq!(kind(&verified), Some(ErrorKind::Internal), "{status}");
        }
    }
    for status in [429, 500, 502, 503] {
        let server = HttpServer::start(move |_| Answer::new(status).with_body("no"));
        for captcha in all(&server) {
            let verified = verify(captcha.as_ref()).await;
            assert_eq!(kind(&verified), Some(ErrorKind::Unavailable), "{status}");
        }
    }
}

/// An answer without an end, and one that comes a byte at a time.
#[tokio::test]
async fn a_service_is_not_waited_for_without_end() {
    let body = json!({"success": true, "score": 1}).to_string();
    let slow = HttpServer::start(move |_| {
        Answer::new(200)
            .with_body(body.clone())
            .with_stall(Duration::from_secs(20))
    });
    let began = Instant::now();
    let verified = verify(&turnstile(&slow)).await;
    assert_eq!(kind(&verified), Some(ErrorKind::Unavailable));
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    let endless = HttpServer::start(|_| Answer::new(200).with_body(vec![b' '; 100_000]));
    let verified = verify(&turnstile(&endless)).await;
    assert_eq!(kind(&verified), Some(ErrorKind::Unavailable));
    let gone = turnstile(&HttpServer::start(|_| Answer::new(200)));
    assert_eq!(kind(&verify(&gone).await), Some(ErrorKind::Unavailable));
}

/// SSRF-3: nobody is sent on, and what may not be reached is not asked.
#[tokio::test]
async fn a_service_leads_nowhere_else() {
    let inner = answering(&json!({"success": true, "score": 1}));
    let target = inner.url("/");
    let server = HttpServer::start(move |_| Answer::new(307).with_header("location", &target));
    for captcha in all(&server) {
        assert_eq!(
            kind(&verify(captcha.as_ref()).await),
            Some(ErrorKind::Internal)
        );
    }
    let closed: Arc<dyn HttpClient> = Arc::new(opened_to(&[]));
    let captcha = Turnstile::new(closed, SECRET)
        .unwrap()
        .with_endpoint(inner.url("/"));
    assert_eq!(kind(&verify(&captcha).await), Some(ErrorKind::Internal));
    assert_eq!(inner.connections(), 0);
}

#[test]
fn a_response_is_short_and_printable() {
    assert!(CaptchaResponse::parse(&"x".repeat(4096)).is_ok());
    let long = "x".repeat(4097);
    for text in ["", " ", "a b", "a\nb", "ä", &long] {
        let error = CaptchaResponse::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadRequest);
        assert_eq!(error.code(), Some("MISSING_RESPONSE"));
    }
}

#[test]
fn a_secret_fits_into_a_form() {
    let server = answering(&json!({}));
    for secret in ["", "a b", "a\n"] {
        assert!(Turnstile::new(client(&server), secret).is_err());
        assert!(Recaptcha::v3(client(&server), secret).is_err());
    }
}
