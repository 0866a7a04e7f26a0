//! R19: of many who come with the same proof at once, one gets in.

use std::sync::Arc;
use std::time::Duration;

use workeros_adapters::MemoryMailer;
use workeros_auth::{
    Auth, CodePurpose, DisplayName, Entered, LinkToken, MailedCode, PendingToken, Plane,
    RequestInfo, SecondFactor, SignIn, StillMe, TwoFactorSetup,
};
use workeros_core::UserId;

use crate::mail::{link, only_link};
use crate::passwordless::mailed_code;
use crate::race::{race, rounds, rounds_of_plane, winner};
use crate::support::{PASSWORD, World, email, mail_worlds, password, sign_in, sign_up};

/// Runs a case on both planes of every database, where nobody is held back.
macro_rules! on_both_planes {
    ($case:ident) => {
        for (mut world, mailer) in mail_worlds().await {
            println!("on {}", world.name);
            world.auth = world.mailing_with(&mailer, |auth| auth);
            $case(&world, &mailer, &world.auth).await;
            $case(&world, &mailer, &world.app().await).await;
        }
    };
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

/// The link that was just mailed.
async fn mailed(world: &World, mailer: &MemoryMailer) -> LinkToken {
    world.auth.deliver_mail().await.unwrap();
    only_link(mailer)
}

async fn ask_link<P: Plane>(auth: &Auth<P>, name: &str) {
    let (called, request) = (DisplayName::parse("").unwrap(), RequestInfo::new());
    auth.send_magic_link(&email(name), &called, &request, link)
        .await
        .unwrap();
}

async fn follow<P: Plane>(auth: Auth<P>, followed: LinkToken) -> workeros_core::Result<()> {
    let request = RequestInfo::new();
    auth.sign_in_magic_link(&followed, &request).await.map(drop)
}

/// R19: of 64 who follow a link one is signed in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_who_follow_a_link_one_is_signed_in() {
    async fn case<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>) {
        let ann = verified(world, mailer, auth).await.user;
        for _ in 0..rounds_of_plane() {
            ask_link(auth, "ann").await;
            let followed = mailed(world, mailer).await;
            let before = sessions(auth, ann).await;
            winner(&["INVALID_TOKEN"], |_| {
                follow(auth.clone(), followed.clone())
            })
            .await;
            assert_eq!(sessions(auth, ann).await, before + 1);
            auth.revoke_sessions(ann).await.unwrap();
        }
    }
    on_both_planes!(case);
}

/// R19: of 64 who are new by one link one user is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_who_are_new_by_one_link_one_user_is_made() {
    async fn case<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>) {
        for round in 0..rounds_of_plane() {
            let name = format!("new{round}");
            ask_link(auth, &name).await;
            let followed = mailed(world, mailer).await;
            let refusals = ["INVALID_TOKEN", "USER_ALREADY_EXISTS"];
            winner(&refusals, |_| follow(auth.clone(), followed.clone())).await;
            let page = auth.activity(2, None, None).await.unwrap();
            let user = page.rows[0].user_id.unwrap();
            assert_eq!(page.rows[0].action, "auth.sign_in");
            assert_eq!(sessions(auth, user).await, 1);
        }
        let made = auth.activity(200, None, None).await.unwrap().rows;
        let made = made.iter().filter(|row| row.action == "auth.sign_up");
        assert_eq!(made.count(), rounds_of_plane().min(100));
    }
    on_both_planes!(case);
}

/// PW-6, R19: of 64 who follow a link one sets the password.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pw_6_r19_of_64_who_follow_a_link_at_once_one_sets_the_password() {
    async fn case<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>) {
        let ann = verified(world, mailer, auth).await.user;
        for round in 0..rounds_of_plane() {
            let request = RequestInfo::new();
            auth.request_password_reset(&email("ann"), &request, link)
                .await
                .unwrap();
            let followed = mailed(world, mailer).await;
            let new = winner(&["INVALID_TOKEN"], |racer| {
                let (auth, followed) = (auth.clone(), followed.clone());
                let new = format!("another horse battery {round} {racer}");
                async move {
                    let set = auth.reset_password(&followed, &password(&new)).await;
                    set.map(|()| new)
                }
            })
            .await;
            assert_eq!(sessions(auth, ann).await, 0);
            let login = SignIn::new(email("ann"), password(&new));
            auth.sign_in_email(login, &request).await.unwrap();
        }
    }
    on_both_planes!(case);
}

/// OTP-1, R19: of 64 with a code one is signed in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn otp_1_r19_of_64_with_a_code_one_is_signed_in() {
    async fn case<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>) {
        let ann = verified(world, mailer, auth).await.user;
        for _ in 0..rounds_of_plane() {
            let request = RequestInfo::new();
            auth.send_code(CodePurpose::SignIn, &email("ann"), "x.y", &request)
                .await
                .unwrap();
            let code = mailed_code(world, mailer).await.unwrap();
            let mailed = Arc::new(MailedCode::new(email("ann"), code));
            let before = sessions(auth, ann).await;
            winner(&["INVALID_OTP"], |_| {
                let (auth, mailed) = (auth.clone(), Arc::clone(&mailed));
                async move {
                    let request = RequestInfo::new();
                    auth.sign_in_code(&mailed, None, &request).await.map(drop)
                }
            })
            .await;
            assert_eq!(sessions(auth, ann).await, before + 1);
            auth.revoke_sessions(ann).await.unwrap();
        }
    }
    on_both_planes!(case);
}

