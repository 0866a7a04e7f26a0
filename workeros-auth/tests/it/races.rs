//! Readers against revocations.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use workeros_auth::{Auth, NewApiKey, SessionToken};
use workeros_core::TenantId;

use crate::remembered::act;
use crate::several::Listening;
use crate::support::{World, watched_worlds};

const READERS: usize = 8;
const ROUNDS: u64 = 150;

/// What is known to be over: whoever starts a check after reading this may not
/// see anything of before.
#[derive(Default)]
struct Ended {
    /// The role that was set last is `v<this>`, or a later one.
    version: AtomicU64,
    /// So many of the sessions were ended.
    sessions: AtomicUsize,
    opened: RwLock<Vec<SessionToken>>,
    stop: AtomicBool,
}

/// SES-5: no check that starts after a revocation sees what was before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_check_that_starts_after_a_revocation_sees_what_was_before() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    for (world, database) in watched_worlds().await {
        let seed = u64::from(now.subsec_nanos());
        println!("seed {seed} on {}", world.name);
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await;
        let owner = world.identity(&ann).await;
        world
            .auth
            .set_roles(world.tenant, ann.user.id, &["v0".to_owned()])
            .await
            .unwrap();
        let key = world
            .auth
            .create_api_key(&owner, world.tenant, NewApiKey::new("ci"))
            .await
            .unwrap();
        database.delay(seed);
        let _listening = Listening::new(&world.auth);
        let ended = Arc::new(Ended::default());
        let readers: Vec<_> = (0..READERS)
            .map(|n| {
                let secret = if n % 2 == 0 {
                    ann.token.expose()
                } else {
                    key.secret.expose()
                };
                let reader = Reader {
                    auth: world.auth.clone(),
                    tenant: world.tenant,
                    secret: secret.to_owned(),
                    ended: Arc::clone(&ended),
                };
                tokio::spawn(reader.run())
            })
            .collect();
        revoke(&world, ann.user.id, &ended).await;
        ended.stop.store(true, Ordering::SeqCst);
        let mut checks = 0;
        for reader in readers {
            checks += reader
                .await
                .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        }
        println!("{checks} checks");
        assert!(checks > ROUNDS, "the readers did not get to it");
    }
}

/// Takes roles and sessions in turn, telling after each.
async fn revoke(world: &World, ann: workeros_core::UserId, ended: &Ended) {
    for round in 1..=ROUNDS {
        let signed_in = world.sign_in("ann").await.unwrap();
        ended.opened.write().unwrap().push(signed_in.token.clone());
        tokio::time::sleep(std::time::Duration::from_micros(200 * (round % 7))).await;
        let roles = [format!("v{round}")];
        world
            .auth
            .set_roles(world.tenant, ann, &roles)
            .await
            .unwrap();
        ended.version.store(round, Ordering::SeqCst);
        world.auth.sign_out(&signed_in.token).await.unwrap();
        ended
            .sessions
            .store(usize::try_from(round).unwrap(), Ordering::SeqCst);
    }
}

struct Reader {
    auth: Auth,
    tenant: TenantId,
    secret: String,
    ended: Arc<Ended>,
}

impl Reader {
    async fn run(self) -> u64 {
        let mut checks = 0;
        while !self.ended.stop.load(Ordering::SeqCst) {
            self.check_roles().await;
            self.check_sessions().await;
            checks += 1;
            tokio::task::yield_now().await;
        }
        checks
    }

    async fn check_roles(&self) {
        let least = self.ended.version.load(Ordering::SeqCst);
        let identity = act(&self.auth, self.tenant, &self.secret).await.unwrap();
        let [role] = identity.roles.as_slice() else {
            panic!("not one role: {:?}", identity.roles)
        };
        let version: u64 = role[1..].parse().unwrap();
        assert!(version >= least, "saw v{version} after v{least} was set");
    }

    async fn check_sessions(&self) {
        let over = self.ended.sessions.load(Ordering::SeqCst);
        let last = self.ended.opened.read().unwrap().len();
        for n in last.saturating_sub(2)..last {
            let token = self.ended.opened.read().unwrap()[n].clone();
            let found = self.auth.session(&token).await.unwrap();
            assert!(
                n >= over || found.is_none(),
                "session {n} of {over} that are over lives"
            );
        }
    }
}
