//! What links in mails do, and when they cease to.

use std::time::Duration;

use workeros_adapters::MemoryMailer;
use workeros_auth::{
    AuthBuilder, ChangePassword, LinkToken, NewApiKey, RealmSettings, RequestInfo, UserPatch,
};
use workeros_core::{Error, ErrorKind, Value};

use crate::mail::{ask, link, only_link, token};
use crate::remembered::act;
use crate::support::{
    PASSWORD, World, email, finding, mail_worlds, password, sign_in, signed_in, worlds,
};

const NEW: &str = "another horse battery";

/// The link mailed for a new password.
async fn reset_link(world: &World, mailer: &MemoryMailer, name: &str) -> LinkToken {
    ask(&world.auth, name).await;
    world.auth.deliver_mail().await.unwrap();
    only_link(mailer)
}

/// The link mailed to verify an address, if one was.
async fn verify_link(world: &World, mailer: &MemoryMailer, name: &str) -> Option<LinkToken> {
    let request = RequestInfo::new();
    world
        .auth
        .send_verification_email(&email(name), &request, link)
        .await
        .unwrap();
    world.auth.deliver_mail().await.unwrap();
    mailer.take().first().map(token)
}

async fn reset(world: &World, token: &LinkToken) -> Result<(), Error> {
    world.auth.reset_password(token, &password(NEW)).await
}

#[track_caller]
fn assert_invalid(result: Result<(), Error>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert_eq!(error.code(), Some("INVALID_TOKEN"));
}

async fn signs_in(world: &World, text: &str) -> bool {
    let request = RequestInfo::new();
    let signed_in = world.auth.sign_in_email(sign_in("ann", text), &request);
    signed_in.await.is_ok()
}

/// PW-6: a link gives a new password once and ends every session.
#[tokio::test]
async fn pw_6_a_link_gives_a_new_password_once_and_ends_every_session() {
    for (world, mailer) in mail_worlds().await {
        let (bob, ann) = (world.sign_up("bob").await, world.sign_up("ann").await);
        let other = world.sign_in("ann").await.unwrap();
        let link = reset_link(&world, &mailer, "ann").await;
        world.auth.check_password_reset(&link).await.unwrap();
        assert!(world.auth.session(&ann.token).await.unwrap().is_some());
        reset(&world, &link).await.unwrap();
        for session in [&ann, &other] {
            assert!(world.auth.session(&session.token).await.unwrap().is_none());
        }
        assert!(world.auth.session(&bob.token).await.unwrap().is_some());
        assert!(signs_in(&world, NEW).await && !signs_in(&world, PASSWORD).await);
        assert_invalid(reset(&world, &link).await);
        assert_invalid(world.auth.check_password_reset(&link).await);
    }
}

/// PW-6: a link ends with its time and with what it was for.
#[tokio::test]
async fn pw_6_a_link_ends_with_its_time_and_with_what_it_was_for() {
    for (world, mailer) in mail_worlds().await {
        let ann = world.sign_up("ann").await;
        let mut links = Vec::new();
        // Two minutes apart, so that each is sent.
        for _ in 0..2 {
            links.push(reset_link(&world, &mailer, "ann").await);
            world.wait(Duration::from_mins(2));
        }
        let [older, newer] = links.try_into().unwrap();
        assert_invalid(reset(&world, &older).await);
        assert_invalid(world.auth.verify_email(&newer).await);
        let verify = verify_link(&world, &mailer, "ann").await.unwrap();
        assert_invalid(reset(&world, &verify).await);
        assert_invalid(world.auth.check_password_reset(&verify).await);

        let weak = world.auth.reset_password(&newer, &password("short")).await;
        assert_eq!(
            finding(&weak.unwrap_err()),
            ("/password", "PASSWORD_TOO_SHORT")
        );
        let same = world
            .auth
            .reset_password(&newer, &password("ann@example.com"))
            .await;
        assert_eq!(
            finding(&same.unwrap_err()),
            ("/password", "PASSWORD_COMMON")
        );
        world.auth.check_password_reset(&newer).await.unwrap();

        let change = ChangePassword::new(Some(password(PASSWORD)), password(NEW));
        world
            .auth
            .change_password(ann.user.id, &change)
            .await
            .unwrap();
        assert_invalid(reset(&world, &newer).await);

        let late = reset_link(&world, &mailer, "ann").await;
        world.wait(Duration::from_hours(1));
        assert_invalid(reset(&world, &late).await);
        assert!(signs_in(&world, NEW).await);
    }
}

/// PW-6: a link is of no use once the address is another's.
#[tokio::test]
async fn a_link_is_of_no_use_once_the_address_is_anothers() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await.user.id;
        let patch = |patch: UserPatch| world.auth.update_user(world.tenant, ann, patch);
        let link = reset_link(&world, &mailer, "ann").await;
        let verify = verify_link(&world, &mailer, "ann").await.unwrap();
        patch(UserPatch::new().with_email(Some(email("anna"))))
            .await
            .unwrap();
        assert_invalid(reset(&world, &link).await);
        assert_invalid(world.auth.verify_email(&verify).await);
        // Whoever has the address now is not whom the link was for.
        let other = world.sign_up("ann").await;
        assert_invalid(reset(&world, &link).await);
        assert!(world.auth.session(&other.token).await.unwrap().is_some());

        let link = reset_link(&world, &mailer, "anna").await;
        patch(UserPatch::new().with_disabled(Some(true)))
            .await
            .unwrap();
        assert_invalid(reset(&world, &link).await);
    }
}

