//! How often somebody may try.

use std::time::Duration;

use workeros_auth::{
    ChangePassword, CodePurpose, DisplayName, Entered, MailedCode, OneTimeCode, RequestInfo,
    SecondFactor, StillMe,
};
use workeros_core::{ErrorKind, Result};

use crate::mail::{link, only_link};
use crate::support::{PASSWORD, World, email, mail_worlds, password, sign_in, signed_in};

fn from(ip: &str) -> RequestInfo {
    RequestInfo::new().with_ip(Some(ip.parse().unwrap()))
}

async fn try_password(world: &World, name: &str, text: &str, ip: &str) -> Result<()> {
    let login = sign_in(name, text);
    world.auth.sign_in_email(login, &from(ip)).await.map(drop)
}

/// LIM-1: the fourth sign-in within ten seconds waits.
#[tokio::test]
async fn lim_1_the_fourth_sign_in_within_ten_seconds_waits() {
    for (world, _) in mail_worlds().await {
        world.sign_up("ann").await;
        world.sign_up("bob").await;
        for name in ["ann", "nobody"] {
            for _ in 0..3 {
                let tried = try_password(&world, name, "wrong horse battery", "192.0.2.1");
                assert_eq!(tried.await.unwrap_err().kind(), ErrorKind::Unauthorized);
            }
            let fourth = try_password(&world, name, PASSWORD, "192.0.2.1").await;
            let fourth = fourth.unwrap_err();
            assert_eq!(fourth.kind(), ErrorKind::RateLimited);
            assert_eq!(fourth.retry_after_seconds(), Some(10));
        }
        // Another place and another account are not meant.
        try_password(&world, "ann", PASSWORD, "192.0.2.2")
            .await
            .unwrap();
        try_password(&world, "bob", PASSWORD, "192.0.2.1")
            .await
            .unwrap();
        world.wait(Duration::from_secs(10));
        try_password(&world, "ann", PASSWORD, "192.0.2.1")
            .await
            .unwrap();
    }
}

/// LIM-1: after ten failures of any kind an account is locked.
#[tokio::test]
async fn lim_1_after_ten_failures_of_any_kind_an_account_is_locked() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("ann").await;
        let ip = |n: usize| format!("192.0.2.{n}");
        for n in 0..5 {
            let wrong = "wrong horse battery";
            assert!(try_password(&world, "ann", wrong, &ip(n)).await.is_err());
        }
        let guess = MailedCode::new(email("ann"), OneTimeCode::parse("000000").unwrap());
        for n in 5..10 {
            let refused = world.auth.sign_in_code(&guess, None, &from(&ip(n))).await;
            assert_eq!(refused.unwrap_err().code(), Some("INVALID_OTP"));
        }
        let locked = try_password(&world, "ann", PASSWORD, &ip(10)).await;
        let locked = locked.unwrap_err();
        assert_eq!(locked.code(), Some("ACCOUNT_TEMPORARILY_LOCKED"));
        assert_eq!(locked.kind(), ErrorKind::RateLimited);
        assert_eq!(locked.retry_after_seconds(), Some(15 * 60));
        let purpose = CodePurpose::ResetPassword;
        let refused = world.auth.check_code(purpose, &guess, &from(&ip(11))).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), Some("ACCOUNT_TEMPORARILY_LOCKED"));

        // Nobody is locked out of what cannot be guessed.
        crate::mail::ask(&world.auth, "ann").await;
        world.auth.deliver_mail().await.unwrap();
        let reset = only_link(&mailer);
        let new = password("another horse battery");
        world.auth.reset_password(&reset, &new).await.unwrap();
        let name = DisplayName::parse("").unwrap();
        world
            .auth
            .send_magic_link(&email("ann"), &name, &from("192.0.2.1"), link)
            .await
            .unwrap();
        world.auth.deliver_mail().await.unwrap();
        let followed = only_link(&mailer);
        let here = from("192.0.2.1");
        let arrival = world.auth.sign_in_magic_link(&followed, &here);
        signed_in(arrival.await.unwrap().entered);
        try_password(&world, "ann", "another horse battery", "192.0.2.99")
            .await
            .unwrap();
    }
}

/// LOG-1: that an account is locked is noted, once as long as it is.
#[tokio::test]
async fn log_1_a_lock_is_noted_once() {
    for (world, _) in mail_worlds().await {
        world.sign_up("ann").await;
        for n in 0..20 {
            let ip = format!("192.0.2.{n}");
            let tried = try_password(&world, "ann", "wrong horse battery", &ip);
            assert!(tried.await.is_err());
        }
        let noted = async || {
            world.auth.drain().await;
            let rows = world.auth.activity(200, None, None).await.unwrap().rows;
            let rows = rows.into_iter().filter(|row| row.action == "auth.locked");
            rows.collect::<Vec<_>>()
        };
        let [row] = &noted().await[..] else {
            panic!("not one row on {}", world.name)
        };
        assert_eq!(row.detail["email"], "ann@example.com");
        world.wait(Duration::from_mins(15));
        for n in 0..12 {
            let ip = format!("192.0.2.{n}");
            let tried = try_password(&world, "ann", "wrong horse battery", &ip);
            assert!(tried.await.is_err());
        }
        assert_eq!(noted().await.len(), 2);
    }
}

