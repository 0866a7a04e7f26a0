//! What is answered where a captcha stands, at every endpoint at which one can,
//! on both planes.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use workeros_adapters::MemoryMailer;
use workeros_adapters::testkit::{Opened, databases};
use workeros_auth::{AnonymousUsers, CaptchaPoint, CaptchaPolicy, FailMode, RealmSettings};
use workeros_core::{Captcha, CaptchaResponse, CaptchaSolution, Error, ErrorKind, Result};
use workeros_http::testkit::{TestApp, TestRequest, TestResponse};

use crate::support::mail;

const PLANES: [&str; 2] = ["/api/auth", "/api/t/default/auth"];
const HEADER: &str = "x-captcha-response";

/// Says of each response what it is called.
#[derive(Debug)]
struct Puzzle;

#[async_trait]
impl Captcha for Puzzle {
    async fn verify(&self, solution: &CaptchaSolution) -> Result<()> {
        match solution.response.expose() {
            "person" => Ok(()),
            "away" => Err(Error::new(ErrorKind::Unavailable, "it is away")),
            "misconfigured" => Err(Error::internal("it does not know the secret")),
            _ => Err(CaptchaResponse::refused()),
        }
    }
}

async fn apps(mode: FailMode) -> Vec<(TestApp, Opened)> {
    let mut apps = Vec::new();
    for opened in databases().await {
        let policy = CaptchaPolicy::new(Arc::new(Puzzle)).at(CaptchaPoint::ALL);
        let settings = RealmSettings::new()
            .with_anonymous(AnonymousUsers::new())
            .with_captcha(policy.with_fail_mode(mode));
        let app = TestApp::builder(Arc::clone(&opened.database));
        let app = app.with_auth(move |auth| {
            auth.with_mailer(Arc::new(MemoryMailer::default()))
                .with_settings(settings.clone())
                .with_app_settings(settings)
        });
        apps.push((app.build().await, opened));
    }
    apps
}

/// Every endpoint with a captcha, and a body that it takes.
fn doors() -> Vec<(&'static str, Json)> {
    let email = "ann@example.com";
    let password = "correct horse battery";
    vec![
        (
            "/sign-up/email",
            json!({"email": email, "password": password, "name": "Ann"}),
        ),
        (
            "/sign-in/email",
            json!({"email": email, "password": password}),
        ),
        ("/request-password-reset", json!({"email": email})),
        ("/email-otp/request-password-reset", json!({"email": email})),
        ("/sign-in/magic-link", json!({"email": email})),
        (
            "/email-otp/send-verification-otp",
            json!({"email": email, "type": "sign-in"}),
        ),
        ("/sign-in/anonymous", json!({})),
        ("/send-verification-email", json!({"email": email})),
        (
            "/sign-in/email-otp",
            json!({"email": email, "otp": "000000"}),
        ),
        (
            "/email-otp/verify-email",
            json!({"email": email, "otp": "000000"}),
        ),
        (
            "/email-otp/check-verification-otp",
            json!({"email": email, "type": "sign-in", "otp": "000000"}),
        ),
        (
            "/email-otp/reset-password",
            json!({"email": email, "otp": "000000", "password": password}),
        ),
    ]
}

fn knock(app: &TestApp, base: &str, (path, body): &(&str, Json)) -> TestRequest {
    app.anonymous().post(format!("{base}{path}")).json(body)
}

#[track_caller]
fn assert_refused(response: &TestResponse, status: u16, code: &str, at: &str) {
    assert_eq!(
        (response.status, response.code().as_str()),
        (status, code),
        "{at}: {response:?}"
    );
    // As clients of better-auth read it.
    assert_eq!(response.json()["code"], code, "{at}");
    assert!(response.json()["message"].is_string(), "{at}");
}

/// Whether it is the captcha that refuses.
fn is_of_the_captcha(response: &TestResponse) -> bool {
    let codes = [
        "MISSING_RESPONSE",
        "VERIFICATION_FAILED",
        "CAPTCHA_UNAVAILABLE",
    ];
    response.status >= 400 && codes.contains(&response.code().as_str())
}

/// LIM: who brings nothing, something that cannot be a response, or one that does
/// not hold, gets through none of them.
#[tokio::test]
async fn nobody_gets_past_a_captcha_he_has_not_solved() {
    for mode in [FailMode::Closed, FailMode::Open] {
        for (app, _opened) in apps(mode).await {
            for base in PLANES {
                for door in doors() {
                    let at = format!("{base}{} {mode:?}", door.0);
                    let missing = knock(&app, base, &door).await;
                    assert_refused(&missing, 400, "MISSING_RESPONSE", &at);
                    let long = "x".repeat(4097);
                    for unfit in ["", "two words", long.as_str()] {
                        let unfit = knock(&app, base, &door).header(HEADER, unfit).await;
                        assert_refused(&unfit, 400, "MISSING_RESPONSE", &at);
                    }
                    let refused = knock(&app, base, &door).header(HEADER, "program").await;
                    assert_refused(&refused, 403, "VERIFICATION_FAILED", &at);
                    let solved = knock(&app, base, &door).header(HEADER, "person").await;
                    assert!(!is_of_the_captcha(&solved), "{at}: {solved:?}");
                }
            }
        }
    }
}

/// LIM: while the service is away, the fail mode decides; where it is set up
/// wrongly, nobody gets through.
#[tokio::test]
async fn while_the_service_is_away_the_fail_mode_decides() {
    for mode in [FailMode::Closed, FailMode::Open] {
        for (app, _opened) in apps(mode).await {
            for base in PLANES {
                for door in doors() {
                    let at = format!("{base}{} {mode:?}", door.0);
                    let away = knock(&app, base, &door).header(HEADER, "away").await;
                    match mode {
                        FailMode::Closed => {
                            assert_refused(&away, 503, "CAPTCHA_UNAVAILABLE", &at);
                        }
                        FailMode::Open => {
                            assert!(!is_of_the_captcha(&away), "{at}: {away:?}");
                        }
                    }
                    let wrong = knock(&app, base, &door).header(HEADER, "misconfigured");
                    assert_refused(&wrong.await, 503, "CAPTCHA_UNAVAILABLE", &at);
                }
            }
        }
    }
}

/// LIM: the service is not asked without end for one client.
#[tokio::test]
async fn one_client_has_so_many_responses_verified() {
    for opened in databases().await {
        let policy = CaptchaPolicy::new(Arc::new(Puzzle));
        let settings = RealmSettings::new().with_captcha(policy);
        let mailer = MemoryMailer::default();
        let limited = mail(&mailer);
        let app = TestApp::builder(Arc::clone(&opened.database));
        let app = app.with_auth(move |auth| {
            limited(auth)
                .with_settings(settings.clone())
                .with_app_settings(settings)
        });
        let app = app.build().await;
        for base in PLANES {
            let knock = || knock(&app, base, &doors()[2]).header(HEADER, "program");
            for _ in 0..60 {
                assert_refused(&knock().await, 403, "VERIFICATION_FAILED", base);
            }
            let held = knock().await;
            assert_refused(&held, 429, "RATE_LIMITED", base);
            assert!(!held.header("retry-after").is_empty());
        }
    }
}
