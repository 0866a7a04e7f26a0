//! Whose an account is that somebody made with the address of another.

use workeros_adapters::MemoryMailer;
use workeros_auth::{
    Auth, CodePurpose, DisplayName, Entered, MailedCode, NewApiKey, Plane, RequestInfo,
    SecondFactor, StillMe,
};

use crate::mail::{link, token};
use crate::passwordless::mailed_code;
use crate::remembered::act;
use crate::support::{PASSWORD, World, email, mail_worlds, password, sign_in, sign_up, signed_in};

/// What shows that somebody reads mail at an address.
#[derive(Debug, Clone, Copy)]
enum By {
    Link,
    Code,
}

async fn enter<P: Plane>(
    world: &World,
    mailer: &MemoryMailer,
    auth: &Auth<P>,
    by: By,
) -> Entered<P> {
    let (request, ann) = (RequestInfo::new(), email("ann"));
    let arrival = match by {
        By::Link => {
            let name = DisplayName::parse("").unwrap();
            auth.send_magic_link(&ann, &name, &request, link)
                .await
                .unwrap();
            world.auth.deliver_mail().await.unwrap();
            let followed = token(&mailer.take()[0]);
            auth.sign_in_magic_link(&followed, &request).await
        }
        By::Code => {
            auth.send_code(CodePurpose::SignIn, &ann, "x.y", &request)
                .await
                .unwrap();
            let code = mailed_code(world, mailer).await.unwrap();
            let mailed = MailedCode::new(ann, code);
            auth.sign_in_code(&mailed, None, &request).await
        }
    };
    arrival.unwrap().entered
}

/// Signs up with the address of another and leaves everything there is to come
/// back by.
async fn squat<P: Plane>(world: &World, auth: &Auth<P>) -> workeros_auth::SignedIn<P> {
    let request = RequestInfo::new();
    let squatter = auth.sign_up_email(sign_up("ann"), &request).await.unwrap();
    let known = Some(password(PASSWORD));
    let still_me = StillMe::new(squatter.user.id, squatter.session.id, known);
    let setup = auth.begin_two_factor(&still_me, &request).await.unwrap();
    let shown = SecondFactor::Totp(setup.secret.code(world.now()));
    auth.show_second_factor(squatter.user.id, &shown, &request)
        .await
        .unwrap();
    squatter
}

/// OTP-3: the owner of an address takes an account over clean.
#[tokio::test]
async fn otp_3_the_owner_of_an_address_takes_an_account_over_clean() {
    async fn check<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>, by: By) {
        let squatter = squat(world, auth).await;
        // No second factor is asked for: it is not the owner's.
        let owner = signed_in(enter(world, mailer, auth, by).await);
        assert_eq!(owner.user.id, squatter.user.id);
        assert!(owner.user.email_verified);
        let sessions = auth.sessions(owner.user.id).await.unwrap();
        let ids: Vec<_> = sessions.iter().map(|session| session.id).collect();
        assert_eq!(ids, [owner.session.id], "{by:?} on {}", world.name);
        let login = sign_in("ann", PASSWORD);
        let refused = auth.sign_in_email(login, &RequestInfo::new()).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), Some("INVALID_EMAIL_OR_PASSWORD"));
        for codes in [
            "SELECT user_id FROM workeros_backup_codes",
            "SELECT user_id FROM app_backup_codes",
        ] {
            assert!(world.rows(codes, vec![]).await.rows.is_empty());
        }
    }
    for by in [By::Link, By::Code] {
        for (world, mailer) in mail_worlds().await {
            world.sign_up("root").await;
            check(&world, &mailer, &world.auth, by).await;
            check(&world, &mailer, &world.app().await, by).await;
        }
    }
}

/// OTP-3: what somebody has begun before the owner came leads the account
/// nowhere.
#[tokio::test]
async fn otp_3_what_was_begun_before_leads_the_account_nowhere() {
    async fn check<P: Plane>(world: &World, mailer: &MemoryMailer, auth: &Auth<P>, by: By) {
        let (request, to) = (RequestInfo::new(), email("squatter"));
        let squatter = auth.sign_up_email(sign_up("ann"), &request).await.unwrap();
        let user = squatter.user.id;
        let who = auth.require_fresh(squatter.session.id).await.unwrap();
        auth.request_email_change(who, &to, &request, link)
            .await
            .unwrap();
        world.auth.deliver_mail().await.unwrap();
        let [mail] = &mailer.take()[..] else {
            panic!("not one mail")
        };
        assert_eq!(mail.to(), to.as_str());
        let confirmation = token(mail);
        auth.check_email_change(&confirmation).await.unwrap();
        signed_in(enter(world, mailer, auth, by).await);
        let led = auth.follow_email_change(&confirmation, &request, link);
        assert_eq!(led.await.unwrap_err().code(), Some("INVALID_TOKEN"));
        let account = auth.user(world.tenant, user).await.unwrap();
        assert_eq!(account.user.email, "ann@example.com");
    }
    for by in [By::Link, By::Code] {
        for (world, mailer) in mail_worlds().await {
            world.sign_up("root").await;
            check(&world, &mailer, &world.auth, by).await;
            check(&world, &mailer, &world.app().await, by).await;
        }
    }
}

/// OTP-3: keys of before are gone.
#[tokio::test]
async fn otp_3_keys_of_before_are_gone() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("root").await;
        let squatter = world.sign_up("ann").await;
        let identity = world.identity(&squatter).await;
        let key = world
            .auth
            .create_api_key(&identity, world.tenant, NewApiKey::new("ci"))
            .await
            .unwrap();
        let secret = key.secret.expose();
        act(&world.auth, world.tenant, secret).await.unwrap();
        signed_in(enter(&world, &mailer, &world.auth, By::Code).await);
        assert!(act(&world.auth, world.tenant, secret).await.is_err());
        let session = world.auth.session(&squatter.token).await.unwrap();
        assert!(session.is_none());
    }
}

/// OTP-3: who was verified keeps what is his.
#[tokio::test]
async fn otp_3_who_was_verified_keeps_what_is_his() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await;
        let request = RequestInfo::new();
        let purpose = CodePurpose::VerifyEmail;
        world
            .auth
            .send_code(purpose, &email("ann"), "x.y", &request)
            .await
            .unwrap();
        let code = mailed_code(&world, &mailer).await.unwrap();
        let mailed = MailedCode::new(email("ann"), code);
        world
            .auth
            .verify_email_by_code(&mailed, &request)
            .await
            .unwrap();
        signed_in(enter(&world, &mailer, &world.auth, By::Link).await);
        assert!(world.auth.session(&ann.token).await.unwrap().is_some());
        signed_in(
            world
                .auth
                .sign_in_email(sign_in("ann", PASSWORD), &request)
                .await
                .unwrap(),
        );
    }
}

/// OTP-3: a new password by mail takes the second factor of before away.
#[tokio::test]
async fn otp_3_a_new_password_by_mail_takes_the_second_factor_of_before_away() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("root").await;
        squat(&world, &world.auth).await;
        crate::mail::ask(&world.auth, "ann").await;
        world.auth.deliver_mail().await.unwrap();
        let followed = token(&mailer.take()[0]);
        let new = password("another horse battery");
        world.auth.reset_password(&followed, &new).await.unwrap();
        let login = sign_in("ann", "another horse battery");
        let entered = world.auth.sign_in_email(login, &RequestInfo::new()).await;
        signed_in(entered.unwrap());
    }
}
