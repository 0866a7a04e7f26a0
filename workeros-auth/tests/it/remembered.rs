//! What is remembered of sessions and keys, and that it is forgotten in time.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use http::Request;
use http::header::AUTHORIZATION;
use workeros_auth::{
    Auth, AuthBuilder, CreatedApiKey, NewApiKey, RequestInfo, SessionKey, SignedIn, UserPatch,
};
use workeros_core::{Authenticator as _, Batch, ErrorKind, Identity, Result, TenantId, Value};

use crate::support::{PASSWORD, World, email, names, sign_in, sign_up, watched_worlds, worlds};
use crate::watched::Watched;

/// Who acts with a token or a key.
pub(crate) async fn act(auth: &Auth, tenant: TenantId, secret: &str) -> Result<Identity> {
    let request = Request::builder().header(AUTHORIZATION, format!("Bearer {secret}"));
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let identity = auth.authenticate(&parts, Some(tenant)).await;
    identity.map(|identity| identity.expect("credentials were sent"))
}

/// Ann with a session and a key, both remembered; the administrator is another.
struct Warm {
    root: SignedIn,
    ann: SignedIn,
    key: CreatedApiKey,
}

impl Warm {
    async fn new(world: &World) -> Self {
        let root = world.sign_up("root").await;
        let ann = world.sign_up("ann").await;
        let roles = names(&["editor", "sales"]);
        let auth = &world.auth;
        auth.set_roles(world.tenant, ann.user.id, &roles)
            .await
            .unwrap();
        let owner = world.identity(&ann).await;
        let key = auth
            .create_api_key(&owner, world.tenant, NewApiKey::new("ci"))
            .await
            .unwrap();
        auth.refresh().await.unwrap();
        let warm = Self { root, ann, key };
        for secret in warm.secrets() {
            act(auth, world.tenant, secret).await.unwrap();
        }
        warm
    }

    fn secrets(&self) -> [&str; 2] {
        [self.ann.token.expose(), self.key.secret.expose()]
    }
}

#[tokio::test]
async fn a_check_of_what_is_remembered_reads_nothing() {
    for (world, database) in watched_worlds().await {
        let warm = Warm::new(&world).await;
        let before = database.reads();
        for secret in warm.secrets() {
            for _ in 0..5 {
                let identity = act(&world.auth, world.tenant, secret).await.unwrap();
                assert_eq!(identity.roles, ["editor", "sales"]);
                assert_eq!(identity.user_id, warm.ann.user.id.to_string());
            }
        }
        assert_eq!(database.reads(), before);
        // The roles of another workspace are others.
        let elsewhere = TenantId::new(world.runtime.ids.next_id());
        let (ann, guest) = (warm.ann.user.id, names(&["guest"]));
        let auth = &world.auth;
        auth.add_member(elsewhere, ann, &guest).await.unwrap();
        for reads in [1, 1] {
            let token = warm.ann.token.expose();
            let identity = act(auth, elsewhere, token).await.unwrap();
            assert_eq!(identity.roles, ["guest"]);
            assert_eq!(database.reads(), before + reads);
        }
        // What is not there is not remembered.
        let unknown = "A".repeat(43);
        for reads in [2, 3] {
            act(&world.auth, world.tenant, &unknown).await.unwrap_err();
            assert_eq!(database.reads(), before + reads);
        }
    }
}

type Done<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A revocation, and which roles the session and the key show after it; `None`
/// when they are refused.
struct Revocation {
    name: &'static str,
    revoke: for<'a> fn(&'a World, &'a Warm) -> Done<'a>,
    session: Option<&'static [&'static str]>,
    key: Option<&'static [&'static str]>,
}

const ALL: Option<&[&str]> = Some(&["editor", "sales"]);

