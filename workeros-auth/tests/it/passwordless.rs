//! Signing in by what a mail brings: links and codes.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use workeros_adapters::MemoryMailer;
use workeros_auth::{
    App, Arrival, Auth, BrowserProof, CodePurpose, DisplayName, LinkToken, MailedCode, OneTimeCode,
    Plane, RealmSettings, RequestInfo, SignUpPolicy,
};
use workeros_core::{Email, Error, ErrorKind, Result, Value, Workspace};

use crate::mail::{link, token};
use crate::support::{World, email, mail_worlds, password, sign_in, sign_up, signed_in};

const SITE: &str = "example.com";

/// The code that was mailed.
pub(crate) async fn mailed_code(world: &World, mailer: &MemoryMailer) -> Option<OneTimeCode> {
    world.auth.deliver_mail().await.unwrap();
    code_in(&mailer.take())
}

/// The code that stands in one of these mails: besides news there is one.
pub(crate) fn code_in(mails: &[Email]) -> Option<OneTimeCode> {
    let mut lines = mails.iter().flat_map(|mail| mail.text().lines());
    lines.find_map(OneTimeCode::parse)
}

async fn ask_code<P: Plane>(
    world: &World,
    mailer: &MemoryMailer,
    auth: &Auth<P>,
    purpose: CodePurpose,
    name: &str,
) -> Option<OneTimeCode> {
    let request = RequestInfo::new();
    auth.send_code(purpose, &email(name), SITE, &request)
        .await
        .unwrap();
    mailed_code(world, mailer).await
}

async fn ask_link<P: Plane>(
    world: &World,
    mailer: &MemoryMailer,
    auth: &Auth<P>,
    name: &str,
) -> Option<(LinkToken, BrowserProof)> {
    let (called, request) = (DisplayName::parse("Annie").unwrap(), RequestInfo::new());
    let proof = auth
        .send_magic_link(&email(name), &called, &request, link)
        .await
        .unwrap();
    world.auth.deliver_mail().await.unwrap();
    Some((token(mailer.take().first()?), proof))
}

async fn use_code<P: Plane>(auth: &Auth<P>, name: &str, code: &OneTimeCode) -> Result<Arrival<P>> {
    let mailed = MailedCode::new(email(name), code.clone());
    auth.sign_in_code(&mailed, None, &RequestInfo::new()).await
}

async fn follow<P: Plane>(auth: &Auth<P>, token: &LinkToken) -> Result<Arrival<P>> {
    auth.sign_in_magic_link(token, &RequestInfo::new()).await
}

#[track_caller]
fn assert_code<T: std::fmt::Debug>(result: Result<T>, code: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Some(code), "{error:?}");
}

/// A code that is another one.
fn other_than(code: &OneTimeCode) -> OneTimeCode {
    let wrong = if code.expose() == "000000" {
        "000001"
    } else {
        "000000"
    };
    OneTimeCode::parse(wrong).unwrap()
}

fn no_result<T>(result: Result<T>) -> Result<(), Error> {
    result.map(drop)
}

/// OTP-1: a mailed code signs in once on both planes.
#[tokio::test]
async fn otp_1_a_mailed_code_signs_in_once_on_both_planes() {
    async fn check<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>) {
        auth.sign_up_email(sign_up("ann"), &RequestInfo::new())
            .await
            .unwrap();
        let code = ask_code(world, mailer, auth, CodePurpose::SignIn, "ann").await;
        let code = code.unwrap();
        assert_eq!(code.expose().len(), 6);
        let arrival = use_code(auth, "ann", &code).await.unwrap();
        assert!(!arrival.is_new);
        let ann = signed_in(arrival.entered);
        assert_eq!(ann.user.email, "ann@example.com");
        assert!(ann.user.email_verified);
        assert_code(use_code(auth, "ann", &code).await, "INVALID_OTP");
    }
    for (world, mailer) in mail_worlds().await {
        check(&world, &mailer, &world.auth).await;
        check(&world, &mailer, &world.app().await).await;
    }
}

