//! The contract of [`Captcha`] as a suite. Each case is about one
//! [`Situation`]; [`service`] is a service that speaks what most of them speak.

use serde_json::json;

use super::{Answer, HttpServer};
use crate::{Captcha, CaptchaResponse, CaptchaSolution, Error, ErrorKind};

/// What the service makes of the response a case comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Situation {
    /// It was solved.
    Solved,
    /// It was not.
    NotSolved,
    /// It was, and has been verified before.
    UsedBefore,
    /// The service does not know the secret.
    UnknownSecret,
    /// The service is overloaded.
    Overloaded,
    /// The service answers with something else.
    Nonsense,
    /// The service has a fault of its own.
    Fault,
}

/// The secret that the captcha of a case is to have, where it has one.
pub const SECRET: &str = "canary-secret";
/// What a case comes with.
pub const RESPONSE: &str = "canary-response";

/// A service at any path that takes a form and answers with
/// `{"success", "hostname", "error-codes"}`.
#[must_use]
pub fn service(situation: Situation) -> HttpServer {
    let refusal = |code: &str| {
        let body = json!({"success": false, "error-codes": [code]});
        Answer::new(200).with_body(body.to_string())
    };
    HttpServer::start(move |_| match situation {
        Situation::Solved => {
            let body = json!({
                "success": true, "hostname": "example.com", "action": "sign-in", "score": 0.9,
                "challenge_ts": "2024-06-01T12:00:00Z",
            });
            Answer::new(200).with_body(body.to_string())
        }
        Situation::NotSolved => refusal("invalid-input-response"),
        Situation::UsedBefore => refusal("timeout-or-duplicate"),
        Situation::UnknownSecret => refusal("invalid-input-secret"),
        Situation::Fault => refusal("internal-error"),
        Situation::Overloaded => Answer::new(503),
        Situation::Nonsense => Answer::new(200).with_body("<html>"),
    })
}

async fn verify(captcha: &dyn Captcha) -> Result<(), Error> {
    let response = CaptchaResponse::parse(RESPONSE).unwrap();
    let solution = CaptchaSolution::new(response).with_remote_ip("192.0.2.1".parse().ok());
    assert_silent(&format!("{captcha:?} {solution:?}"));
    let outcome = captcha.verify(&solution).await;
    if let Err(error) = &outcome {
        assert_silent(&format!("{error:?} {error}"));
    }
    outcome
}

fn assert_silent(text: &str) {
    assert!(!text.contains("canary"), "tells a secret: {text}");
}

/// Whoever has solved it passes, and nobody else does.
pub async fn tells_what_the_service_says(captcha: &dyn Captcha, situation: Situation) {
    let outcome = verify(captcha).await;
    let kind = outcome.as_ref().err().map(Error::kind);
    let code = outcome.as_ref().err().and_then(Error::code);
    match situation {
        Situation::Solved => assert_eq!(kind, None, "{outcome:?}"),
        Situation::NotSolved | Situation::UsedBefore => {
            assert_eq!(kind, Some(ErrorKind::Forbidden), "{outcome:?}");
            assert_eq!(code, Some("VERIFICATION_FAILED"));
        }
        Situation::UnknownSecret => assert_eq!(kind, Some(ErrorKind::Internal), "{outcome:?}"),
        Situation::Overloaded | Situation::Nonsense | Situation::Fault => {
            assert_eq!(kind, Some(ErrorKind::Unavailable), "{outcome:?}");
        }
    }
}

/// Makes a test of each situation of
/// [`testkit::captcha`](crate::testkit::captcha).
///
/// The argument is an async closure that takes the
/// [`Situation`](crate::testkit::captcha::Situation) and gives a captcha that is
/// in it, with what must live as long: its [`service`](crate::testkit::captcha::service),
/// for one.
#[macro_export]
macro_rules! captcha_conformance {
    ($open:expr) => {
        $crate::__captcha_conformance!($open, [
            lets_pass_who_has_solved_it: Solved
            refuses_who_has_not: NotSolved
            refuses_what_was_used_before: UsedBefore
            lets_nobody_pass_where_its_secret_is_wrong: UnknownSecret
            says_that_the_service_is_overloaded: Overloaded
            says_that_the_service_cannot_be_understood: Nonsense
            says_that_the_service_has_a_fault: Fault
        ]);
    };
}

/// Makes one test of each situation.
#[doc(hidden)]
#[macro_export]
macro_rules! __captcha_conformance {
    ($open:expr, [$($case:ident: $situation:ident)*]) => {
        $(
            #[tokio::test]
            async fn $case() {
                let situation = $crate::testkit::captcha::Situation::$situation;
                let (captcha, _world) = ($open)(situation).await;
                $crate::testkit::captcha::tells_what_the_service_says(&captcha, situation).await;
            }
        )*
    };
}
