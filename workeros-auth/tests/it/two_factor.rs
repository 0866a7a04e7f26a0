//! The second factor: that nothing goes past it, and each code counts once.

use std::time::Duration;

use workeros_adapters::MemoryMailer;
use workeros_auth::{
    Auth, BackupCode, CodePurpose, DisplayName, Entered, MailedCode, OneTimeCode, PendingToken,
    Plane, RequestInfo, SecondFactor, SessionKey, SignedIn, StillMe, TotpSecret, TwoFactorSetup,
};
use workeros_core::{Result, Value};

use crate::mail::{link, token};
use crate::passwordless::mailed_code;
use crate::support::{PASSWORD, World, email, mail_worlds, password, sign_in, sign_up, signed_in};

const STEP: Duration = Duration::from_secs(30);

/// Somebody signed in by his password, with what shows that it is still he.
async fn somebody<P: Plane>(auth: &Auth<P>, name: &str) -> (SignedIn<P>, StillMe) {
    let new = auth
        .sign_up_email(sign_up(name), &RequestInfo::new())
        .await
        .unwrap();
    let still = still_me(&new);
    (new, still)
}

fn still_me<P: Plane>(signed_in: &SignedIn<P>) -> StillMe {
    let known = Some(password(PASSWORD));
    StillMe::new(signed_in.user.id, signed_in.session.id, known)
}

fn totp(world: &World, secret: &TotpSecret) -> SecondFactor {
    SecondFactor::Totp(secret.code(world.now()))
}

fn wrong(world: &World, secret: &TotpSecret) -> SecondFactor {
    let taken =
        [-STEP_MICROS, 0, STEP_MICROS].map(|by| secret.code(world.now().saturating_add_micros(by)));
    let taken = taken.each_ref().map(OneTimeCode::expose);
    let free = ["000000", "000001", "000002", "000003"];
    let free = free.into_iter().find(|code| !taken.contains(code));
    SecondFactor::Totp(OneTimeCode::parse(free.unwrap()).unwrap())
}

const STEP_MICROS: i64 = 30_000_000;

/// Puts an authenticator app in use.
async fn enable<P: Plane>(world: &World, auth: &Auth<P>, still_me: &StillMe) -> TwoFactorSetup {
    let request = RequestInfo::new();
    let setup = auth.begin_two_factor(still_me, &request).await.unwrap();
    let shown = totp(world, &setup.secret);
    auth.show_second_factor(still_me.user, &shown, &request)
        .await
        .unwrap();
    world.wait(STEP);
    setup
}

async fn by_password<P: Plane>(auth: &Auth<P>, name: &str) -> Result<Entered<P>> {
    let request = RequestInfo::new();
    auth.sign_in_email(sign_in(name, PASSWORD), &request).await
}

#[track_caller]
fn pending<P: Plane>(entered: Entered<P>) -> PendingToken {
    match entered {
        Entered::SecondFactor(pending) => pending,
        other => panic!("no second factor was asked for: {other:?}"),
    }
}

#[track_caller]
fn assert_code<T: std::fmt::Debug>(result: Result<T>, code: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Some(code), "{error:?}");
}

async fn sessions<P: Plane>(auth: &Auth<P>, signed_in: &SignedIn<P>) -> usize {
    auth.sessions(signed_in.user.id).await.unwrap().len()
}

/// OTP-5: who proves by mail who he is is still asked for his second factor.
#[tokio::test]
async fn nothing_goes_past_the_second_factor_on_either_plane() {
    async fn check<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>) {
        let (ann, still_me) = somebody(auth, "ann").await;
        let request = RequestInfo::new();
        // Whoever has verified his address keeps what he set up before.
        auth.send_code(CodePurpose::VerifyEmail, &email("ann"), "x.y", &request)
            .await
            .unwrap();
        let code = mailed_code(world, mailer).await.unwrap();
        let mailed = MailedCode::new(email("ann"), code);
        auth.verify_email_by_code(&mailed, &request).await.unwrap();
        let setup = enable(world, auth, &still_me).await;
        let before = sessions(auth, &ann).await;

        let mut tokens = vec![pending(by_password(auth, "ann").await.unwrap())];
        auth.send_code(CodePurpose::SignIn, &email("ann"), "x.y", &request)
            .await
            .unwrap();
        let code = mailed_code(world, mailer).await.unwrap();
        let mailed = MailedCode::new(email("ann"), code);
        let arrival = auth.sign_in_code(&mailed, None, &request).await.unwrap();
        tokens.push(pending(arrival.entered));
        let name = DisplayName::parse("").unwrap();
        auth.send_magic_link(&email("ann"), &name, &request, link)
            .await
            .unwrap();
        world.auth.deliver_mail().await.unwrap();
        let followed = token(&mailer.take()[0]);
        let arrival = auth.sign_in_magic_link(&followed, &request).await.unwrap();
        tokens.push(pending(arrival.entered));
        assert_eq!(sessions(auth, &ann).await, before, "{}", world.name);

        for token in tokens {
            let shown = totp(world, &setup.secret);
            let finished = auth.finish_sign_in(&token, &shown, &request).await;
            assert_eq!(finished.unwrap().user.id, ann.user.id);
            // What waited is over.
            world.wait(STEP);
            let again = totp(world, &setup.secret);
            let again = auth.finish_sign_in(&token, &again, &request).await;
            assert_code(again, "INVALID_TWO_FACTOR_COOKIE");
        }
        assert_eq!(sessions(auth, &ann).await, before + 3);
    }
    for (world, mailer) in mail_worlds().await {
        check(&world, &mailer, &world.auth).await;
        check(&world, &mailer, &world.app().await).await;
    }
}