const REVOCATIONS: &[Revocation] = &[
    Revocation {
        name: "sign-out",
        revoke: |world, warm| {
            Box::pin(async { world.auth.sign_out(&warm.ann.token).await.unwrap() })
        },
        session: None,
        key: ALL,
    },
    Revocation {
        name: "signing in anew",
        revoke: |world, warm| {
            Box::pin(async {
                let request =
                    RequestInfo::new().with_replaced(Some(SessionKey::of_token(&warm.ann.token)));
                let login = sign_in("root", PASSWORD);
                world.auth.sign_in_email(login, &request).await.unwrap();
            })
        },
        session: None,
        key: ALL,
    },
    Revocation {
        name: "signing up anew",
        revoke: |world, warm| {
            Box::pin(async {
                let request =
                    RequestInfo::new().with_replaced(Some(SessionKey::of_token(&warm.ann.token)));
                world
                    .auth
                    .sign_up_email(sign_up("new"), &request)
                    .await
                    .unwrap();
            })
        },
        session: None,
        key: ALL,
    },
    Revocation {
        name: "disabling",
        revoke: |world, warm| {
            Box::pin(async {
                let patch = UserPatch::new().with_disabled(Some(true));
                let (auth, ann) = (&world.auth, warm.ann.user.id);
                auth.update_user(world.tenant, ann, patch).await.unwrap();
            })
        },
        session: None,
        key: None,
    },
    Revocation {
        name: "deleting the user",
        revoke: |world, warm| {
            Box::pin(async { world.auth.delete_user(warm.ann.user.id).await.unwrap() })
        },
        session: None,
        key: None,
    },
    Revocation {
        name: "taking a role",
        revoke: |world, warm| {
            Box::pin(async {
                let (auth, ann) = (&world.auth, warm.ann.user.id);
                auth.set_roles(world.tenant, ann, &names(&["sales"]))
                    .await
                    .unwrap();
            })
        },
        session: Some(&["sales"]),
        key: Some(&["sales"]),
    },
    Revocation {
        name: "deleting a role",
        revoke: |world, _| {
            Box::pin(async {
                let delete = async |steps| {
                    let mut batch = Batch::new();
                    batch.extend(steps);
                    world.runtime.database.apply(batch).await
                };
                let (auth, tenant) = (&world.auth, world.tenant);
                auth.remove_role_everywhere(tenant, "editor", delete)
                    .await
                    .unwrap();
            })
        },
        session: Some(&["sales"]),
        key: Some(&["sales"]),
    },
    Revocation {
        name: "revoking the key",
        revoke: |world, warm| {
            Box::pin(async {
                let root = world.identity(&warm.root).await;
                let key = warm.key.key.id;
                world
                    .auth
                    .revoke_api_key(&root, world.tenant, key)
                    .await
                    .unwrap();
            })
        },
        session: ALL,
        key: None,
    },
];

async fn roles_of(auth: &Auth, tenant: TenantId, secret: &str) -> Option<Vec<String>> {
    match act(auth, tenant, secret).await {
        Ok(identity) => Some(identity.roles),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unauthorized);
            None
        }
    }
}

impl Revocation {
    /// An instance sees what is left of the session and the key, and no more.
    async fn assert_done(&self, world: &World, auth: &Auth, warm: &Warm) {
        for (secret, expected) in warm.secrets().into_iter().zip([self.session, self.key]) {
            let roles = roles_of(auth, world.tenant, secret).await;
            assert_eq!(
                roles,
                expected.map(names),
                "{} on {}",
                self.name,
                world.name
            );
        }
    }
}

/// SES-5, KEY-4: what is revoked is refused by the next check, whatever is
/// remembered.
#[tokio::test]
async fn what_is_revoked_is_refused_by_the_next_check() {
    for revocation in REVOCATIONS {
        for world in worlds().await {
            let warm = Warm::new(&world).await;
            (revocation.revoke)(&world, &warm).await;
            revocation.assert_done(&world, &world.auth, &warm).await;
        }
    }
}

