//! PW-5: where addresses must be verified, a sign-up tells nobody who has an
//! account.

use workeros_adapters::MemoryMailer;
use workeros_auth::{Auth, RealmSettings, RequestInfo, User};
use workeros_core::{ErrorKind, Result};

use crate::mail::{link, token};
use crate::support::{PASSWORD, World, finding, password, sign_in, sign_up, signed_in, worlds};

const HOME: &str = "https://example.com/";

/// Handles that want addresses verified, with the mails they send.
async fn strict_worlds() -> Vec<(World, Auth, MemoryMailer)> {
    let mut all = Vec::new();
    for world in worlds().await {
        let mailer = MemoryMailer::default();
        let auth = world.mailing_with(&mailer, |builder| {
            builder.with_settings(RealmSettings::new().with_required_verification(true))
        });
        all.push((world, auth, mailer));
    }
    all
}

async fn come(auth: &Auth, name: &str) -> Result<User> {
    let (sign_up, request) = (sign_up(name), RequestInfo::new());
    let user = auth.sign_up_to_verify(sign_up, &request, HOME, link).await;
    auth.deliver_mail().await.unwrap();
    user
}

/// PW-5: nobody gets in before he followed the link.
#[tokio::test]
async fn pw_5_nobody_gets_in_before_he_followed_the_link() {
    for (_world, auth, mailer) in strict_worlds().await {
        come(&auth, "ann").await.unwrap();
        let request = RequestInfo::new();
        let early = auth.sign_in_email(sign_in("ann", PASSWORD), &request).await;
        let error = early.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Forbidden, Some("EMAIL_NOT_VERIFIED"))
        );
        // Whoever does not know the password learns nothing.
        let wrong = auth
            .sign_in_email(sign_in("ann", "not her password"), &request)
            .await;
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Unauthorized);
        // Nor does the other way to sign up lead past it.
        let past = auth.sign_up_email(sign_up("eve"), &request).await;
        assert_eq!(past.unwrap_err().code(), Some("EMAIL_NOT_VERIFIED"));
        let eve = auth.sign_in_email(sign_in("eve", PASSWORD), &request).await;
        assert_eq!(eve.unwrap_err().kind(), ErrorKind::Unauthorized);

        auth.verify_email(&token(&mailer.take()[0])).await.unwrap();
        let entered = auth.sign_in_email(sign_in("ann", PASSWORD), &request).await;
        let ann = signed_in(entered.unwrap());
        let active = auth.session(&ann.token).await.unwrap().unwrap();
        assert_eq!(active.roles, ["admin"], "she was the first one");
    }
}

/// PW-5: an address that is taken is answered the same.
#[tokio::test]
async fn pw_5_an_address_that_is_taken_is_answered_the_same() {
    for (world, auth, mailer) in strict_worlds().await {
        let ann = come(&auth, "ann").await.unwrap();
        auth.verify_email(&token(&mailer.take()[0])).await.unwrap();
        let again = come(&auth, "ann").await.unwrap();
        assert_ne!(again.id, ann.id);
        let mut alike = again;
        alike.id = ann.id;
        assert_eq!(alike, ann);
        let [mail] = &mailer.take()[..] else {
            panic!("one mail")
        };
        assert_eq!(mail.to(), "ann@example.com");
        assert_eq!(mail.subject(), "You already have an account");
        assert!(mail.text().contains(HOME) && mail.html().unwrap().contains(HOME));
        let users = world
            .auth
            .users(world.tenant, 50, None)
            .await
            .unwrap()
            .accounts;
        assert_eq!(users.len(), 1);
        // Her password is the one she chose.
        let request = RequestInfo::new();
        let entered = auth.sign_in_email(sign_in("ann", PASSWORD), &request).await;
        signed_in(entered.unwrap());
    }
}

/// PW-5: a sign-up that is refused mails nobody.
#[tokio::test]
async fn a_sign_up_that_is_refused_mails_nobody() {
    for (world, auth, mailer) in strict_worlds().await {
        let mut weak = sign_up("ann");
        weak.password = password("password123");
        let request = RequestInfo::new();
        let refused = auth.sign_up_to_verify(weak, &request, HOME, link).await;
        assert_eq!(finding(&refused.unwrap_err()).1, "PASSWORD_COMMON");
        auth.deliver_mail().await.unwrap();
        assert!(mailer.take().is_empty());
        let without = Auth::builder(world.runtime.clone(), world.tenant);
        let strict = RealmSettings::new().with_required_verification(true);
        assert!(without.with_settings(strict).build().is_err());
    }
}
