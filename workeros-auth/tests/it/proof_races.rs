//! Of many who come with the same proof at once, one gets in.

use std::sync::Arc;

use workeros_adapters::MemoryMailer;
use workeros_auth::{
    Auth, CodePurpose, DisplayName, Entered, MailedCode, Plane, RequestInfo, SecondFactor, StillMe,
    TwoFactorSetup,
};
use workeros_core::{Result, UserId};

use crate::mail::{link, token};
use crate::passwordless::mailed_code;
use crate::support::{PASSWORD, World, email, mail_worlds, password, sign_in, sign_up};

const RACERS: usize = 64;
/// How often each is run; by `WORKEROS_TEST_REPETITIONS`, more often.
const REPETITIONS: usize = 3;

fn repetitions() -> usize {
    let asked = std::env::var("WORKEROS_TEST_REPETITIONS").ok();
    asked
        .and_then(|text| text.parse().ok())
        .unwrap_or(REPETITIONS)
}

/// How many of those who come at once get in; the others are told `refusal`.
async fn winners<P, F>(auth: &Auth<P>, refusals: &[&str], come: impl Fn(Auth<P>) -> F) -> usize
where
    P: Plane,
    F: Future<Output = Result<()>> + Send + 'static,
{
    let racers = (0..RACERS).map(|_| tokio::spawn(come(auth.clone())));
    let mut winners = 0;
    for racer in futures::future::join_all(racers).await {
        match racer.unwrap() {
            Ok(()) => winners += 1,
            Err(error) => {
                let code = error.code().unwrap_or_default();
                assert!(refusals.contains(&code), "{error:?}");
            }
        }
    }
    winners
}

/// Whoever is verified keeps his account as it is.
async fn verified<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>) -> StillMe {
    let request = RequestInfo::new();
    let ann = auth.sign_up_email(sign_up("ann"), &request).await.unwrap();
    let purpose = CodePurpose::VerifyEmail;
    auth.send_code(purpose, &email("ann"), "x.y", &request)
        .await
        .unwrap();
    let mailed = MailedCode::new(email("ann"), mailed_code(world, mailer).await.unwrap());
    auth.verify_email_by_code(&mailed, &request).await.unwrap();
    StillMe::new(ann.user.id, ann.session.id, Some(password(PASSWORD)))
}

async fn sessions<P: Plane>(auth: &Auth<P>, user: UserId) -> usize {
    auth.sessions(user).await.unwrap().len()
}

/// R19: of 64 who follow a link one is signed in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_who_follow_a_link_one_is_signed_in() {
    async fn check<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>) {
        let still_me = verified(world, mailer, auth).await;
        for _ in 0..repetitions() {
            let (name, request) = (DisplayName::parse("").unwrap(), RequestInfo::new());
            auth.send_magic_link(&email("ann"), &name, &request, link)
                .await
                .unwrap();
            world.auth.deliver_mail().await.unwrap();
            let followed = Arc::new(token(&mailer.take()[0]));
            let before = sessions(auth, still_me.user).await;
            let winners = winners(auth, &["INVALID_TOKEN"], |auth| {
                let followed = Arc::clone(&followed);
                async move {
                    let request = RequestInfo::new();
                    auth.sign_in_magic_link(&followed, &request).await.map(drop)
                }
            });
            assert_eq!(winners.await, 1, "{}", world.name);
            assert_eq!(sessions(auth, still_me.user).await, before + 1);
        }
    }
    for (mut world, mailer) in mail_worlds().await {
        world.auth = world.mailing_with(&mailer, |auth| auth);
        check(&world, &mailer, &world.auth).await;
        check(&world, &mailer, &world.app().await).await;
    }
}

/// R19: of 64 with a code one is signed in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_with_a_code_one_is_signed_in() {
    async fn check<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>) {
        let still_me = verified(world, mailer, auth).await;
        for _ in 0..repetitions() {
            let request = RequestInfo::new();
            auth.send_code(CodePurpose::SignIn, &email("ann"), "x.y", &request)
                .await
                .unwrap();
            let code = mailed_code(world, mailer).await.unwrap();
            let mailed = Arc::new(MailedCode::new(email("ann"), code));
            let before = sessions(auth, still_me.user).await;
            let winners = winners(auth, &["INVALID_OTP"], |auth| {
                let mailed = Arc::clone(&mailed);
                async move {
                    let request = RequestInfo::new();
                    auth.sign_in_code(&mailed, None, &request).await.map(drop)
                }
            });
            assert_eq!(winners.await, 1, "{}", world.name);
            assert_eq!(sessions(auth, still_me.user).await, before + 1);
        }
    }
    for (mut world, mailer) in mail_worlds().await {
        world.auth = world.mailing_with(&mailer, |auth| auth);
        check(&world, &mailer, &world.auth).await;
        check(&world, &mailer, &world.app().await).await;
    }
}