/// OTP-1: a code is kept as a keyed hash.
#[tokio::test]
async fn otp_1_a_code_is_kept_as_a_keyed_hash() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("ann").await;
        let code = ask_code(&world, &mailer, &world.auth, CodePurpose::SignIn, "ann").await;
        let rows = world.rows("SELECT secret_hash FROM workeros_auth_flows", vec![]);
        let rows = rows.await;
        let Value::Bytes(hash) = rows.rows[0].value(0).unwrap() else {
            panic!("not bytes")
        };
        assert_eq!(hash.len(), 32);
        // Of a hash without a key the code would be found within a second.
        let plain = Sha256::digest(code.unwrap().expose());
        assert_ne!(hash.as_slice(), &plain[..]);
    }
}

/// OTP-1: the newest code and link end those before.
#[tokio::test]
async fn otp_1_the_newest_code_and_link_end_those_before() {
    for (world, mailer) in mail_worlds().await {
        let (mut codes, mut links) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let code = ask_code(&world, &mailer, &world.auth, CodePurpose::SignIn, "ann").await;
            codes.push(code.unwrap());
            links.push(
                ask_link(&world, &mailer, &world.auth, "ann")
                    .await
                    .unwrap()
                    .0,
            );
            world.wait(Duration::from_mins(1));
        }
        // Of a million codes two may be the same.
        if codes[0].expose() != codes[1].expose() {
            assert_code(use_code(&world.auth, "ann", &codes[0]).await, "INVALID_OTP");
        }
        assert_code(follow(&world.auth, &links[0]).await, "INVALID_TOKEN");
        use_code(&world.auth, "ann", &codes[1]).await.unwrap();
        follow(&world.auth, &links[1]).await.unwrap();
    }
}

/// OTP-1: codes and links end with their time.
#[tokio::test]
async fn otp_1_codes_and_links_end_with_their_time() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("ann").await;
        let code = ask_code(&world, &mailer, &world.auth, CodePurpose::SignIn, "ann").await;
        let (link, _) = ask_link(&world, &mailer, &world.auth, "ann").await.unwrap();
        world.wait(Duration::from_mins(5));
        assert_code(
            use_code(&world.auth, "ann", &code.unwrap()).await,
            "INVALID_OTP",
        );
        world.auth.check_magic_link(&link).await.unwrap();
        world.wait(Duration::from_mins(5));
        assert_code(world.auth.check_magic_link(&link).await, "INVALID_TOKEN");
        assert_code(follow(&world.auth, &link).await, "INVALID_TOKEN");
    }
}

/// OTP-1: a code is of use for nothing else.
#[tokio::test]
async fn otp_1_a_code_is_of_use_for_nothing_else() {
    for (world, mailer) in mail_worlds().await {
        let (auth, app) = (&world.auth, world.app().await);
        let other = world.other_app().await;
        let request = RequestInfo::new();
        world.sign_up("ann").await;
        world.sign_up("bob").await;
        for realm in [&app, &other] {
            realm.sign_up_email(sign_up("ann"), &request).await.unwrap();
        }
        let code = ask_code(&world, &mailer, auth, CodePurpose::SignIn, "ann").await;
        let code = code.unwrap();
        let mailed = |name| MailedCode::new(email(name), code.clone());
        // Everywhere else something waits too, but not for this code.
        for name in ["ann", "bob"] {
            for purpose in [CodePurpose::VerifyEmail, CodePurpose::ResetPassword] {
                world.wait(Duration::from_secs(31));
                ask_code(&world, &mailer, auth, purpose, name).await;
            }
        }
        ask_code(&world, &mailer, &app, CodePurpose::SignIn, "ann").await;
        ask_code(&world, &mailer, &other, CodePurpose::SignIn, "ann").await;
        let new = password("another horse battery");
        for name in ["ann", "bob"] {
            let verified = auth.verify_email_by_code(&mailed(name), &request).await;
            assert_code(verified, "INVALID_OTP");
            world.wait(Duration::from_secs(11));
            let mailed_to = mailed(name);
            let reset = auth.reset_password_by_code(&mailed_to, &new, &request);
            assert_code(reset.await, "INVALID_OTP");
            let reset = CodePurpose::ResetPassword;
            let checked = auth.check_code(reset, &mailed(name), &request).await;
            assert_code(checked, "INVALID_OTP");
        }
        assert_code(use_code(auth, "bob", &code).await, "INVALID_OTP");
        assert_code(use_code(&app, "ann", &code).await, "INVALID_OTP");
        assert_code(use_code(&other, "ann", &code).await, "INVALID_OTP");
        use_code(auth, "ann", &code).await.unwrap();
    }
}

