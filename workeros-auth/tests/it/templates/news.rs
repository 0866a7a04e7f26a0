//! Whoever an account belongs to hears of what was changed of it.

use workeros_adapters::MemoryMailer;
use workeros_auth::{
    Auth, ChangePassword, LinkToken, NewApiKey, RelyingParty, RequestInfo, SecondFactor, SignedIn,
    StillMe,
};
use workeros_core::{Email, Value};

use crate::mail::{ask, token};
use crate::soft_authenticator::SoftAuthenticator;
use crate::support::{PASSWORD, World, password, worlds};

const NEW: &str = "another horse battery";

async fn mails(auth: &Auth, mailer: &MemoryMailer) -> Vec<Email> {
    auth.deliver_mail().await.unwrap();
    mailer.take()
}

/// The only mail, which must be about that, and go there.
#[track_caller]
fn assert_told(mails: &[Email], subject: &str, says: &str) {
    let [mail] = mails else {
        panic!("not one mail: {mails:?}")
    };
    assert_eq!((mail.to(), mail.subject()), ("ann@example.com", subject));
    assert!(mail.text().contains(says), "{}", mail.text());
    assert!(
        mail.text().contains("(2024-06-01 12:00 UTC)"),
        "{}",
        mail.text()
    );
}

async fn ann(world: &World, is_verified: bool) -> SignedIn {
    let ann = world.sign_up("ann").await;
    let params = vec![Value::from(is_verified), ann.user.id.into()];
    let sql = "UPDATE workeros_users SET email_verified = $1 WHERE id = $2";
    world.run(sql, params).await;
    ann
}

#[tokio::test]
async fn another_password_is_told_to_a_verified_address() {
    for is_verified in [true, false] {
        for world in worlds().await {
            let mailer = MemoryMailer::default();
            let auth = world.mailing_with(&mailer, |builder| builder);
            let ann = ann(&world, is_verified).await;
            let change = ChangePassword::new(Some(password(PASSWORD)), password(NEW));
            auth.change_password(ann.user.id, &change).await.unwrap();
            let told = mails(&auth, &mailer).await;
            if is_verified {
                assert_told(&told, "Your password was changed", "");
            } else {
                assert!(told.is_empty(), "{told:?}");
            }
            let change = ChangePassword::new(Some(password(NEW)), password(PASSWORD));
            let request = RequestInfo::new();
            auth.change_password_everywhere(ann.user.id, &change, &request)
                .await
                .unwrap();
            assert_eq!(mails(&auth, &mailer).await.len(), usize::from(is_verified));
            // A wrong one changes nothing, and is told to nobody.
            auth.change_password(ann.user.id, &change)
                .await
                .unwrap_err();
            assert!(mails(&auth, &mailer).await.is_empty());
        }
    }
}

#[tokio::test]
async fn a_password_that_was_set_by_a_link_is_told() {
    for world in worlds().await {
        let mailer = MemoryMailer::default();
        let auth = world.mailing_with(&mailer, |builder| builder);
        ann(&world, false).await;
        ask(&auth, "ann").await;
        let link: LinkToken = token(&mails(&auth, &mailer).await[0]);
        auth.reset_password(&link, &password(NEW)).await.unwrap();
        // By the link the address is verified.
        let told = mails(&auth, &mailer).await;
        assert_told(&told, "Your password was changed", "");
        auth.reset_password(&link, &password(NEW))
            .await
            .unwrap_err();
        assert!(mails(&auth, &mailer).await.is_empty());
    }
}

#[tokio::test]
async fn a_new_key_is_told() {
    for world in worlds().await {
        let mailer = MemoryMailer::default();
        let auth = world.mailing_with(&mailer, |builder| builder);
        let ann = ann(&world, true).await;
        let identity = world.identity(&ann).await;
        auth.create_api_key(&identity, world.tenant, NewApiKey::new("ci"))
            .await
            .unwrap();
        let told = mails(&auth, &mailer).await;
        assert_told(&told, "A way to sign in was added", "an API key");
    }
}

/// OTP: a second factor that is set up, given other codes, or taken away.
#[tokio::test]
async fn a_second_factor_is_told() {
    for world in worlds().await {
        let mailer = MemoryMailer::default();
        let auth = world.mailing_with(&mailer, |builder| builder);
        let (ann, request) = (ann(&world, true).await, RequestInfo::new());
        let still_me = StillMe::new(ann.user.id, ann.session.id, Some(password(PASSWORD)));
        let setup = auth.begin_two_factor(&still_me, &request).await.unwrap();
        // It is none before it was shown.
        assert!(mails(&auth, &mailer).await.is_empty());
        let shown = SecondFactor::Totp(setup.secret.code(world.now()));
        let session = auth.show_second_factor(ann.user.id, &shown, &request);
        let session = session.await.unwrap().session.id;
        let told = mails(&auth, &mailer).await;
        assert_told(&told, "A way to sign in was added", "an authenticator app");
        let still_me = StillMe::new(ann.user.id, session, Some(password(PASSWORD)));
        auth.renew_backup_codes(&still_me, &request).await.unwrap();
        let told = mails(&auth, &mailer).await;
        assert_told(&told, "A way to sign in was added", "backup codes");
        auth.end_two_factor(&still_me, &request).await.unwrap();
        let told = mails(&auth, &mailer).await;
        assert_told(
            &told,
            "A way to sign in was removed",
            "an authenticator app",
        );
    }
}

/// PK: a passkey that is added or taken away.
#[tokio::test]
async fn a_passkey_is_told() {
    const ORIGIN: &str = "http://localhost:8080";
    let party = RelyingParty::of_origin(ORIGIN).unwrap();
    for world in worlds().await {
        let mailer = MemoryMailer::default();
        let auth = world.mailing_with(&mailer, |builder| builder.with_passkeys(party.clone()));
        let (ann, request) = (ann(&world, true).await, RequestInfo::new());
        let browser = auth.new_browser_token().unwrap();
        let who = auth.require_fresh(ann.session.id).await.unwrap();
        let options = auth
            .begin_passkey_registration(who, None, Some(&browser), &request)
            .await
            .unwrap();
        let answer = SoftAuthenticator::on(ORIGIN).create(&options);
        let finish = || auth.finish_passkey_registration(who, Some(&browser), &answer, None);
        let passkey = finish().await.unwrap();
        let told = mails(&auth, &mailer).await;
        assert_told(&told, "A way to sign in was added", "a passkey");
        finish().await.unwrap_err();
        assert!(mails(&auth, &mailer).await.is_empty());
        auth.delete_passkey(ann.user.id, passkey.id).await.unwrap();
        let told = mails(&auth, &mailer).await;
        assert_told(&told, "A way to sign in was removed", "a passkey");
        auth.delete_passkey(ann.user.id, passkey.id)
            .await
            .unwrap_err();
        assert!(mails(&auth, &mailer).await.is_empty());
    }
}