/// R19: of 64 who are new by one link one user is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_who_are_new_by_one_link_one_user_is_made() {
    for (mut world, mailer) in mail_worlds().await {
        world.auth = world.mailing_with(&mailer, |auth| auth);
        world.sign_up("root").await;
        let (name, request) = (DisplayName::parse("").unwrap(), RequestInfo::new());
        world
            .auth
            .send_magic_link(&email("new"), &name, &request, link)
            .await
            .unwrap();
        world.auth.deliver_mail().await.unwrap();
        let followed = Arc::new(token(&mailer.take()[0]));
        let refusals = ["INVALID_TOKEN", "USER_ALREADY_EXISTS"];
        let winners = winners(&world.auth, &refusals, |auth| {
            let followed = Arc::clone(&followed);
            async move {
                let request = RequestInfo::new();
                auth.sign_in_magic_link(&followed, &request).await.map(drop)
            }
        });
        assert_eq!(winners.await, 1, "{}", world.name);
        let users = "SELECT id FROM workeros_users WHERE email = 'new@example.com'";
        assert_eq!(world.rows(users, vec![]).await.rows.len(), 1);
    }
}

/// Somebody with a second factor, and many of his sign-ins that wait.
async fn race<P: Plane>(
    world: &World,
    auth: &Auth<P>,
    user: UserId,
    factor: SecondFactor,
    refusals: &[&str],
) {
    let mut waiting = Vec::new();
    for _ in 0..RACERS {
        let login = sign_in("ann", PASSWORD);
        let request = RequestInfo::new();
        match auth.sign_in_email(login, &request).await.unwrap() {
            Entered::SecondFactor(token) => waiting.push(token),
            other => panic!("no second factor was asked for: {other:?}"),
        }
    }
    let waiting = Arc::new(std::sync::Mutex::new(waiting));
    let before = sessions(auth, user).await;
    let winners = winners(auth, refusals, |auth| {
        let token = waiting.lock().unwrap().pop().unwrap();
        let factor = factor.clone();
        async move {
            let request = RequestInfo::new();
            let finished = auth.finish_sign_in(&token, &factor, &request).await;
            finished.map(drop)
        }
    });
    assert_eq!(winners.await, 1, "{}", world.name);
    assert_eq!(sessions(auth, user).await, before + 1);
}

async fn set_up<P: Plane>(world: &World, auth: &Auth<P>, still_me: &StillMe) -> TwoFactorSetup {
    let request = RequestInfo::new();
    let setup = auth.begin_two_factor(still_me, &request).await.unwrap();
    let shown = SecondFactor::Totp(setup.secret.code(world.now()));
    auth.show_second_factor(still_me.user, &shown, &request)
        .await
        .unwrap();
    setup
}

/// R19: of 64 with a backup code or a code of an app one is signed in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_with_a_backup_code_or_a_code_of_an_app_one_is_signed_in() {
    async fn check<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>) {
        let still_me = verified(world, mailer, auth).await;
        let setup = set_up(world, auth, &still_me).await;
        for code in setup.backup_codes.iter().take(repetitions()) {
            let user = still_me.user;
            let factor = SecondFactor::BackupCode(code.clone());
            race(
                world,
                auth,
                user,
                factor,
                &["INVALID_BACKUP_CODE", "INVALID_CODE"],
            )
            .await;
            world.wait(std::time::Duration::from_secs(30));
            let factor = SecondFactor::Totp(setup.secret.code(world.now()));
            race(world, auth, user, factor, &["INVALID_CODE"]).await;
        }
    }
    for (mut world, mailer) in mail_worlds().await {
        world.auth = world.mailing_with(&mailer, |auth| auth);
        check(&world, &mailer, &world.auth).await;
        check(&world, &mailer, &world.app().await).await;
    }
}

/// R19: one sign-in that waits is finished once whatever is shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_one_sign_in_that_waits_is_finished_once_whatever_is_shown() {
    for (mut world, mailer) in mail_worlds().await {
        world.auth = world.mailing_with(&mailer, |auth| auth);
        let still_me = verified(&world, &mailer, &world.auth).await;
        let setup = set_up(&world, &world.auth, &still_me).await;
        let login = sign_in("ann", PASSWORD);
        let entered = world.auth.sign_in_email(login, &RequestInfo::new()).await;
        let Entered::SecondFactor(token) = entered.unwrap() else {
            panic!("no second factor was asked for")
        };
        let codes = Arc::new(std::sync::Mutex::new(setup.backup_codes.clone()));
        let before = sessions(&world.auth, still_me.user).await;
        let refusals = [
            "INVALID_CODE",
            "INVALID_BACKUP_CODE",
            "INVALID_TWO_FACTOR_COOKIE",
        ];
        let winners = winners(&world.auth, &refusals, |auth| {
            let token = token.clone();
            let code = {
                let mut codes = codes.lock().unwrap();
                codes.rotate_left(1);
                codes[0].clone()
            };
            async move {
                let request = RequestInfo::new();
                let factor = SecondFactor::BackupCode(code);
                let finished = auth.finish_sign_in(&token, &factor, &request).await;
                finished.map(drop)
            }
        });
        assert_eq!(winners.await, 1, "{}", world.name);
        assert_eq!(sessions(&world.auth, still_me.user).await, before + 1);
        // Who came too late has not used up his code.
        let left = "SELECT code_hash FROM workeros_backup_codes";
        assert_eq!(world.rows(left, vec![]).await.rows.len(), 9);
    }
}