/// LIM-1: a lock ends by itself.
#[tokio::test]
async fn lim_1_a_lock_ends_by_itself() {
    for (world, _) in mail_worlds().await {
        world.sign_up("ann").await;
        for n in 0..10 {
            let ip = format!("192.0.2.{n}");
            let tried = try_password(&world, "ann", "wrong horse battery", &ip);
            assert_eq!(tried.await.unwrap_err().kind(), ErrorKind::Unauthorized);
        }
        let ip = "192.0.2.200";
        world.wait(Duration::from_secs(15 * 60 - 1));
        assert!(try_password(&world, "ann", PASSWORD, ip).await.is_err());
        world.wait(Duration::from_secs(1));
        try_password(&world, "ann", PASSWORD, ip).await.unwrap();
    }
}

/// LIM-1: however many come at once ten are looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lim_1_however_many_come_at_once_ten_are_looked_at() {
    for (world, _) in mail_worlds().await {
        world.sign_up("ann").await;
        let tries = (0..64).map(|n| {
            let auth = world.auth.clone();
            let request = from(&format!("192.0.2.{n}"));
            let login = sign_in("ann", "wrong horse battery");
            tokio::spawn(async move { auth.sign_in_email(login, &request).await.map(drop) })
        });
        let mut looked_at = 0;
        for tried in futures::future::join_all(tries).await {
            let error = tried.unwrap().unwrap_err();
            looked_at += usize::from(error.kind() == ErrorKind::Unauthorized);
        }
        assert_eq!(looked_at, 10, "{}", world.name);
    }
}

/// LIM-1: whoever has a session does not guess the password either.
#[tokio::test]
async fn lim_1_whoever_has_a_session_does_not_guess_the_password_either() {
    for (world, _) in mail_worlds().await {
        let ann = world.sign_up("ann").await.user.id;
        let wrong = Some(password("wrong horse battery"));
        let change = ChangePassword::new(wrong, password("another horse battery"));
        for _ in 0..3 {
            let refused = world.auth.change_password(ann, &change).await;
            assert_eq!(refused.unwrap_err().code(), Some("INVALID_PASSWORD"));
        }
        let refused = world.auth.change_password(ann, &change).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::RateLimited);
        // Slowly neither: ten that fail lock the account.
        for _ in 3..10 {
            world.wait(Duration::from_secs(10));
            let refused = world.auth.change_password(ann, &change).await;
            assert_eq!(refused.unwrap_err().code(), Some("INVALID_PASSWORD"));
        }
        let locked = try_password(&world, "ann", PASSWORD, "192.0.2.1").await;
        let locked = locked.unwrap_err();
        assert_eq!(locked.code(), Some("ACCOUNT_TEMPORARILY_LOCKED"));
    }
}

/// LIM-1: nor does whoever knows the password guess the second factor.
#[tokio::test]
async fn lim_1_wrong_second_factors_lock_an_account_too() {
    for (world, _) in mail_worlds().await {
        let ann = world.sign_up("ann").await;
        let still_me = StillMe::new(ann.user.id, ann.session.id, Some(password(PASSWORD)));
        let request = RequestInfo::new();
        let setup = world.auth.begin_two_factor(&still_me, &request).await;
        let code = setup.unwrap().secret.code(world.now());
        let shown = SecondFactor::Totp(code.clone());
        let shown = world.auth.show_second_factor(ann.user.id, &shown, &request);
        shown.await.unwrap();
        // What was shown once is wrong from now on.
        let wrong = SecondFactor::Totp(code);
        let mut places = (1..=250).map(|n| format!("192.0.2.{n}"));
        let mut place = || from(&places.next().unwrap());
        // To know the password is no success yet.
        for tries in [5, 3] {
            let login = sign_in("ann", PASSWORD);
            let entered = world.auth.sign_in_email(login, &place()).await.unwrap();
            let Entered::SecondFactor(waiting) = entered else {
                panic!("no second factor was asked for")
            };
            for _ in 0..tries {
                let refused = world.auth.finish_sign_in(&waiting, &wrong, &place()).await;
                assert_eq!(refused.unwrap_err().code(), Some("INVALID_CODE"));
            }
        }
        let locked = try_password(&world, "ann", PASSWORD, "192.0.2.251").await;
        let locked = locked.unwrap_err();
        assert_eq!(locked.code(), Some("ACCOUNT_TEMPORARILY_LOCKED"));
    }
}
