//! The contract of [`CaptchaServices`] as a suite. Each case wants services that
//! ask [`server`] in the stead of whoever they would ask, and its list of names is
//! of the services there are.

use serde_json::json;

use super::captcha::{RESPONSE, SECRET};
use super::{Answer, HttpServer};
use crate::{
    CaptchaOptions, CaptchaResponse, CaptchaServices, CaptchaSolution, Error, ErrorKind, Result,
};

/// The site key of where the puzzle was solved.
pub const SITE_KEY: &str = "10000000-ffff-ffff-ffff-000000000001";
const HOSTNAME: &str = "app.example.com";
const ACTION: &str = "sign-in";

/// A service at any path, at which everything was solved: on one site, one page,
/// for one action, by somebody who is quite likely a person.
#[must_use]
pub fn server() -> HttpServer {
    HttpServer::start(|request| {
        let of_other_site = request
            .text()
            .split('&')
            .filter_map(|field| field.strip_prefix("sitekey="))
            .any(|key| key != SITE_KEY);
        let body = match of_other_site {
            true => json!({"success": false, "error-codes": ["invalid-input-response"]}),
            false => json!({
                "success": true, "hostname": HOSTNAME, "action": ACTION, "score": 0.9,
            }),
        };
        Answer::new(200).with_body(body.to_string())
    })
}

/// Sets an option.
type Set = fn(&mut CaptchaOptions);

/// The options that not every service has: one that what was solved fulfils, and
/// one that it does not.
const OPTIONS: [(&str, Set, Set); 4] = [
    (
        "site_key",
        |options| options.site_key = Some(SITE_KEY.to_owned()),
        |options| options.site_key = Some("of-another-site".to_owned()),
    ),
    (
        "hostnames",
        |options| options.hostnames = vec!["other.example".to_owned(), HOSTNAME.to_owned()],
        |options| options.hostnames = vec!["elsewhere.example".to_owned()],
    ),
    (
        "action",
        |options| options.action = Some(ACTION.to_owned()),
        |options| options.action = Some("vote".to_owned()),
    ),
    (
        "min_score",
        |options| options.min_score = Some(0.9),
        |options| options.min_score = Some(0.95),
    ),
];

fn options(name: &str) -> CaptchaOptions {
    CaptchaOptions::new(name).with_secret(SECRET)
}

fn with(name: &str, set: Set) -> CaptchaOptions {
    let mut options = options(name);
    set(&mut options);
    options
}

async fn verify(services: &dyn CaptchaServices, options: &CaptchaOptions) -> Result<()> {
    let captcha = services.open(options)?;
    let response = CaptchaResponse::parse(RESPONSE).unwrap();
    captcha.verify(&CaptchaSolution::new(response)).await
}

/// Whether it is refused at that option.
#[track_caller]
fn is_refused_at(option: &str, opened: &Result<()>) -> bool {
    let Err(error) = opened else {
        return false;
    };
    let at = error.details().iter().map(|detail| detail.path.as_str());
    error.kind() == ErrorKind::Validation && at.eq([option])
}

#[track_caller]
fn assert_refused_at(option: &str, services: &dyn CaptchaServices, options: &CaptchaOptions) {
    let opened = services.open(options).map(drop);
    assert!(
        is_refused_at(option, &opened),
        "`{}` with another {option}: {opened:?}",
        options.service
    );
}

/// Those that are named are there, and take what is theirs.
pub async fn opens_what_is_named(
    services: &dyn CaptchaServices,
    names: &[&str],
    server: &HttpServer,
) {
    for name in names {
        let opened = verify(services, &options(name)).await;
        assert!(opened.is_ok(), "`{name}`: {opened:?}");
        let asked = server.received().pop().unwrap();
        assert!(asked.text().contains(SECRET), "`{name}` without its secret");
    }
}

/// No other one is.
pub async fn refuses_what_is_not_named(
    services: &dyn CaptchaServices,
    names: &[&str],
    _: &HttpServer,
) {
    let shouted = names.iter().map(|name| name.to_uppercase());
    let spaced = names.iter().map(|name| format!("{name} "));
    let others = ["".to_owned(), "nobody".to_owned()];
    for name in others.into_iter().chain(shouted).chain(spaced) {
        assert_refused_at("service", services, &options(&name));
    }
}

