//! What users do with the account itself: another address, and leaving.

use std::time::Duration;

use futures::future::join_all;
use workeros_adapters::MemoryMailer;
use workeros_auth::{
    App, Auth, EmailChange, EmailChangeStage, LinkToken, Plane, RequestInfo, SignedIn, StillMe,
};
use workeros_core::{ErrorKind, Result};

use crate::mail::{link, token};
use crate::support::{
    PASSWORD, World, email, finding, mail_worlds, password, sign_in, sign_up, signed_in,
};

/// Runs a case on both planes of every database.
macro_rules! on_both_planes {
    ($case:ident) => {
        for (world, mailer) in mail_worlds().await {
            println!("on {}", world.name);
            $case(&world, &world.auth, &mailer).await;
            let app = app(&world).await;
            $case(&world, &app, &mailer).await;
        }
    };
}

async fn app(world: &World) -> Auth<App> {
    world.app().await
}

async fn somebody<P: Plane>(auth: &Auth<P>, name: &str) -> SignedIn<P> {
    let request = RequestInfo::new();
    auth.sign_up_email(sign_up(name), &request).await.unwrap()
}

/// Somebody who has shown to read mail at his address.
async fn verified<P: Plane>(
    world: &World,
    auth: &Auth<P>,
    mailer: &MemoryMailer,
    name: &str,
) -> SignedIn<P> {
    let signed_in = somebody(auth, name).await;
    let request = RequestInfo::new();
    auth.send_verification_email(&email(name), &request, link)
        .await
        .unwrap();
    auth.verify_email(&newest(world, mailer, name).await)
        .await
        .unwrap();
    signed_in
}

/// The token of the newest mail to somebody.
async fn newest(world: &World, mailer: &MemoryMailer, name: &str) -> LinkToken {
    world.auth.deliver_mail().await.unwrap();
    let sent = mailer.sent();
    let to = format!("{name}@example.com");
    let mail = sent.iter().rev().find(|mail| mail.to() == to);
    token(mail.unwrap_or_else(|| panic!("no mail to {to}")))
}

async fn mails_to(world: &World, mailer: &MemoryMailer, name: &str) -> usize {
    world.auth.deliver_mail().await.unwrap();
    let to = format!("{name}@example.com");
    mailer.sent().iter().filter(|mail| mail.to() == to).count()
}

async fn change<P: Plane>(auth: &Auth<P>, who: &SignedIn<P>, to: &str) -> Result<()> {
    let (request, session) = (RequestInfo::new(), who.session.id);
    let who = auth.require_fresh(session).await?;
    auth.request_email_change(who, &email(to), &request, link)
        .await
}

async fn follow<P: Plane>(auth: &Auth<P>, token: &LinkToken) -> Result<EmailChange> {
    let request = RequestInfo::new();
    auth.follow_email_change(token, &request, link).await
}

async fn enters<P: Plane>(auth: &Auth<P>, name: &str) -> bool {
    let request = RequestInfo::new();
    let entered = auth.sign_in_email(sign_in(name, PASSWORD), &request).await;
    entered.map(signed_in).is_ok()
}

#[track_caller]
fn assert_over<T: std::fmt::Debug>(result: Result<T>) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Some("INVALID_TOKEN"), "{error:?}");
}

/// PW-8: an address changes when both have agreed.
#[tokio::test]
async fn pw_8_an_address_changes_when_both_have_agreed() {
    async fn case<P: Plane>(world: &World, auth: &Auth<P>, mailer: &MemoryMailer) {
        let ann = verified(world, auth, mailer, "ann").await;
        world.wait(Duration::from_mins(1));
        change(auth, &ann, "anna").await.unwrap();
        let approval = newest(world, mailer, "ann").await;
        assert_eq!(mails_to(world, mailer, "anna").await, 0);
        let shown = auth.check_email_change(&approval).await.unwrap();
        assert_eq!((shown.from, shown.to), (email("ann"), email("anna")));

        let followed = follow(auth, &approval).await.unwrap();
        assert_eq!(followed.stage, EmailChangeStage::Approval);
        assert!(enters(auth, "ann").await);
        assert_over(follow(auth, &approval).await);

        let confirmation = newest(world, mailer, "anna").await;
        let followed = follow(auth, &confirmation).await.unwrap();
        assert_eq!(followed.stage, EmailChangeStage::Confirmation);
        world.wait(Duration::from_mins(1));
        assert!(!enters(auth, "ann").await);
        assert!(enters(auth, "anna").await);
        assert_over(follow(auth, &confirmation).await);
        let told = auth.activity(200, None, Some(ann.user.id)).await.unwrap();
        assert!(
            told.rows
                .iter()
                .any(|row| row.action == "auth.email_changed")
        );
    }
    for (world, mailer) in mail_worlds().await {
        case(&world, &world.auth, &mailer).await;
    }
    for (world, mailer) in mail_worlds().await {
        let app = app(&world).await;
        case(&world, &app, &mailer).await;
    }
}

