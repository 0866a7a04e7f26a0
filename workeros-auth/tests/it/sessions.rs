use std::time::Duration;

use sha2::{Digest as _, Sha256};
use workeros_auth::{AuthBuilder, RequestInfo, SessionKey, SessionToken, UserPatch};
use workeros_core::Value;

use crate::support::{PASSWORD, World, sign_in, sign_up, signed_in, worlds, worlds_with};

const HOUR: Duration = Duration::from_hours(1);
const TOKEN_HASHES: &str = "SELECT key FROM workeros_sessions";

async fn lives(world: &World, token: &SessionToken) -> bool {
    world.auth.session(token).await.unwrap().is_some()
}

#[tokio::test]
async fn a_session_tells_who_is_signed_in() {
    for world in worlds().await {
        let request = RequestInfo::new()
            .with_ip(Some("2001:db8::1".parse().unwrap()))
            .with_user_agent(Some(&format!("cli/1\r\n{}", "x".repeat(1000))));
        let ann = world
            .auth
            .sign_up_email(sign_up("ann"), &request)
            .await
            .unwrap();
        let active = world.auth.session(&ann.token).await.unwrap().unwrap();
        assert_eq!(active.user, ann.user);
        assert_eq!(active.session, ann.session);
        assert_eq!(active.roles, ["admin"]);
        assert_eq!(active.session.ip.as_deref(), Some("2001:db8::1"));
        let user_agent = active.session.user_agent.unwrap();
        assert!(user_agent.starts_with("cli/1xxx") && user_agent.len() == 512);
    }
}

/// SES-2: signing in gives a new token and ends the old.
#[tokio::test]
async fn ses_2_signing_in_gives_a_new_token_and_ends_the_old() {
    for world in worlds().await {
        let first = world.sign_up("ann").await;
        let elsewhere = world.sign_in("ann").await.unwrap();
        let request = RequestInfo::new().with_replaced(Some(SessionKey::of_token(&first.token)));
        let second = world
            .auth
            .sign_in_email(sign_in("ann", PASSWORD), &request)
            .await
            .map(signed_in)
            .unwrap();
        assert_ne!(first.token, second.token);
        assert!(!lives(&world, &first.token).await);
        assert!(lives(&world, &second.token).await);
        assert!(lives(&world, &elsewhere.token).await);

        // A sign-in that fails ends nothing; a sign-up does.
        let request = RequestInfo::new().with_replaced(Some(SessionKey::of_token(&second.token)));
        world
            .auth
            .sign_in_email(sign_in("ann", "wrong"), &request)
            .await
            .unwrap_err();
        assert!(lives(&world, &second.token).await);
        world
            .auth
            .sign_up_email(sign_up("bob"), &request)
            .await
            .unwrap();
        assert!(!lives(&world, &second.token).await);
    }
}

/// SES-3: only the very token opens the session.
#[tokio::test]
async fn ses_3_only_the_very_token_opens_the_session() {
    for world in worlds().await {
        let token = world.sign_up("ann").await.token;
        let text = token.expose();
        assert!(text.len() as f64 * 62_f64.log2() >= 256.0);
        let flipped: String = text.chars().map(flip_case).collect();
        for other in [
            &text[1..],
            &text[..42],
            &format!("{text}A"),
            &format!("{text} "),
            "",
        ] {
            assert_eq!(SessionToken::parse(other), None, "{other}");
        }
        for other in [
            flipped,
            format!("{}{}", &text[1..], &text[..1]),
            "A".repeat(43),
        ] {
            assert_ne!(other, text);
            let other = SessionToken::parse(&other).unwrap();
            assert!(!lives(&world, &other).await);
        }
        assert!(lives(&world, &token).await);
    }
}

fn flip_case(char: char) -> char {
    if char.is_ascii_lowercase() {
        char.to_ascii_uppercase()
    } else {
        char.to_ascii_lowercase()
    }
}

/// SES-3: the database holds the hash alone.
#[tokio::test]
async fn ses_3_the_database_holds_the_hash_alone() {
    for world in worlds().await {
        let token = world.sign_up("ann").await.token;
        let rows = world.rows(TOKEN_HASHES, vec![]).await;
        let stored = rows.first().unwrap().bytes(0).unwrap();
        assert_eq!(stored, &Sha256::digest(token.expose())[..]);
    }
}

/// SES-4: an idle session ends after a day.
#[tokio::test]
async fn ses_4_an_idle_session_ends_after_a_day() {
    for world in worlds().await {
        let token = world.sign_up("ann").await.token;
        for _ in 0..3 {
            world.wait(HOUR * 23);
            assert!(lives(&world, &token).await);
            world.auth.drain().await;
        }
        world.wait(HOUR * 24 - Duration::from_micros(1));
        assert!(lives(&world, &token).await);
        world.auth.drain().await;
        world.wait(HOUR * 24);
        assert!(!lives(&world, &token).await);
    }
}