/// LIM-4: of 64 guesses at once three are compared and the code is dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lim_4_of_64_guesses_at_once_three_are_compared_and_the_code_is_dead() {
    async fn check<P: Plane>(
        world: &World,
        mailer: &MemoryMailer,
        auth: &Auth<P>,
        attempts: &'static str,
    ) {
        auth.sign_up_email(sign_up("ann"), &RequestInfo::new())
            .await
            .unwrap();
        let code = ask_code(world, mailer, auth, CodePurpose::SignIn, "ann").await;
        let code = code.unwrap();
        let guesses = (0..64).map(|_| {
            let (auth, wrong) = (auth.clone(), other_than(&code));
            tokio::spawn(async move { no_result(use_code(&auth, "ann", &wrong).await) })
        });
        for guess in futures::future::join_all(guesses).await {
            assert_code(guess.unwrap(), "INVALID_OTP");
        }
        let rows = world.rows(attempts, vec![]).await;
        assert_eq!(rows.rows[0].integer(0).unwrap(), 3);
        assert_code(use_code(auth, "ann", &code).await, "INVALID_OTP");
    }
    for (mut world, mailer) in mail_worlds().await {
        // Without what holds attempts back, so that all of them arrive.
        world.auth = world.mailing_with(&mailer, |auth| auth);
        let of = "SELECT attempts FROM workeros_auth_flows";
        check(&world, &mailer, &world.auth, of).await;
        let of = "SELECT attempts FROM app_auth_flows";
        check(&world, &mailer, &world.app().await, of).await;
    }
}

/// OTP-1: looking at a code costs no guess.
#[tokio::test]
async fn otp_1_looking_at_a_code_costs_no_guess() {
    for (mut world, mailer) in mail_worlds().await {
        world.auth = world.mailing_with(&mailer, |auth| auth);
        world.sign_up("ann").await;
        let purpose = CodePurpose::ResetPassword;
        let code = ask_code(&world, &mailer, &world.auth, purpose, "ann").await;
        let code = code.unwrap();
        let (request, new) = (RequestInfo::new(), password("another horse battery"));
        let mailed = |code: &OneTimeCode| MailedCode::new(email("ann"), code.clone());
        for _ in 0..5 {
            let right = mailed(&code);
            let checked = world.auth.check_code(purpose, &right, &request);
            checked.await.unwrap();
        }
        for _ in 0..2 {
            let wrong = mailed(&other_than(&code));
            let checked = world.auth.check_code(purpose, &wrong, &request).await;
            assert_code(checked, "INVALID_OTP");
        }
        let weak = world
            .auth
            .reset_password_by_code(&mailed(&code), &password("short"), &request)
            .await;
        assert_code(weak, "PASSWORD_TOO_SHORT");
        let reset = |code| {
            let (auth, mailed, new) = (world.auth.clone(), mailed(code), new.clone());
            async move {
                auth.reset_password_by_code(&mailed, &new, &RequestInfo::new())
                    .await
            }
        };
        reset(&code).await.unwrap();
        assert_code(reset(&code).await, "INVALID_OTP");
        let request = RequestInfo::new();
        let login = sign_in("ann", "another horse battery");
        world.auth.sign_in_email(login, &request).await.unwrap();
    }
}

#[tokio::test]
async fn a_code_verifies_an_address_once() {
    for (world, mailer) in mail_worlds().await {
        let ann = world.sign_up("ann").await;
        let purpose = CodePurpose::VerifyEmail;
        let code = ask_code(&world, &mailer, &world.auth, purpose, "ann").await;
        let mailed = MailedCode::new(email("ann"), code.unwrap());
        let request = RequestInfo::new();
        let user = world.auth.verify_email_by_code(&mailed, &request).await;
        assert!(user.unwrap().email_verified);
        assert_code(
            world.auth.verify_email_by_code(&mailed, &request).await,
            "INVALID_OTP",
        );
        // He was signed in with his own password, and goes on.
        assert!(world.auth.session(&ann.token).await.unwrap().is_some());
        assert!(world.sign_in("ann").await.is_ok());
    }
}

