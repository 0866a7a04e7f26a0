//! Captchas: where they stand, and what becomes of who has not solved one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use workeros_adapters::MemoryRateLimiter;
use workeros_auth::{
    AnonymousUsers, Auth, AuthBuilder, CaptchaPoint, CaptchaPolicy, CodePurpose, FailMode,
    MailedCode, OneTimeCode, Plane, RealmSettings, RequestInfo,
};
use workeros_core::{Captcha, CaptchaResponse, CaptchaSolution, Error, ErrorKind, Result};

use crate::both_planes::Planes;
use crate::mail::link;
use crate::support::{PASSWORD, display_name, email, sign_in, sign_up};

/// Whoever says `person` is one, until it is told to answer something else.
#[derive(Debug, Default)]
struct Puzzle {
    asked: AtomicUsize,
    fault: Mutex<Option<ErrorKind>>,
    seen: Mutex<Vec<CaptchaSolution>>,
}

#[async_trait]
impl Captcha for Puzzle {
    async fn verify(&self, solution: &CaptchaSolution) -> Result<()> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.seen.lock().unwrap().push(solution.clone());
        if let Some(kind) = *self.fault.lock().unwrap() {
            return Err(Error::new(kind, "a fault was asked for"));
        }
        match solution.response.expose() {
            "person" => Ok(()),
            _ => Err(CaptchaResponse::refused()),
        }
    }
}

impl Puzzle {
    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }

    fn fail(&self, kind: ErrorKind) {
        *self.fault.lock().unwrap() = Some(kind);
    }
}

/// Users on both planes behind this captcha.
async fn behind(policy: &CaptchaPolicy) -> Vec<Planes> {
    Planes::all(|builder| with(builder, policy)).await
}

fn with(builder: AuthBuilder, policy: &CaptchaPolicy) -> AuthBuilder {
    let settings = RealmSettings::new()
        .with_anonymous(AnonymousUsers::new())
        .with_captcha(policy.clone());
    builder
        .with_settings(settings.clone())
        .with_app_settings(settings)
}

fn saying(text: &str) -> RequestInfo {
    let response = CaptchaResponse::parse(text).unwrap();
    RequestInfo::new().with_captcha(Some(response))
}

fn code() -> MailedCode {
    MailedCode::new(email("ann"), OneTimeCode::parse("000000").unwrap())
}

/// Comes to where a captcha can stand. What is refused behind it is let pass
/// there.
async fn come<P: Plane>(auth: &Auth<P>, to: CaptchaPoint, request: &RequestInfo) -> Result<()> {
    let ann = email("ann");
    let behind = match to {
        CaptchaPoint::SignUp => auth.sign_up_email(sign_up("ann"), request).await.map(drop),
        CaptchaPoint::SignIn => {
            let signed_in = auth.sign_in_email(sign_in("ann", PASSWORD), request);
            signed_in.await.map(drop)
        }
        CaptchaPoint::PasswordReset => {
            auth.request_password_reset(&ann, request, link).await?;
            let purpose = CodePurpose::ResetPassword;
            auth.send_code(purpose, &ann, "example.com", request).await
        }
        CaptchaPoint::MagicLink => {
            let name = display_name("Ann");
            let asked = auth.send_magic_link(&ann, &name, request, link);
            asked.await.map(drop)
        }
        CaptchaPoint::EmailOtp => {
            for purpose in [CodePurpose::SignIn, CodePurpose::VerifyEmail] {
                auth.send_code(purpose, &ann, "example.com", request)
                    .await?;
            }
            Ok(())
        }
        CaptchaPoint::Anonymous => auth.sign_in_anonymous(request).await.map(drop),
        CaptchaPoint::VerificationEmail => auth.send_verification_email(&ann, request, link).await,
        CaptchaPoint::Code => {
            let used = [
                auth.sign_in_code(&code(), None, request).await.map(drop),
                auth.verify_email_by_code(&code(), request).await.map(drop),
                auth.check_code(CodePurpose::SignIn, &code(), request).await,
            ];
            let [first, ..] = used;
            first
        }
        other => panic!("nobody has come to {other:?}"),
    };
    match behind {
        Err(error) if is_of_the_captcha(&error) => Err(error),
        _ => Ok(()),
    }
}

fn is_of_the_captcha(error: &Error) -> bool {
    let codes = [
        "MISSING_RESPONSE",
        "VERIFICATION_FAILED",
        "CAPTCHA_UNAVAILABLE",
    ];
    error.code().is_some_and(|code| codes.contains(&code))
}

#[track_caller]
fn assert_refused(outcome: Result<()>, kind: ErrorKind, code: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (kind, Some(code)),
        "{error:?}"
    );
}