#[tokio::test]
async fn what_is_revoked_is_refused_by_another_instance_once_it_heard() {
    for revocation in REVOCATIONS {
        for world in worlds().await {
            let warm = Warm::new(&world).await;
            let other = world.auth_with(AuthBuilder::danger_weak_hashing);
            other.refresh().await.unwrap();
            for secret in warm.secrets() {
                act(&other, world.tenant, secret).await.unwrap();
            }
            (revocation.revoke)(&world, &warm).await;
            other.refresh().await.unwrap();
            revocation.assert_done(&world, &other, &warm).await;
        }
    }
}

#[tokio::test]
async fn a_new_address_shows_at_once() {
    for world in worlds().await {
        let warm = Warm::new(&world).await;
        let patch = UserPatch::new().with_email(Some(email("anna")));
        world
            .auth
            .update_user(world.tenant, warm.ann.user.id, patch)
            .await
            .unwrap();
        for secret in warm.secrets() {
            let identity = act(&world.auth, world.tenant, secret).await.unwrap();
            assert_eq!(identity.email.as_deref(), Some("anna@example.com"));
        }
    }
}

/// The answer to a revocation is lost, or nobody waits for it.
#[tokio::test]
async fn a_revocation_that_nobody_saw_the_end_of_counts() {
    for (world, database) in watched_worlds().await {
        let warm = Warm::new(&world).await;
        let token = &warm.ann.token;
        world.auth.drain().await;
        database.hold_next();
        tokio::select! {
            biased;
            _ = world.auth.sign_out(token) => panic!("somebody waited"),
            () = database.has_held() => {}
        }
        // It is not made yet, so it is remembered anew.
        for _ in 0..2 {
            world.auth.refresh().await.unwrap();
            act(&world.auth, world.tenant, token.expose())
                .await
                .unwrap();
        }
        database.let_go().await;
        world.auth.refresh().await.unwrap();
        act(&world.auth, world.tenant, token.expose())
            .await
            .unwrap_err();
    }
}

#[tokio::test]
async fn without_hearing_of_others_each_check_reads() {
    for (world, database) in watched_worlds().await {
        let token = world.sign_up("ann").await.token;
        assert_eq!(reads_of_three(&world, &database, token.expose()).await, 3);
        world.auth.refresh().await.unwrap();
        assert_eq!(reads_of_three(&world, &database, token.expose()).await, 1);
        database.set_unreadable(true);
        world.auth.refresh().await.unwrap_err();
        assert_eq!(reads_of_three(&world, &database, token.expose()).await, 0);
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.auth.refresh().await.unwrap_err();
        assert_eq!(reads_of_three(&world, &database, token.expose()).await, 3);
        database.set_unreadable(false);
        world.auth.refresh().await.unwrap();
        assert!(reads_of_three(&world, &database, token.expose()).await <= 1);
    }
}

async fn reads_of_three(world: &World, database: &Watched, secret: &str) -> u64 {
    let before = database.reads();
    for _ in 0..3 {
        act(&world.auth, world.tenant, secret).await.unwrap();
    }
    database.reads() - before
}

#[tokio::test]
async fn what_is_changed_by_hand_is_seen_within_a_minute() {
    const DISABLE: &str = "UPDATE workeros_users SET disabled = $1 WHERE email = 'ann@example.com'";
    for world in worlds().await {
        let warm = Warm::new(&world).await;
        world.run(DISABLE, vec![Value::Boolean(true)]).await;
        world.wait(Duration::from_secs(59));
        for secret in warm.secrets() {
            act(&world.auth, world.tenant, secret).await.unwrap();
        }
        world.auth.drain().await;
        world.wait(Duration::from_secs(1));
        for secret in warm.secrets() {
            act(&world.auth, world.tenant, secret).await.unwrap_err();
        }
    }
}