#[tokio::test]
async fn who_is_new_becomes_a_user_where_everybody_may_sign_up() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("root").await;
        let (link, _) = ask_link(&world, &mailer, &world.auth, "ann").await.unwrap();
        let arrival = follow(&world.auth, &link).await.unwrap();
        assert!(arrival.is_new);
        let ann = signed_in(arrival.entered);
        assert_eq!(
            (ann.user.name.as_str(), ann.user.email_verified),
            ("Annie", true)
        );
        assert!(world.roles(&ann).await.is_empty());
        let code = ask_code(&world, &mailer, &world.auth, CodePurpose::SignIn, "bob").await;
        let mailed = MailedCode::new(email("bob"), code.unwrap());
        let called = Some(DisplayName::parse("Bob").unwrap());
        let arrival = world
            .auth
            .sign_in_code(&mailed, called, &RequestInfo::new())
            .await
            .unwrap();
        assert!(arrival.is_new);
        assert_eq!(signed_in(arrival.entered).user.name, "Bob");
        // There is no password to sign in by.
        assert_code(world.sign_in("bob").await, "INVALID_EMAIL_OR_PASSWORD");
    }
}

/// FIRST-1: the first one becomes admin also by a link.
#[tokio::test]
async fn first_1_the_first_one_becomes_admin_also_by_a_link() {
    for (world, mailer) in mail_worlds().await {
        let (link, _) = ask_link(&world, &mailer, &world.auth, "ann").await.unwrap();
        let ann = signed_in(follow(&world.auth, &link).await.unwrap().entered);
        assert_eq!(world.roles(&ann).await, ["admin"]);
    }
}

#[tokio::test]
async fn nobody_signs_up_by_mail_where_sign_up_is_closed() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("ann").await;
        // Asked for while everybody might, followed when nobody may any more.
        let (late, _) = ask_link(&world, &mailer, &world.auth, "bob").await.unwrap();
        let closed = world.mailing_with(&mailer, |auth| auth.with_sign_up(SignUpPolicy::Closed));
        assert_code(follow(&closed, &late).await, "SIGN_UP_CLOSED");
        assert!(ask_link(&world, &mailer, &closed, "cid").await.is_none());
        let code = ask_code(&world, &mailer, &closed, CodePurpose::SignIn, "cid").await;
        assert!(code.is_none());
        let (link, _) = ask_link(&world, &mailer, &closed, "ann").await.unwrap();
        follow(&closed, &link).await.unwrap();
    }
}

/// PK-7: a user who is disabled gets no mail, and not in by one he has.
#[tokio::test]
async fn a_user_who_is_disabled_gets_no_mail_and_not_in() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await.user.id;
        let (link, _) = ask_link(&world, &mailer, &world.auth, "ann").await.unwrap();
        let code = ask_code(&world, &mailer, &world.auth, CodePurpose::SignIn, "ann").await;
        let patch = workeros_auth::UserPatch::new().with_disabled(Some(true));
        world
            .auth
            .update_user(world.tenant, ann, patch)
            .await
            .unwrap();
        assert_code(follow(&world.auth, &link).await, "INVALID_TOKEN");
        let refused = use_code(&world.auth, "ann", &code.unwrap()).await;
        assert_code(refused, "INVALID_OTP");
        world.wait(Duration::from_mins(1));
        assert!(
            ask_link(&world, &mailer, &world.auth, "ann")
                .await
                .is_none()
        );
        let code = ask_code(&world, &mailer, &world.auth, CodePurpose::SignIn, "ann").await;
        assert!(code.is_none());
    }
}

/// OTP-2: only the browser that asked is known by its proof.
#[tokio::test]
async fn otp_2_only_the_browser_that_asked_is_known_by_its_proof() {
    for (world, mailer) in mail_worlds().await {
        let (link, proof) = ask_link(&world, &mailer, &world.auth, "ann").await.unwrap();
        let (other, others) = ask_link(&world, &mailer, &world.auth, "bob").await.unwrap();
        let asked_for = |link, proof: &BrowserProof| world.auth.asked_for(link, proof).unwrap();
        assert!(asked_for(&link, &proof) && asked_for(&other, &others));
        assert!(!asked_for(&link, &others) && !asked_for(&other, &proof));
        for made_up in ["", "x", link.expose()] {
            assert!(!asked_for(&link, &BrowserProof::new(made_up)));
        }
    }
}