/// SES-2: showing a second factor for the first time gives another session.
#[tokio::test]
async fn an_app_is_asked_for_from_its_first_code_on() {
    for (world, _) in mail_worlds().await {
        let (ann, still_me) = somebody(&world.auth, "ann").await;
        let request = RequestInfo::new().with_replaced(Some(SessionKey::of_token(&ann.token)));
        let begin = || world.auth.begin_two_factor(&still_me, &request);
        let first = begin().await.unwrap();
        signed_in(by_password(&world.auth, "ann").await.unwrap());
        // A set-up that was not finished is begun anew.
        let second = begin().await.unwrap();
        let show = |factor| {
            let (auth, request) = (world.auth.clone(), request.clone());
            async move {
                auth.show_second_factor(ann.user.id, &factor, &request)
                    .await
            }
        };
        assert_code(show(totp(&world, &first.secret)).await, "INVALID_CODE");
        let backup = SecondFactor::BackupCode(second.backup_codes[0].clone());
        assert_code(show(backup).await, "BACKUP_CODES_NOT_ENABLED");
        let renewed = show(totp(&world, &second.secret)).await.unwrap();
        // SES-2: another session in place of the one before.
        assert!(world.auth.session(&ann.token).await.unwrap().is_none());
        let active = world.auth.session(&renewed.token).await.unwrap().unwrap();
        assert!(active.two_factor);
        pending(by_password(&world.auth, "ann").await.unwrap());
        assert_code(begin().await, "TOTP_ALREADY_ENABLED");
        let mut cheat = still_me.clone();
        cheat.password = Some(password("another horse battery"));
        world.wait(STEP);
        assert_code(
            world.auth.begin_two_factor(&cheat, &request).await,
            "INVALID_PASSWORD",
        );
    }
}

#[tokio::test]
async fn a_code_of_an_app_is_good_once() {
    for (world, _) in mail_worlds().await {
        let (_, still_me) = somebody(&world.auth, "ann").await;
        let setup = enable(&world, &world.auth, &still_me).await;
        let request = RequestInfo::new();
        let finish = async |factor: &SecondFactor| {
            let token = pending(by_password(&world.auth, "ann").await.unwrap());
            let finished = world.auth.finish_sign_in(&token, factor, &request).await;
            world.wait(Duration::from_secs(11));
            finished
        };
        let shown = totp(&world, &setup.secret);
        finish(&shown).await.unwrap();
        assert_code(finish(&shown).await, "INVALID_CODE");
        let before = SecondFactor::Totp(
            setup
                .secret
                .code(world.now().saturating_add_micros(-2 * STEP_MICROS)),
        );
        assert_code(finish(&before).await, "INVALID_CODE");
        world.wait(STEP);
        finish(&totp(&world, &setup.secret)).await.unwrap();
    }
}

#[tokio::test]
async fn each_backup_code_signs_in_once() {
    for (world, _) in mail_worlds().await {
        let (_, still_me) = somebody(&world.auth, "ann").await;
        let setup = enable(&world, &world.auth, &still_me).await;
        let request = RequestInfo::new();
        let finish = async |code: &BackupCode| {
            let token = pending(by_password(&world.auth, "ann").await.unwrap());
            let factor = SecondFactor::BackupCode(code.clone());
            let finished = world.auth.finish_sign_in(&token, &factor, &request).await;
            world.wait(Duration::from_secs(11));
            finished
        };
        assert_eq!(setup.backup_codes.len(), 10);
        for code in &setup.backup_codes[..2] {
            finish(code).await.unwrap();
            assert_code(finish(code).await, "INVALID_BACKUP_CODE");
        }
        let renewed = world.auth.renew_backup_codes(&still_me, &request).await;
        assert_code(finish(&setup.backup_codes[2]).await, "INVALID_BACKUP_CODE");
        finish(&renewed.unwrap()[0]).await.unwrap();
    }
}