/// SES-4: what is remembered ends by its times.
#[tokio::test]
async fn what_is_remembered_ends_by_its_times() {
    const SECOND: Duration = Duration::from_secs(1);
    for world in worlds().await {
        world.sign_up("root").await;
        let short = world.auth_with(|builder| {
            builder
                .danger_weak_hashing()
                .with_session_lifetime(SECOND * 50)
                .with_session_idle(SECOND * 20)
        });
        let ann = short
            .sign_up_email(sign_up("ann"), &RequestInfo::new())
            .await
            .unwrap();
        let owner = short.session(&ann.token).await.unwrap().unwrap();
        let owner = Identity::host(owner.user.id.to_string())
            .with_credential(workeros_core::Credential::Session(owner.session.id));
        let until = world.runtime.now().saturating_add_micros(30_000_000);
        let new = NewApiKey::new("ci").with_expires_at(Some(until));
        let key = short
            .create_api_key(&owner, world.tenant, new)
            .await
            .unwrap();
        let (token, key) = (ann.token.expose(), key.secret.expose());
        short.refresh().await.unwrap();
        act(&short, world.tenant, token).await.unwrap();
        act(&short, world.tenant, key).await.unwrap();
        world.wait(SECOND * 20 - Duration::from_micros(1));
        act(&short, world.tenant, token).await.unwrap();
        world.wait(Duration::from_micros(1));
        // A use is noted once a minute, so this session was idle.
        act(&short, world.tenant, token).await.unwrap_err();
        world.wait(SECOND * 10);
        act(&short, world.tenant, key).await.unwrap_err();
    }
}

/// A session that is used through another instance is not idle here.
#[tokio::test]
async fn a_session_used_elsewhere_lives() {
    for world in worlds().await {
        let idle = |builder: AuthBuilder| {
            builder
                .danger_weak_hashing()
                .with_session_idle(Duration::from_secs(100))
        };
        let (here, there) = (world.auth_with(idle), world.auth_with(idle));
        let token = world.sign_up("ann").await.token;
        world.wait(Duration::from_secs(55));
        here.refresh().await.unwrap();
        act(&here, world.tenant, token.expose()).await.unwrap();
        world.wait(Duration::from_secs(10));
        act(&there, world.tenant, token.expose()).await.unwrap();
        there.drain().await;
        // Remembered here as last used 104 seconds ago.
        world.wait(Duration::from_secs(39));
        act(&here, world.tenant, token.expose()).await.unwrap();
    }
}

#[tokio::test]
async fn a_use_of_what_is_remembered_is_noted_once_a_minute() {
    const SEEN: &str = "SELECT last_seen_at FROM workeros_sessions";
    for world in worlds().await {
        let token = world.sign_up("ann").await.token;
        world.auth.refresh().await.unwrap();
        let mut noted = Vec::new();
        let start = world.runtime.now().micros();
        for _ in 0..8 {
            world.wait(Duration::from_secs(20));
            for _ in 0..3 {
                act(&world.auth, world.tenant, token.expose())
                    .await
                    .unwrap();
            }
            world.auth.drain().await;
            let rows = world.rows(SEEN, vec![]).await;
            let seen = rows.first().unwrap().timestamp(0).unwrap().micros();
            noted.push((seen - start) / 1_000_000);
        }
        assert_eq!(noted, [0, 0, 60, 60, 60, 120, 120, 120]);
    }
}

#[tokio::test]
async fn no_more_is_remembered_than_asked_for() {
    for (world, database) in watched_worlds().await {
        world.sign_up("ann").await;
        let mut tokens = Vec::new();
        for _ in 0..100 {
            tokens.push(world.sign_in("ann").await.unwrap().token);
        }
        for (entries, least, most) in [(0, 200, 200), (32, 168, 199), (10_000, 100, 100)] {
            let auth = world
                .auth_with(|builder| builder.danger_weak_hashing().with_cached_sessions(entries));
            auth.refresh().await.unwrap();
            let before = database.reads();
            for token in tokens.iter().chain(tokens.iter().rev()) {
                act(&auth, world.tenant, token.expose()).await.unwrap();
            }
            let reads = database.reads() - before;
            assert!((least..=most).contains(&reads), "{entries}: {reads}");
        }
    }
}