/// LIM-5: so many codes and links are sent and no more.
#[tokio::test]
async fn lim_5_so_many_codes_and_links_are_sent_and_no_more() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("ann").await;
        let auth = &world.auth;
        let mut sent = 0;
        for _ in 0..8 {
            for _ in 0..2 {
                sent += usize::from(
                    ask_code(&world, &mailer, auth, CodePurpose::SignIn, "ann")
                        .await
                        .is_some(),
                );
            }
            world.wait(Duration::from_secs(31));
        }
        assert_eq!(sent, 5, "{}", world.name);
        // What is held back is held back of whatever kind it is.
        assert!(ask_link(&world, &mailer, auth, "ann").await.is_none());
        world.wait(Duration::from_hours(1));
        assert!(ask_link(&world, &mailer, auth, "ann").await.is_some());
    }
}

#[tokio::test]
async fn settings_of_a_workspace_hold_for_its_own_users() {
    for (world, mailer) in mail_worlds().await {
        let closed = RealmSettings::new().with_sign_up(SignUpPolicy::Closed);
        let auth = world.mailing_with(&mailer, |auth| auth.with_app_settings(closed.clone()));
        let workspace = Workspace::new(world.tenant, "default");
        let app: Auth<App> = auth.app(workspace).await.unwrap();
        assert!(ask_link(&world, &mailer, &app, "ann").await.is_none());
        assert!(ask_link(&world, &mailer, &auth, "ann").await.is_some());
    }
}

#[tokio::test]
async fn without_mail_there_are_no_codes_and_links() {
    for world in crate::support::worlds().await {
        let (name, request) = (DisplayName::parse("").unwrap(), RequestInfo::new());
        let sent = world
            .auth
            .send_magic_link(&email("ann"), &name, &request, link)
            .await;
        assert_eq!(sent.unwrap_err().kind(), ErrorKind::Unsupported);
        let purpose = CodePurpose::SignIn;
        let sent = world
            .auth
            .send_code(purpose, &email("ann"), SITE, &request)
            .await;
        assert_eq!(sent.unwrap_err().kind(), ErrorKind::Unsupported);
    }
}

/// OTP-1: a link is of one realm, and of the user it was mailed for.
#[tokio::test]
async fn otp_1_a_link_is_of_one_user_in_one_place() {
    for (world, mailer) in mail_worlds().await {
        let (app, other) = (world.app().await, world.other_app().await);
        let request = RequestInfo::new();
        world.sign_up("ann").await;
        other.sign_up_email(sign_up("ann"), &request).await.unwrap();
        let ann = app.sign_up_email(sign_up("ann"), &request).await.unwrap();
        let (link_of_app, _) = ask_link(&world, &mailer, &app, "ann").await.unwrap();
        app.request_password_reset(&email("ann"), &request, link)
            .await
            .unwrap();
        world.auth.deliver_mail().await.unwrap();
        let reset = token(&mailer.take()[0]);
        for elsewhere in [
            no_result(other.check_magic_link(&link_of_app).await),
            no_result(world.auth.check_magic_link(&link_of_app).await),
            no_result(follow(&other, &link_of_app).await),
            no_result(follow(&world.auth, &link_of_app).await),
            other.check_password_reset(&reset).await,
            world.auth.check_password_reset(&reset).await,
            no_result(app.check_magic_link(&reset).await),
        ] {
            assert_code(elsewhere, "INVALID_TOKEN");
        }
        app.check_magic_link(&link_of_app).await.unwrap();
        app.check_password_reset(&reset).await.unwrap();

        let moved = "UPDATE app_users SET email = 'anna@example.com' WHERE id = $1";
        world.run(moved, vec![ann.user.id.into()]).await;
        // Neither is he made anew, nor is it whoever has the address now.
        assert_code(follow(&app, &link_of_app).await, "INVALID_TOKEN");
        app.sign_up_email(sign_up("ann"), &request).await.unwrap();
        assert_code(follow(&app, &link_of_app).await, "INVALID_TOKEN");
    }
}
