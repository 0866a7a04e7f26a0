use std::time::Duration;

use workeros_auth::{ChangePassword, RequestInfo, SessionName};
use workeros_core::{ErrorKind, SessionId};

use crate::support::{PASSWORD, World, finding, password, sign_in, worlds};

const NEW: &str = "another horse battery";

async fn lives(world: &World, signed_in: &workeros_auth::SignedIn) -> bool {
    let session = world.auth.session(&signed_in.token).await.unwrap();
    session.is_some()
}

fn change(current: &str, new: &str) -> ChangePassword {
    ChangePassword::new(Some(password(current)), password(new))
}

/// SES-6: one sees one's own sessions that have not ended.
#[tokio::test]
async fn ses_6_one_sees_ones_own_sessions_that_have_not_ended() {
    for world in worlds().await {
        let bob = world.sign_up("bob").await;
        let idle = world.sign_up("ann").await;
        world.wait(Duration::from_hours(20));
        let first = world.sign_in("ann").await.unwrap();
        world.wait(Duration::from_hours(5));
        let second = world.sign_in("ann").await.unwrap();
        world.sign_in("bob").await.unwrap();
        let seen = world.auth.sessions(first.user.id).await.unwrap();
        let seen: Vec<SessionId> = seen.iter().map(|session| session.id).collect();
        assert_eq!(seen, [second.session.id, first.session.id]);
        assert!(!seen.contains(&idle.session.id) && !seen.contains(&bob.session.id));
    }
}

/// SES-6: a session of somebody else is not there.
#[tokio::test]
async fn ses_6_a_session_of_somebody_else_is_not_there() {
    for world in worlds().await {
        let (ann, bob) = (world.sign_up("ann").await, world.sign_up("bob").await);
        for name in [
            SessionName::Id(bob.session.id),
            SessionName::Token(bob.token.clone()),
            SessionName::Id(SessionId::new(world.runtime.ids.next_id())),
        ] {
            let refused = world.auth.revoke_session(ann.user.id, &name).await;
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
        }
        assert!(lives(&world, &bob).await);
    }
}

/// SES-6: a session that is revoked is over.
#[tokio::test]
async fn a_session_that_is_revoked_is_over() {
    for world in worlds().await {
        let first = world.sign_up("ann").await;
        let second = world.sign_in("ann").await.unwrap();
        let third = world.sign_in("ann").await.unwrap();
        let ann = first.user.id;
        for (revoked, name) in [
            (&first, SessionName::Id(first.session.id)),
            (&second, SessionName::Token(second.token.clone())),
        ] {
            assert!(lives(&world, revoked).await);
            world.auth.revoke_session(ann, &name).await.unwrap();
            assert!(!lives(&world, revoked).await);
        }
        let fourth = world.sign_in("ann").await.unwrap();
        let bob = world.sign_up("bob").await;
        world
            .auth
            .revoke_other_sessions(ann, fourth.session.id)
            .await
            .unwrap();
        assert!(!lives(&world, &third).await && lives(&world, &fourth).await);
        assert!(lives(&world, &bob).await);
        world.auth.revoke_sessions(ann).await.unwrap();
        assert!(!lives(&world, &fourth).await && lives(&world, &bob).await);
    }
}

#[test]
fn a_session_is_named_by_its_id_or_its_token() {
    for (text, is_name) in [
        ("018fd3ab-c200-7000-8000-000000000001", true),
        ("0123456789abcdefghijABCDEFGHIJ0123456789abc", true),
        ("0123456789abcdefghijABCDEFGHIJ0123456789ab", false),
        ("", false),
        ("*", false),
    ] {
        assert_eq!(SessionName::parse(text).is_some(), is_name, "{text}");
    }
}

/// PW-8: a password is changed by who knows it.
#[tokio::test]
async fn pw_8_a_password_is_changed_by_who_knows_it() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        for wrong in [change(NEW, NEW), ChangePassword::new(None, password(NEW))] {
            let refused = world.auth.change_password(ann.user.id, &wrong).await;
            let refused = refused.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Forbidden);
            assert_eq!(refused.code(), Some("INVALID_PASSWORD"));
        }
        for (weak, code) in [
            ("short", "PASSWORD_TOO_SHORT"),
            ("password123", "PASSWORD_COMMON"),
            ("ann@example.com", "PASSWORD_COMMON"),
        ] {
            let refused = world
                .auth
                .change_password(ann.user.id, &change(PASSWORD, weak))
                .await
                .unwrap_err();
            assert_eq!(finding(&refused), ("/password", code));
        }
        world
            .auth
            .change_password(ann.user.id, &change(PASSWORD, NEW))
            .await
            .unwrap();
        assert!(lives(&world, &ann).await);
        assert!(world.sign_in("ann").await.is_err());
        let request = RequestInfo::new();
        let signed_in = world.auth.sign_in_email(sign_in("ann", NEW), &request);
        signed_in.await.unwrap();
    }
}

#[tokio::test]
async fn a_changed_password_ends_the_sessions_where_that_is_asked_for() {
    for world in worlds().await {
        let (bob, ann) = (world.sign_up("bob").await, world.sign_up("ann").await);
        let other = world.sign_in("ann").await.unwrap();
        let changed = world
            .auth
            .change_password_everywhere(ann.user.id, &change(PASSWORD, NEW), &RequestInfo::new())
            .await
            .unwrap();
        assert!(!lives(&world, &ann).await && !lives(&world, &other).await);
        assert!(lives(&world, &changed).await && lives(&world, &bob).await);
    }
}

/// PW-8: of many changes from one password one is made.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_changes_from_one_password_one_is_made() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await.user.id;
        let changes = (0..16).map(|n| {
            let (auth, new) = (world.auth.clone(), format!("{NEW} {n}"));
            tokio::spawn(async move { auth.change_password(ann, &change(PASSWORD, &new)).await })
        });
        let changes = futures::future::join_all(changes).await;
        let made = changes.iter().filter(|made| made.as_ref().unwrap().is_ok());
        assert_eq!(made.count(), 1, "{}", world.name);
    }
}