/// Who is no service's is refused, and not used.
pub async fn refuses_what_is_no_secret(
    services: &dyn CaptchaServices,
    names: &[&str],
    _: &HttpServer,
) {
    for name in names {
        for secret in ["", " ", "a b", "a\r\nb", "ä"] {
            let options = CaptchaOptions::new(*name).with_secret(secret);
            assert_refused_at("secret", services, &options);
        }
    }
}

/// An option is held to, or refused: it never only looks as if it was checked.
pub async fn holds_to_each_option_or_refuses_it(
    services: &dyn CaptchaServices,
    names: &[&str],
    _: &HttpServer,
) {
    for name in names {
        for (option, fulfilled, missed) in OPTIONS {
            let passed = verify(services, &with(name, fulfilled)).await;
            let failed = verify(services, &with(name, missed)).await;
            if is_refused_at(option, &passed) {
                assert!(is_refused_at(option, &failed), "`{name}`, {option}");
                continue;
            }
            assert!(passed.is_ok(), "`{name}`, {option}: {passed:?}");
            let code = failed.as_ref().err().and_then(Error::code);
            assert_eq!(code, Some("VERIFICATION_FAILED"), "`{name}`, {option}");
        }
    }
}

/// A score is 0 to 1.
pub async fn refuses_what_is_no_score(
    services: &dyn CaptchaServices,
    names: &[&str],
    _: &HttpServer,
) {
    for name in names {
        for score in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            let mut options = options(name);
            options.min_score = Some(score);
            assert_refused_at("min_score", services, &options);
        }
    }
}

/// To open one asks nobody, whatever it is opened with.
pub async fn asks_nobody_yet(services: &dyn CaptchaServices, names: &[&str], server: &HttpServer) {
    for name in names {
        drop(services.open(&options(name)));
        for (_, fulfilled, _) in OPTIONS {
            drop(services.open(&with(name, fulfilled)));
        }
    }
    assert_eq!(server.connections(), 0);
}

/// Neither what is opened nor a refusal shows the secret.
pub async fn keeps_the_secret_to_itself(
    services: &dyn CaptchaServices,
    names: &[&str],
    _: &HttpServer,
) {
    let assert_silent = |text: String| assert!(!text.contains(SECRET), "tells it: {text}");
    for name in names.iter().chain(&["nobody"]) {
        assert_silent(format!("{:?}", options(name)));
        for (_, _, missed) in OPTIONS {
            match services.open(&with(name, missed)) {
                Ok(captcha) => assert_silent(format!("{captcha:?}")),
                Err(error) => assert_silent(format!("{error:?} {error}")),
            }
        }
    }
    assert_silent(format!("{services:?}"));
}

/// Makes a test of each case of
/// [`testkit::captcha_services`](crate::testkit::captcha_services).
///
/// The arguments are the names of the services there are, and a closure that takes
/// the address of a [`server`](crate::testkit::captcha_services::server) and gives
/// services that ask it in the stead of whoever they would ask.
#[macro_export]
macro_rules! captcha_services_conformance {
    ($names:expr, $open:expr) => {
        $crate::__captcha_services_conformance!($names, $open, [
            opens_what_is_named
            refuses_what_is_not_named
            refuses_what_is_no_secret
            holds_to_each_option_or_refuses_it
            refuses_what_is_no_score
            asks_nobody_yet
            keeps_the_secret_to_itself
        ]);
    };
}

/// Makes one test of each case.
#[doc(hidden)]
#[macro_export]
macro_rules! __captcha_services_conformance {
    ($names:expr, $open:expr, [$($case:ident)*]) => {
        $(
            #[tokio::test]
            async fn $case() {
                let server = $crate::testkit::captcha_services::server();
                let services = ($open)(server.address());
                $crate::testkit::captcha_services::$case(&services, &$names, &server).await;
            }
        )*
    };
}