/// PW-5: an address that nobody has leaves nothing behind.
#[tokio::test]
async fn pw_5_an_address_that_nobody_has_leaves_nothing_behind() {
    for (world, mailer) in mail_worlds().await {
        let root = world.sign_up("root").await;
        let ann = world.sign_up("ann").await;
        let patch = UserPatch::new().with_disabled(Some(true));
        world
            .auth
            .update_user(world.tenant, ann.user.id, patch)
            .await
            .unwrap();
        for name in ["nobody", "ann"] {
            ask(&world.auth, name).await;
            assert_eq!(verify_link(&world, &mailer, name).await, None);
        }
        for table in [
            "SELECT id FROM workeros_auth_flows",
            "SELECT id FROM workeros_mail_queue",
        ] {
            assert!(world.rows(table, vec![]).await.rows.is_empty());
        }
        assert!(world.auth.session(&root.token).await.unwrap().is_some());
    }
}

/// PW-6, OTP-3: keys of an address that nobody had verified end with the reset.
#[tokio::test]
async fn keys_of_an_address_nobody_had_verified_end_with_the_reset() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await;
        for (n, ends) in [true, false].into_iter().enumerate() {
            if n == 1 {
                world.wait(Duration::from_mins(1));
            }
            let session = world.auth.sessions(ann.user.id).await.unwrap();
            let owner = if session.is_empty() {
                let request = RequestInfo::new();
                let again = world.auth.sign_in_email(sign_in("ann", NEW), &request);
                world.identity(&signed_in(again.await.unwrap())).await
            } else {
                world.identity(&ann).await
            };
            let key = world
                .auth
                .create_api_key(&owner, world.tenant, NewApiKey::new("ci"))
                .await
                .unwrap();
            let secret = key.secret.expose();
            act(&world.auth, world.tenant, secret).await.unwrap();
            let link = reset_link(&world, &mailer, "ann").await;
            reset(&world, &link).await.unwrap();
            let acts = act(&world.auth, world.tenant, secret).await;
            assert_eq!(acts.is_err(), ends, "{}", world.name);
        }
    }
}

/// PW-6: where the settings say so, a new password revokes all keys of the user,
/// and of nobody else.
#[tokio::test]
async fn pw_6_a_link_revokes_keys_where_it_is_to() {
    for (mut world, mailer) in mail_worlds().await {
        let strict = RealmSettings::new().with_keys_revoked_at_reset(true);
        let strict = |builder: AuthBuilder| builder.with_settings(strict.clone());
        world.auth = world.mailing_with(&mailer, strict);
        let mut keys = Vec::new();
        for name in ["ann", "bob"] {
            world.sign_up(name).await;
            let link = reset_link(&world, &mailer, name).await;
            reset(&world, &link).await.unwrap();
            let request = RequestInfo::new();
            let again = world.auth.sign_in_email(sign_in(name, NEW), &request);
            let owner = world.identity(&signed_in(again.await.unwrap())).await;
            let new = NewApiKey::new(name);
            let made = world.auth.create_api_key(&owner, world.tenant, new);
            keys.push(made.await.unwrap().secret);
            // He is told of the new password, too.
            world.auth.deliver_mail().await.unwrap();
            let _ = mailer.take();
        }
        let link = reset_link(&world, &mailer, "ann").await;
        reset(&world, &link).await.unwrap();
        let [ann, bob] = [&keys[0], &keys[1]].map(|key| key.expose());
        assert!(act(&world.auth, world.tenant, ann).await.is_err());
        assert!(act(&world.auth, world.tenant, bob).await.is_ok());
    }
}

#[tokio::test]
async fn an_address_is_verified_once_by_its_link() {
    for (world, mailer) in mail_worlds().await {
        let ann = world.sign_up("ann").await;
        let link = verify_link(&world, &mailer, "ann").await.unwrap();
        let is_verified = async || {
            let session = world.auth.session(&ann.token).await.unwrap();
            session.unwrap().user.email_verified
        };
        assert!(!is_verified().await);
        world.auth.verify_email(&link).await.unwrap();
        assert!(is_verified().await);
        assert_invalid(world.auth.verify_email(&link).await);
        world.wait(Duration::from_mins(1));
        assert_eq!(verify_link(&world, &mailer, "ann").await, None);
    }
}

/// PW-6: a link is kept as its hash, and swept when it is over.
#[tokio::test]
async fn a_link_is_kept_as_its_hash_and_swept_when_it_is_over() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("ann").await;
        let link = reset_link(&world, &mailer, "ann").await;
        let count = async || {
            let hashes = "SELECT secret_hash FROM workeros_auth_flows";
            world.rows(hashes, vec![]).await.rows
        };
        let [row] = count().await.try_into().unwrap();
        let Value::Bytes(hash) = row.value(0).unwrap() else {
            panic!("not bytes")
        };
        assert_eq!(hash.len(), 32);
        assert_ne!(hash, link.expose().as_bytes());
        world.auth.drop_expired().await.unwrap();
        assert_eq!(count().await.len(), 1);
        world.wait(Duration::from_hours(1));
        world.auth.drop_expired().await.unwrap();
        assert!(count().await.is_empty());
    }
}

/// PW-6: what is almost a link is none.
#[tokio::test]
async fn what_is_almost_a_link_is_none() {
    for text in ["", "x", "0123456789abcdefghijABCDEFGHIJ0123456789a", "*"] {
        assert_invalid(LinkToken::parse(text).map(drop));
    }
    let made_up = LinkToken::parse("0123456789abcdefghijABCDEFGHIJ0123456789abc").unwrap();
    for world in worlds().await {
        world.sign_up("ann").await;
        assert_invalid(reset(&world, &made_up).await);
        assert_invalid(world.auth.verify_email(&made_up).await);
        assert_eq!(format!("{made_up:?}"), "LinkToken(..)");
    }
}