async fn stands<P: Plane>(auth: &Auth<P>, at: CaptchaPoint, puzzle: &Puzzle) {
    let nothing = come(auth, at, &RequestInfo::new()).await;
    assert_refused(nothing, ErrorKind::BadRequest, "MISSING_RESPONSE");
    assert_eq!(puzzle.asked(), 0, "{at:?}: nothing to ask about");
    let wrong = come(auth, at, &saying("program")).await;
    assert_refused(wrong, ErrorKind::Forbidden, "VERIFICATION_FAILED");
    assert!(puzzle.asked() > 0);
    come(auth, at, &saying("person")).await.unwrap();
    assert!(puzzle.asked() > 0, "{at:?}");
    for elsewhere in CaptchaPoint::ALL {
        if elsewhere != at {
            come(auth, elsewhere, &RequestInfo::new()).await.unwrap();
            assert_eq!(puzzle.asked(), 0, "{elsewhere:?} is not {at:?}");
        }
    }
}

/// LIM: every door a stranger comes to, on both planes, for the host as for HTTP.
#[tokio::test]
async fn a_captcha_stands_where_it_was_put_and_nowhere_else() {
    for at in CaptchaPoint::ALL {
        let puzzle = Arc::new(Puzzle::default());
        let policy = CaptchaPolicy::new(Arc::clone(&puzzle) as _).at([at]);
        for planes in behind(&policy).await {
            stands(&planes.team, at, &puzzle).await;
            stands(&planes.app, at, &puzzle).await;
        }
    }
}

#[tokio::test]
async fn it_stands_where_strangers_cause_work_unless_told_otherwise() {
    let puzzle = Arc::new(Puzzle::default());
    for planes in behind(&CaptchaPolicy::new(Arc::clone(&puzzle) as _)).await {
        for at in CaptchaPoint::ALL {
            let came = come(&planes.team, at, &RequestInfo::new()).await;
            let stands = CaptchaPoint::DEFAULT.contains(&at);
            assert_eq!(came.is_err(), stands, "{at:?}");
            assert_eq!(CaptchaPoint::parse(at.name()), Some(at));
        }
    }
}

/// A response is verified once, with the address of who brings it.
#[tokio::test]
async fn a_response_is_verified_once() {
    let puzzle = Arc::new(Puzzle::default());
    let policy = CaptchaPolicy::new(Arc::clone(&puzzle) as _).at(CaptchaPoint::ALL);
    for planes in behind(&policy).await {
        let request = saying("person").with_ip("192.0.2.7".parse().ok());
        let home = "https://example.com";
        let made = planes
            .team
            .sign_up_to_verify(sign_up("ann"), &request, home, link);
        made.await.unwrap();
        assert_eq!(puzzle.asked(), 1, "for the account and its mail");
        let taken = planes
            .team
            .sign_up_to_verify(sign_up("ann"), &request, home, link);
        taken.await.unwrap();
        assert_eq!(puzzle.asked(), 1, "for an address that is taken as well");
        let seen = puzzle.seen.lock().unwrap().pop().unwrap();
        assert_eq!(seen.remote_ip, request.ip);
        planes.team.deliver_mail().await.unwrap();
        assert_eq!(planes.mailer.take().len(), 2);
    }
}

async fn rows(planes: &Planes) -> i64 {
    let rows = planes
        .world
        .rows("SELECT count(*) FROM workeros_users", vec![])
        .await;
    rows.first().unwrap().integer(0).unwrap()
}

#[tokio::test]
async fn whoever_is_not_let_through_leaves_nothing() {
    let puzzle = Arc::new(Puzzle::default());
    let policy = CaptchaPolicy::new(Arc::clone(&puzzle) as _).at(CaptchaPoint::ALL);
    for planes in behind(&policy).await {
        for at in CaptchaPoint::ALL {
            for request in [RequestInfo::new(), saying("program")] {
                come(&planes.team, at, &request).await.unwrap_err();
            }
        }
        assert_eq!(rows(&planes).await, 0);
        planes.team.deliver_mail().await.unwrap();
        assert!(planes.mailer.take().is_empty());
        assert!(
            planes
                .team
                .activity(200, None, None)
                .await
                .unwrap()
                .rows
                .is_empty()
        );
    }
}