#[tokio::test]
async fn so_many_factors_are_tried_for_one_sign_in() {
    for (mut world, mailer) in mail_worlds().await {
        world.auth = world.mailing_with(&mailer, |auth| auth);
        let (_, still_me) = somebody(&world.auth, "ann").await;
        let setup = enable(&world, &world.auth, &still_me).await;
        let token = pending(by_password(&world.auth, "ann").await.unwrap());
        let request = RequestInfo::new();
        for _ in 0..5 {
            let wrong = wrong(&world, &setup.secret);
            let refused = world.auth.finish_sign_in(&token, &wrong, &request).await;
            assert_code(refused, "INVALID_CODE");
        }
        let right = totp(&world, &setup.secret);
        let refused = world.auth.finish_sign_in(&token, &right, &request).await;
        assert_code(refused, "INVALID_TWO_FACTOR_COOKIE");
        let token = pending(by_password(&world.auth, "ann").await.unwrap());
        let finished = world.auth.finish_sign_in(&token, &right, &request).await;
        finished.unwrap();
    }
}

#[tokio::test]
async fn what_waits_ends_with_its_time_and_with_the_password() {
    for (world, mailer) in mail_worlds().await {
        let (_, still_me) = somebody(&world.auth, "ann").await;
        let setup = enable(&world, &world.auth, &still_me).await;
        let request = RequestInfo::new();
        let late = pending(by_password(&world.auth, "ann").await.unwrap());
        world.wait(Duration::from_mins(10));
        let shown = totp(&world, &setup.secret);
        let refused = world.auth.finish_sign_in(&late, &shown, &request).await;
        assert_code(refused, "INVALID_TWO_FACTOR_COOKIE");

        let stolen = pending(by_password(&world.auth, "ann").await.unwrap());
        let new = password("another horse battery");
        let change = workeros_auth::ChangePassword::new(Some(password(PASSWORD)), new);
        let user = still_me.user;
        world.auth.change_password(user, &change).await.unwrap();
        let refused = world.auth.finish_sign_in(&stolen, &shown, &request).await;
        assert_code(refused, "INVALID_TWO_FACTOR_COOKIE");

        // Also with one by mail.
        let verified = "UPDATE workeros_users SET email_verified = $1";
        world.run(verified, vec![true.into()]).await;
        let login = sign_in("ann", "another horse battery");
        let stolen = pending(world.auth.sign_in_email(login, &request).await.unwrap());
        crate::mail::ask(&world.auth, "ann").await;
        world.auth.deliver_mail().await.unwrap();
        let new = password("a third horse battery");
        let link = crate::mail::only_link(&mailer);
        world.auth.reset_password(&link, &new).await.unwrap();
        let refused = world.auth.finish_sign_in(&stolen, &shown, &request).await;
        assert_code(refused, "INVALID_TWO_FACTOR_COOKIE");
    }
}

#[tokio::test]
async fn what_waits_on_one_plane_is_nothing_on_the_other() {
    for (world, _) in mail_worlds().await {
        let (_, still_me) = somebody(&world.auth, "ann").await;
        let setup = enable(&world, &world.auth, &still_me).await;
        let token = pending(by_password(&world.auth, "ann").await.unwrap());
        let (app, request) = (world.app().await, RequestInfo::new());
        let shown = totp(&world, &setup.secret);
        let refused = app.finish_sign_in(&token, &shown, &request).await;
        assert_code(refused, "INVALID_TWO_FACTOR_COOKIE");
        // An app of one user shows nothing for another.
        let (_, bob) = somebody(&world.auth, "bob").await;
        enable(&world, &world.auth, &bob).await;
        let token = pending(by_password(&world.auth, "bob").await.unwrap());
        let shown = totp(&world, &setup.secret);
        let refused = world.auth.finish_sign_in(&token, &shown, &request).await;
        assert_code(refused, "INVALID_CODE");
    }
}