/// PW-8: nobody confirms an address its link was not sent to.
#[tokio::test]
async fn pw_8_nobody_confirms_an_address_its_link_was_not_sent_to() {
    for (world, mailer) in mail_worlds().await {
        let (auth, request) = (&world.auth, RequestInfo::new());
        let ann = somebody(auth, "ann").await;
        // Of an address that nobody has verified nobody has to agree.
        for to in ["mine", "yours"] {
            change(auth, &ann, to).await.unwrap();
        }
        let mine = newest(&world, &mailer, "mine").await;
        let yours = newest(&world, &mailer, "yours").await;
        let (first, second) = tokio::join!(
            auth.follow_email_change(&mine, &request, link),
            auth.follow_email_change(&yours, &request, link),
        );
        let confirmed: Vec<_> = [first, second].into_iter().flatten().collect();
        let [change] = &confirmed[..] else {
            panic!("not one of two: {confirmed:?}")
        };
        let user = auth.user(world.tenant, ann.user.id).await.unwrap().user;
        assert_eq!(user.email, change.to.as_str());
        assert!(user.email_verified);
        // Of either link nothing is left.
        for link in [&mine, &yours] {
            assert_over(follow(auth, link).await);
        }
    }
}

/// PW-5, PW-8: asking for an address does not tell whether somebody has it.
#[tokio::test]
async fn an_address_that_somebody_has_is_told_nobody() {
    for (world, mailer) in mail_worlds().await {
        let ann = somebody(&world.auth, "ann").await;
        somebody(&world.auth, "bob").await;
        change(&world.auth, &ann, "bob").await.unwrap();
        assert_eq!(mails_to(&world, &mailer, "bob").await, 0);
        let same = change(&world.auth, &ann, "ann").await.unwrap_err();
        assert_eq!(finding(&same), ("/newEmail", "EMAIL_IS_THE_SAME"));

        // Who gets it before it is confirmed keeps it.
        change(&world.auth, &ann, "cyd").await.unwrap();
        let confirmation = newest(&world, &mailer, "cyd").await;
        somebody(&world.auth, "cyd").await;
        assert_over(follow(&world.auth, &confirmation).await);
    }
}

/// PW-6, PW-8: a change of address ends what was mailed before.
#[tokio::test]
async fn a_change_of_address_ends_what_was_mailed_before() {
    for (world, mailer) in mail_worlds().await {
        let (auth, request) = (&world.auth, RequestInfo::new());
        let ann = somebody(auth, "ann").await;
        auth.request_password_reset(&email("ann"), &request, link)
            .await
            .unwrap();
        let reset = newest(&world, &mailer, "ann").await;
        change(auth, &ann, "anna").await.unwrap();
        let confirmation = newest(&world, &mailer, "anna").await;
        world.wait(Duration::from_secs(3599));
        follow(auth, &confirmation).await.unwrap();
        let other = password("battery staple horse");
        assert_over(auth.reset_password(&reset, &other).await);

        let login = sign_in("anna", PASSWORD);
        let again = signed_in(auth.sign_in_email(login, &request).await.unwrap());
        change(auth, &again, "annie").await.unwrap();
        // Now somebody reads mail at the address.
        let approval = newest(&world, &mailer, "anna").await;
        world.wait(Duration::from_hours(1));
        assert_over(follow(auth, &approval).await);
    }
}

/// PW-8: of twenty who confirm an address at once one does.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_who_confirm_at_once_one_does() {
    for (world, mailer) in mail_worlds().await {
        let ann = somebody(&world.auth, "ann").await;
        change(&world.auth, &ann, "anna").await.unwrap();
        let confirmation = newest(&world, &mailer, "anna").await;
        let all = (0..20).map(|_| follow(&world.auth, &confirmation));
        let followed = join_all(all).await;
        assert_eq!(followed.iter().filter(|result| result.is_ok()).count(), 1);
    }
}

/// SES-5, SES-8: who leaves has just shown who he is, and is gone.
#[tokio::test]
async fn who_leaves_is_gone() {
    async fn case<P: Plane>(world: &World, auth: &Auth<P>, _: &MemoryMailer) {
        let request = RequestInfo::new();
        // Somebody must stay who is admin.
        somebody(auth, "root").await;
        let ann = somebody(auth, "ann").await;
        let with =
            |known: Option<&str>| StillMe::new(ann.user.id, ann.session.id, known.map(password));
        let other = with(Some("battery staple"));
        let wrong = auth.delete_own_account(&other, &request).await;
        assert_eq!(wrong.unwrap_err().code(), Some("INVALID_PASSWORD"));
        world.wait(Duration::from_secs(601));
        let late = auth.delete_own_account(&with(None), &request).await;
        assert_eq!(late.unwrap_err().code(), Some("REAUTH_REQUIRED"));
        auth.delete_own_account(&with(Some(PASSWORD)), &request)
            .await
            .unwrap();
        assert!(!enters(auth, "ann").await);
        let sessions = auth.sessions(ann.user.id).await.unwrap();
        assert_eq!(sessions, []);

        let bob = somebody(auth, "bob").await;
        let fresh = StillMe::new(bob.user.id, bob.session.id, None);
        auth.delete_own_account(&fresh, &request).await.unwrap();
        assert!(!enters(auth, "bob").await);
    }
    on_both_planes!(case);
}

/// FIRST-4: the last admin does not leave.
#[tokio::test]
async fn first_4_the_last_admin_does_not_leave() {
    for (world, _) in mail_worlds().await {
        let root = world.sign_up("root").await;
        let still_me = StillMe::new(root.user.id, root.session.id, Some(password(PASSWORD)));
        let left = world
            .auth
            .delete_own_account(&still_me, &RequestInfo::new())
            .await;
        assert_eq!(left.unwrap_err().kind(), ErrorKind::Conflict);
    }
}