/// SES-4: a busy session ends after thirty days.
#[tokio::test]
async fn ses_4_a_busy_session_ends_after_thirty_days() {
    for world in worlds().await {
        let token = world.sign_up("ann").await.token;
        for _ in 0..(30 * 2 - 1) {
            world.wait(HOUR * 12);
            assert!(lives(&world, &token).await);
            world.auth.drain().await;
        }
        world.wait(HOUR * 12);
        assert!(!lives(&world, &token).await);
    }
}

/// SES-4: the lifetimes can be set.
#[tokio::test]
async fn ses_4_the_lifetimes_can_be_set() {
    let short = |builder: AuthBuilder| {
        builder
            .danger_weak_hashing()
            .with_session_lifetime(HOUR * 2)
            .with_session_idle(HOUR)
    };
    for world in worlds_with(short).await {
        let (one, other) = (
            world.sign_up("ann").await,
            world.sign_in("ann").await.unwrap(),
        );
        world.wait(HOUR / 2);
        assert!(lives(&world, &one.token).await);
        world.auth.drain().await;
        world.wait(HOUR / 2);
        assert!(lives(&world, &one.token).await);
        assert!(!lives(&world, &other.token).await);
        world.auth.drain().await;
        world.wait(HOUR / 2);
        assert!(lives(&world, &one.token).await);
        world.auth.drain().await;
        world.wait(HOUR / 2);
        assert!(!lives(&world, &one.token).await);
    }
}

/// SES-4: a use is noted once a minute.
#[tokio::test]
async fn ses_4_a_use_is_noted_once_a_minute() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let mut seen = Vec::new();
        for _ in 0..4 {
            world.wait(Duration::from_secs(31));
            let active = world.auth.session(&ann.token).await.unwrap().unwrap();
            world.auth.drain().await;
            let since = active.session.last_seen_at.micros() - ann.session.created_at.micros();
            seen.push(since / 1_000_000);
        }
        // Read before noted: the use at 62 s shows at 93 s.
        assert_eq!(seen, [0, 0, 62, 62]);
    }
}

/// SES-4: ended sessions do not pile up.
#[tokio::test]
async fn ses_4_ended_sessions_do_not_pile_up() {
    for world in worlds().await {
        world.sign_up("ann").await;
        world.sign_in("ann").await.unwrap();
        world.wait(HOUR * 25);
        world.sign_in("ann").await.unwrap();
        assert_eq!(world.rows(TOKEN_HASHES, vec![]).await.rows.len(), 1);
    }
}

/// SES-5: disabling a user ends its sessions for good.
#[tokio::test]
async fn ses_5_disabling_a_user_ends_its_sessions_for_good() {
    for world in worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await;
        for disabled in [true, false] {
            let patch = UserPatch::new().with_disabled(Some(disabled));
            world
                .auth
                .update_user(world.tenant, ann.user.id, patch)
                .await
                .unwrap();
            assert!(!lives(&world, &ann.token).await);
        }
        world.sign_in("ann").await.unwrap();
    }
}

/// SES-5: a disabled user is dead even with a session left.
#[tokio::test]
async fn ses_5_a_disabled_user_is_dead_even_with_a_session_left() {
    const DISABLE: &str = "UPDATE workeros_users SET disabled = $1";
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        world.run(DISABLE, vec![Value::Boolean(true)]).await;
        assert!(!lives(&world, &ann.token).await);
    }
}

/// SES-5: deleting a user ends its sessions.
#[tokio::test]
async fn ses_5_deleting_a_user_ends_its_sessions() {
    for world in worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await;
        world.auth.delete_user(ann.user.id).await.unwrap();
        assert!(!lives(&world, &ann.token).await);
        assert_eq!(world.rows(TOKEN_HASHES, vec![]).await.rows.len(), 1);
        world.sign_in("ann").await.unwrap_err();
    }
}

/// SES-7: signing out ends this session alone.
#[tokio::test]
async fn ses_7_signing_out_ends_this_session_alone() {
    for world in worlds().await {
        let (here, there) = (
            world.sign_up("ann").await,
            world.sign_in("ann").await.unwrap(),
        );
        for _ in 0..2 {
            world.auth.sign_out(&here.token).await.unwrap();
            assert!(!lives(&world, &here.token).await);
        }
        assert!(lives(&world, &there.token).await);
    }
}