#[tokio::test]
async fn who_ends_it_is_asked_no_more_and_codes_are_gone() {
    for (world, _) in mail_worlds().await {
        let (_, still_me) = somebody(&world.auth, "ann").await;
        let setup = enable(&world, &world.auth, &still_me).await;
        let request = RequestInfo::new();
        let (secret, account) = world.auth.totp_secret(&still_me, &request).await.unwrap();
        assert_eq!(secret.expose(), setup.secret.expose());
        assert_eq!(account.as_str(), "ann@example.com");
        let ended = world
            .auth
            .end_two_factor(&still_me, &request)
            .await
            .unwrap();
        let active = world.auth.session(&ended.token).await.unwrap().unwrap();
        assert!(!active.two_factor);
        signed_in(by_password(&world.auth, "ann").await.unwrap());
        let shown = totp(&world, &setup.secret);
        let user = still_me.user;
        let refused = world.auth.show_second_factor(user, &shown, &request).await;
        assert_code(refused, "TOTP_NOT_ENABLED");
        world.wait(Duration::from_secs(11));
        let refused = world.auth.totp_secret(&still_me, &request).await;
        assert_code(refused, "TOTP_NOT_ENABLED");
        let refused = world.auth.renew_backup_codes(&still_me, &request).await;
        assert_code(refused, "TWO_FACTOR_NOT_ENABLED");
        let left = world.rows("SELECT user_id FROM workeros_backup_codes", vec![]);
        assert!(left.await.rows.is_empty());
    }
}

/// SES-8: who has no password must have signed in just now to set one up.
#[tokio::test]
async fn who_has_no_password_must_have_signed_in_just_now() {
    for (world, mailer) in mail_worlds().await {
        let request = RequestInfo::new();
        let purpose = CodePurpose::SignIn;
        world
            .auth
            .send_code(purpose, &email("ann"), "x.y", &request)
            .await
            .unwrap();
        let code = mailed_code(&world, &mailer).await.unwrap();
        let mailed = MailedCode::new(email("ann"), code);
        let arrival = world.auth.sign_in_code(&mailed, None, &request).await;
        let ann = signed_in(arrival.unwrap().entered);
        let still_me = StillMe::new(ann.user.id, ann.session.id, None);
        world
            .auth
            .begin_two_factor(&still_me, &request)
            .await
            .unwrap();
        world.wait(Duration::from_mins(11));
        let refused = world.auth.begin_two_factor(&still_me, &request).await;
        assert_code(refused, "REAUTH_REQUIRED");
    }
}

/// CFG-1: secrets of apps are sealed, backup codes hashed.
#[tokio::test]
async fn secrets_and_codes_are_not_to_be_read_in_the_database() {
    for (world, _) in mail_worlds().await {
        let (_, still_me) = somebody(&world.auth, "ann").await;
        let setup = enable(&world, &world.auth, &still_me).await;
        let rows = world
            .rows("SELECT secret FROM workeros_two_factor", vec![])
            .await;
        let sealed = rows.rows[0].text(0).unwrap();
        assert!(sealed.starts_with("v1.") && !sealed.contains(&setup.secret.expose()));
        let rows = world.rows("SELECT code_hash FROM workeros_backup_codes", vec![]);
        let rows = rows.await.rows;
        assert_eq!(rows.len(), 10);
        for row in rows {
            let Value::Bytes(hash) = row.value(0).unwrap() else {
                panic!("not bytes")
            };
            assert_eq!(hash.len(), 32);
        }
        let shown = format!("{setup:?}");
        for code in &setup.backup_codes {
            assert!(!shown.contains(&code.expose()));
        }
        assert!(!shown.contains(&setup.secret.expose()));
    }
}

/// LOG-1: what becomes of a second factor is noted.
#[tokio::test]
async fn what_becomes_of_a_second_factor_is_noted() {
    for (world, _) in mail_worlds().await {
        let (_, still_me) = somebody(&world.auth, "ann").await;
        let setup = enable(&world, &world.auth, &still_me).await;
        let request = RequestInfo::new();
        let token = pending(by_password(&world.auth, "ann").await.unwrap());
        let wrong = wrong(&world, &setup.secret);
        let refused = world.auth.finish_sign_in(&token, &wrong, &request).await;
        assert_code(refused, "INVALID_CODE");
        world
            .auth
            .end_two_factor(&still_me, &request)
            .await
            .unwrap();
        world.auth.drain().await;
        for kind in [
            "auth.factor_added",
            "auth.sign_in_failed",
            "auth.factor_removed",
        ] {
            let noted = "SELECT id FROM workeros_auth_activity WHERE action = $1";
            let noted = world.rows(noted, vec![kind.into()]).await;
            assert_eq!(noted.rows.len(), 1, "{kind} on {}", world.name);
        }
    }
}

#[test]
fn nothing_opens_a_session_but_what_asks_for_the_second_factor() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut open = Vec::new();
    let mut folders = vec![source];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path)
                .unwrap()
                .contains(".new_session(")
            {
                open.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    open.sort_unstable();
    // Who changes his password goes on in a session that he has, and who acts as
    // another by one of his own.
    assert_eq!(open, ["change_password.rs", "entry.rs", "impersonation.rs"]);
}
