//! Instances that share a database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use workeros_auth::{Auth, AuthBuilder};
use workeros_core::{Batch, Statement, Step, Value};

use crate::remembered::act;
use crate::support::{names, worlds};

/// Calls `refresh` as a server does, until it is dropped.
pub(crate) struct Listening(tokio::task::JoinHandle<()>);

impl Listening {
    pub(crate) fn new(auth: &Auth) -> Self {
        let auth = auth.clone();
        Self(tokio::spawn(async move {
            loop {
                auth.refresh().await.unwrap();
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// SES-5, KEY-4, TOK-6: what is revoked here is refused there within a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_revoked_here_is_refused_there_within_a_second() {
    for world in worlds().await {
        let there = world.auth_with(AuthBuilder::danger_weak_hashing);
        let _listening = Listening::new(&there);
        for round in 0..3 {
            let ann = world.sign_up(&format!("ann{round}")).await;
            act(&there, world.tenant, ann.token.expose()).await.unwrap();
            // Anywhere between two looks.
            tokio::time::sleep(Duration::from_millis(170 * round)).await;
            act(&there, world.tenant, ann.token.expose()).await.unwrap();
            world.auth.sign_out(&ann.token).await.unwrap();
            let revoked = Instant::now();
            while act(&there, world.tenant, ann.token.expose()).await.is_ok() {
                assert!(
                    revoked.elapsed() < Duration::from_secs(1),
                    "on {}",
                    world.name
                );
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

/// A batch that began earlier commits later: what others committed meanwhile
/// does not hide it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_commit_is_not_missed() {
    const TELL: &str = "INSERT INTO workeros_auth_changes (subject) VALUES ($1)";
    const TAKE: &str = "DELETE FROM workeros_user_roles WHERE user_id = $1";
    const SLEEP: &str = "SELECT pg_sleep(1)";
    for world in worlds()
        .await
        .into_iter()
        .filter(|world| world.name == "postgres")
    {
        world.sign_up("root").await;
        let (ann, bob) = (world.sign_up("ann").await, world.sign_up("bob").await);
        world
            .auth
            .set_roles(world.tenant, ann.user.id, &names(&["editor"]))
            .await
            .unwrap();
        world.auth.refresh().await.unwrap();
        let roles = async || {
            act(&world.auth, world.tenant, ann.token.expose())
                .await
                .unwrap()
                .roles
        };
        assert_eq!(roles().await, ["editor"]);
        let id = Value::Bytes(ann.user.id.uuid().as_bytes().to_vec());
        let late = Batch::new()
            .step(Step::new(Statement::new(TELL, vec![id])))
            .step(Step::new(Statement::new(TAKE, vec![ann.user.id.into()])))
            .step(Step::new(Statement::new(SLEEP, vec![])));
        let database = Arc::clone(&world.runtime.database);
        let late = tokio::spawn(async move { database.apply(late).await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        for role in ["sales", "staff"] {
            world
                .auth
                .set_roles(world.tenant, bob.user.id, &names(&[role]))
                .await
                .unwrap();
            world.auth.refresh().await.unwrap();
        }
        assert_eq!(roles().await, ["editor"], "not committed yet");
        late.await.unwrap().unwrap();
        world.auth.refresh().await.unwrap();
        assert!(roles().await.is_empty());
    }
}

#[tokio::test]
async fn what_was_told_long_ago_is_dropped() {
    const ALL: &str = "SELECT id FROM workeros_auth_changes";
    const AGE_SQLITE: &str = "UPDATE workeros_auth_changes SET at = at - 660 WHERE id = 1";
    const AGE_POSTGRES: &str =
        "UPDATE workeros_auth_changes SET at = at - interval '11 minutes' WHERE id = 1";
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        for role in ["one", "two"] {
            let roles = names(&["admin", role]);
            world
                .auth
                .set_roles(world.tenant, ann.user.id, &roles)
                .await
                .unwrap();
        }
        let age = if world.name == "sqlite" {
            AGE_SQLITE
        } else {
            AGE_POSTGRES
        };
        world.run(age, vec![]).await;
        assert_eq!(world.rows(ALL, vec![]).await.rows.len(), 2);
        world.auth.refresh().await.unwrap();
        assert_eq!(world.rows(ALL, vec![]).await.rows.len(), 1);
    }
}

/// Whoever is signed in nowhere makes no work for others.
#[tokio::test]
async fn signing_out_with_a_made_up_token_tells_nobody() {
    const ALL: &str = "SELECT id FROM workeros_auth_changes";
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let unknown = workeros_auth::SessionToken::parse(&"A".repeat(43)).unwrap();
        world.auth.sign_out(&unknown).await.unwrap();
        assert!(world.rows(ALL, vec![]).await.rows.is_empty());
        world.auth.sign_out(&ann.token).await.unwrap();
        assert_eq!(world.rows(ALL, vec![]).await.rows.len(), 1);
    }
}