/// A sign-in that waits for the second factor.
async fn waiting<P: Plane>(auth: &Auth<P>) -> PendingToken {
    let login = sign_in("ann", PASSWORD);
    match auth.sign_in_email(login, &RequestInfo::new()).await {
        Ok(Entered::SecondFactor(token)) => token,
        other => panic!("no second factor was asked for: {other:?}"),
    }
}

async fn finish<P: Plane>(
    auth: Auth<P>,
    token: PendingToken,
    factor: SecondFactor,
) -> workeros_core::Result<()> {
    let request = RequestInfo::new();
    let finished = auth.finish_sign_in(&token, &factor, &request).await;
    finished.map(drop)
}

/// Sign-ins of one user that wait for his second factor.
struct Waiting(Vec<PendingToken>);

impl Waiting {
    async fn new<P: Plane>(auth: &Auth<P>) -> Self {
        let waiting = race(|_| {
            let auth = auth.clone();
            async move { waiting(&auth).await }
        });
        Self(waiting.await)
    }

    /// Shows one factor for all of them at once. Afterwards as many wait as
    /// before, as if nothing had been tried.
    async fn show<P: Plane>(
        &mut self,
        world: &World,
        auth: &Auth<P>,
        user: UserId,
        factor: &SecondFactor,
    ) {
        auth.revoke_sessions(user).await.unwrap();
        let first = winner(&["INVALID_BACKUP_CODE", "INVALID_CODE"], |racer| {
            let finished = finish(auth.clone(), self.0[racer].clone(), factor.clone());
            async move { finished.await.map(|()| racer) }
        })
        .await;
        assert_eq!(sessions(auth, user).await, 1);
        self.0[first] = waiting(auth).await;
        let end = world.now().saturating_add_micros(MINUTE_MICROS);
        for sql in RENEW {
            world.run(sql, vec![end.into()]).await;
        }
    }
}

const MINUTE_MICROS: i64 = 60_000_000;
const RENEW: [&str; 2] = [
    "UPDATE workeros_auth_flows SET attempts = 0, expires_at = $1 WHERE purpose = 'second-factor'",
    "UPDATE app_auth_flows SET attempts = 0, expires_at = $1 WHERE purpose = 'second-factor'",
];

async fn set_up<P: Plane>(world: &World, auth: &Auth<P>, still_me: &StillMe) -> TwoFactorSetup {
    let request = RequestInfo::new();
    let setup = auth.begin_two_factor(still_me, &request).await.unwrap();
    let shown = SecondFactor::Totp(setup.secret.code(world.now()));
    auth.show_second_factor(still_me.user, &shown, &request)
        .await
        .unwrap();
    setup
}

/// R19: of 64 with a code of an app one is signed in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_with_a_code_of_an_app_one_is_signed_in() {
    async fn case<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>) {
        let still_me = verified(world, mailer, auth).await;
        let setup = set_up(world, auth, &still_me).await;
        let mut waiting = Waiting::new(auth).await;
        for _ in 0..rounds_of_plane() {
            world.wait(Duration::from_secs(30));
            let factor = SecondFactor::Totp(setup.secret.code(world.now()));
            waiting.show(world, auth, still_me.user, &factor).await;
        }
    }
    on_both_planes!(case);
}

/// R19: of 64 with a backup code one is signed in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_with_a_backup_code_one_is_signed_in() {
    async fn case<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>) {
        let still_me = verified(world, mailer, auth).await;
        let mut codes = set_up(world, auth, &still_me).await.backup_codes;
        let mut waiting = Waiting::new(auth).await;
        for _ in 0..rounds_of_plane() {
            if codes.is_empty() {
                let request = RequestInfo::new();
                codes = auth.renew_backup_codes(&still_me, &request).await.unwrap();
            }
            let factor = SecondFactor::BackupCode(codes.pop().unwrap());
            waiting.show(world, auth, still_me.user, &factor).await;
        }
    }
    on_both_planes!(case);
}

/// R19: a sign-in that waits is finished once, whatever is shown, and who came
/// too late has not used up his code.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_one_sign_in_that_waits_is_finished_once_whatever_is_shown() {
    for (mut world, mailer) in mail_worlds().await {
        world.auth = world.mailing_with(&mailer, |auth| auth);
        let auth = &world.auth;
        let still_me = verified(&world, &mailer, auth).await;
        set_up(&world, auth, &still_me).await;
        for _ in 0..rounds() {
            let codes = auth
                .renew_backup_codes(&still_me, &RequestInfo::new())
                .await
                .unwrap();
            let token = waiting(auth).await;
            let before = sessions(auth, still_me.user).await;
            let refusals = [
                "INVALID_CODE",
                "INVALID_BACKUP_CODE",
                "INVALID_TWO_FACTOR_COOKIE",
            ];
            winner(&refusals, |racer| {
                let factor = SecondFactor::BackupCode(codes[racer % codes.len()].clone());
                finish(auth.clone(), token.clone(), factor)
            })
            .await;
            assert_eq!(sessions(auth, still_me.user).await, before + 1);
            auth.revoke_sessions(still_me.user).await.unwrap();
            let left = "SELECT code_hash FROM workeros_backup_codes";
            assert_eq!(world.rows(left, vec![]).await.rows.len(), 9);
        }
    }
}