#[tokio::test]
async fn while_the_service_is_away_nobody_passes_unless_told_otherwise() {
    for mode in [FailMode::Closed, FailMode::Open] {
        let puzzle = Arc::new(Puzzle::default());
        let policy = CaptchaPolicy::new(Arc::clone(&puzzle) as _).with_fail_mode(mode);
        for planes in behind(&policy).await {
            puzzle.fail(ErrorKind::Unavailable);
            let came = planes
                .team
                .sign_up_email(sign_up("ann"), &saying("program"))
                .await;
            planes.team.drain().await;
            let noted = planes.team.activity(200, None, None).await.unwrap();
            let mut skipped = noted
                .rows
                .iter()
                .filter(|row| row.action == "auth.captcha_skipped");
            match mode {
                FailMode::Closed => {
                    let code = "CAPTCHA_UNAVAILABLE";
                    assert_refused(came.map(drop), ErrorKind::Unavailable, code);
                    assert!(skipped.next().is_none());
                }
                FailMode::Open => {
                    came.unwrap();
                    assert_eq!(skipped.next().unwrap().detail["at"], "sign-up");
                    assert!(skipped.next().is_none());
                    // Who brings nothing is still asked for it.
                    let nothing = RequestInfo::new();
                    let nothing = come(&planes.team, CaptchaPoint::SignIn, &nothing).await;
                    assert_refused(nothing, ErrorKind::BadRequest, "MISSING_RESPONSE");
                }
            }
            // What is set up wrongly does not go away by itself.
            for kind in [ErrorKind::Internal, ErrorKind::Validation] {
                puzzle.fail(kind);
                let came = come(&planes.team, CaptchaPoint::SignIn, &saying("person")).await;
                assert_refused(came, ErrorKind::Unavailable, "CAPTCHA_UNAVAILABLE");
            }
        }
    }
}

/// LIM-1: too many attempts are refused before anybody is asked.
#[tokio::test]
async fn lim_1_throttling_comes_before_the_captcha() {
    let puzzle = Arc::new(Puzzle::default());
    let policy = CaptchaPolicy::new(Arc::clone(&puzzle) as _);
    for planes in Planes::all(|builder| {
        let limiter = MemoryRateLimiter::new(Arc::new(workeros_core::SystemClock));
        with(builder, &policy).with_rate_limiter(Arc::new(limiter))
    })
    .await
    {
        planes
            .team
            .sign_up_email(sign_up("ann"), &saying("person"))
            .await
            .unwrap();
        puzzle.asked();
        let attempt = async |request: &RequestInfo| {
            let signed_in = planes.team.sign_in_email(sign_in("ann", PASSWORD), request);
            signed_in.await.map(drop)
        };
        for _ in 0..3 {
            attempt(&saying("program")).await.unwrap_err();
        }
        assert_eq!(puzzle.asked(), 3);
        let error = attempt(&saying("person")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(puzzle.asked(), 0);
        // Who has solved nothing has not tried to guess: he locks nobody out.
        for host in 1..20 {
            let from = format!("192.0.2.{host}").parse().ok();
            attempt(&saying("program").with_ip(from)).await.unwrap_err();
        }
        let from = "198.51.100.1".parse().ok();
        attempt(&saying("person").with_ip(from)).await.unwrap();
        // The service is not flooded by one client.
        let from = "198.51.100.2".parse().ok();
        let request = saying("program").with_ip(from);
        let mut last = Ok(());
        for _ in 0..61 {
            last = planes
                .team
                .sign_up_email(sign_up("bob"), &request)
                .await
                .map(drop);
        }
        assert_eq!(last.unwrap_err().kind(), ErrorKind::RateLimited);
    }
}

/// LIM: one client does not fill the table of users.
#[tokio::test]
async fn one_client_signs_up_so_many() {
    for planes in Planes::all(|builder| {
        let limiter = MemoryRateLimiter::new(Arc::new(workeros_core::SystemClock));
        builder.with_rate_limiter(Arc::new(limiter))
    })
    .await
    {
        let (team, from) = (&planes.team, |host: &str| {
            RequestInfo::new().with_ip(host.parse().ok())
        });
        let busy = from("2001:db8::1");
        for n in 0..60 {
            let name = format!("user{n}");
            team.sign_up_email(sign_up(&name), &busy).await.unwrap();
        }
        let same = from("2001:db8::2");
        let more = team.sign_up_email(sign_up("more"), &same).await;
        assert_eq!(more.unwrap_err().kind(), ErrorKind::RateLimited);
        let other = from("192.0.2.1");
        team.sign_up_email(sign_up("other"), &other).await.unwrap();
        let app = &planes.app;
        app.sign_up_email(sign_up("uma"), &busy).await.unwrap();
    }
}

#[test]
fn what_a_client_brings_shows_nowhere() {
    let shown = format!("{:?}", saying("canary"));
    assert!(!shown.contains("canary"), "{shown}");
}
