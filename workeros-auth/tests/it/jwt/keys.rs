//! The keys we sign with, from first to last.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value as Json;
use uuid::Uuid;
use workeros_adapters::testkit::{Opened, databases};
use workeros_auth::MIGRATIONS;
use workeros_auth::jwt::{
    AccessPolicy, AccessToken, KeyRing, KeySet, Realm, SigningAlgorithm, SigningKeys,
};
use workeros_core::testkit::StandingClock;
use workeros_core::{
    Batch, ErrorKind, Random, Result, Row, Runtime, Sealer, Secret, Statement, Step, SystemRandom,
    TenantId, Value, migrate,
};

use crate::race::{race, rounds};

const OLD: &str = "Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&";
const NEW: &str = "rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5";
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

struct World {
    runtime: Runtime,
    clock: Arc<StandingClock>,
    name: &'static str,
    _opened: Opened,
}

async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for opened in databases().await {
        let clock = Arc::new(StandingClock::default());
        let runtime =
            Runtime::new(Arc::clone(&opened.database)).with_clock(Arc::clone(&clock) as _);
        migrate(&*runtime.database, &*runtime.clock, MIGRATIONS)
            .await
            .unwrap();
        worlds.push(World {
            runtime,
            clock,
            name: opened.name,
            _opened: opened,
        });
    }
    worlds
}

impl World {
    /// Another instance on the same database.
    fn keys(&self) -> SigningKeys {
        self.keys_with(Secret::new(OLD).unwrap())
    }

    fn keys_with(&self, secret: Secret) -> SigningKeys {
        let sealer = Sealer::new(secret, Arc::clone(&self.runtime.random));
        SigningKeys::new(self.runtime.clone(), sealer)
    }

    fn issue(&self, ring: &KeyRing) -> String {
        let token = AccessToken::new(Uuid::nil(), Uuid::nil());
        policy().issue(&token, ring, self.runtime.now()).unwrap()
    }

    fn holds(&self, token: &str, ring: &KeyRing) -> bool {
        policy()
            .verify(token, ring.keys(), self.runtime.now())
            .is_ok()
    }

    async fn rows(&self, sql: &'static str) -> Vec<Row> {
        let rows = self.runtime.database.fetch(Statement::new(sql, vec![]));
        rows.await.unwrap().rows
    }

    async fn states(&self) -> Vec<String> {
        let rows = self.rows("SELECT state FROM workeros_signing_keys ORDER BY state");
        let rows = rows.await;
        rows.iter()
            .map(|row| row.text(0).unwrap().to_owned())
            .collect()
    }

    async fn run(&self, sql: &'static str, params: Vec<Value>) {
        let batch = Batch::new().step(Step::new(Statement::new(sql, params)));
        self.runtime.database.apply(batch).await.unwrap();
    }
}

fn policy() -> AccessPolicy {
    AccessPolicy::new("https://example.com", "shop", TenantId::new(Uuid::max()))
}

fn published(ring: &KeyRing) -> Vec<String> {
    let keys = ring.jwks()["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// TOK-1: the first to ask makes the keys and all share them.
#[tokio::test]
async fn tok_1_the_first_to_ask_makes_the_keys_and_all_share_them() {
    for world in worlds().await {
        let (one, other) = (world.keys(), world.keys());
        let ring = one.ring(Realm::Instance).await.unwrap();
        let same = other.ring(Realm::Instance).await.unwrap();
        assert_eq!(ring.key_id(), same.key_id(), "{}", world.name);
        assert_eq!(ring.jwks(), same.jwks());
        assert!(world.holds(&world.issue(&ring), &same));
        assert_eq!(world.states().await, ["active", "next"]);
    }
}

/// TOK-1: what is published is public.
#[tokio::test]
async fn tok_1_what_is_published_is_public() {
    for world in worlds().await {
        for algorithm in [SigningAlgorithm::EdDsa, SigningAlgorithm::Es256] {
            let realm = Realm::Workspace(TenantId::new(world.runtime.ids.next_id()));
            let keys = world.keys().with_algorithm(algorithm);
            let ring = keys.ring(realm).await.unwrap();
            let keys = ring.jwks()["keys"].as_array().unwrap().clone();
            assert_eq!(keys.len(), 2);
            for key in keys {
                let members: Vec<_> = key.as_object().unwrap().keys().cloned().collect();
                let (expected, alg): (&[&str], _) = match algorithm {
                    SigningAlgorithm::EdDsa => (&["alg", "crv", "kid", "kty", "use", "x"], "EdDSA"),
                    SigningAlgorithm::Es256 => {
                        (&["alg", "crv", "kid", "kty", "use", "x", "y"], "ES256")
                    }
                };
                assert_eq!(members, expected);
                assert_eq!(key["alg"], alg);
            }
            // What others read of it verifies what we sign.
            let read = KeySet::from_jwks(ring.jwks().to_string().as_bytes()).unwrap();
            let token = world.issue(&ring);
            policy().verify(&token, &read, world.runtime.now()).unwrap();
        }
    }
}

/// TOK-1: a key is next then active then retiring then gone.
#[tokio::test]
async fn tok_1_a_key_is_next_then_active_then_retiring_then_gone() {
    for world in worlds().await {
        let keys = world.keys();
        let first = keys.ring(Realm::Instance).await.unwrap();
        let next = published(&first)
            .into_iter()
            .find(|id| id != first.key_id())
            .unwrap();
        world.clock.advance(30 * DAY - MINUTE);
        let same = keys.ring(Realm::Instance).await.unwrap();
        assert_eq!(same.key_id(), first.key_id());
        let token = world.issue(&same);
        world.clock.advance(MINUTE);
        let second = keys.ring(Realm::Instance).await.unwrap();
        assert_eq!(second.key_id(), next);
        assert_eq!(published(&second).len(), 3);
        assert_eq!(world.states().await, ["active", "next", "retiring"]);
        assert!(world.holds(&token, &second));
        assert!(
            world.holds(&world.issue(&second), &first),
            "those who know the next one"
        );
        // Somebody who has not heard of it yet.
        let late = world.issue(&first);
        world.clock.advance(14 * MINUTE);
        let ring = keys.ring(Realm::Instance).await.unwrap();
        assert!(world.holds(&late, &ring));
        world.clock.advance(6 * MINUTE);
        let third = keys.ring(Realm::Instance).await.unwrap();
        assert_eq!(third.key_id(), next);
        assert!(!published(&third).contains(&first.key_id().to_owned()));
        assert_eq!(world.states().await, ["active", "next"]);
    }
}

#[tokio::test]
async fn a_key_signs_only_once_it_was_published_long_enough() {
    for world in worlds().await {
        let keys = world.keys().with_rotation(Duration::ZERO);
        let first = keys.ring(Realm::Instance).await.unwrap();
        world.clock.advance(14 * MINUTE);
        let same = keys.ring(Realm::Instance).await.unwrap();
        assert_eq!(same.key_id(), first.key_id());
        world.clock.advance(MINUTE);
        let second = keys.ring(Realm::Instance).await.unwrap();
        assert_ne!(second.key_id(), first.key_id());
    }
}

#[tokio::test]
async fn a_key_that_was_replaced_by_hand_retires() {
    for world in worlds().await {
        let keys = world.keys();
        let first = keys.ring(Realm::Instance).await.unwrap();
        let token = world.issue(&first);
        let second = keys.rotate(Realm::Instance).await.unwrap();
        assert_ne!(first.key_id(), second.key_id());
        assert!(world.holds(&token, &second));
        let remembered = keys.ring(Realm::Instance).await.unwrap();
        assert_eq!(remembered.key_id(), second.key_id());
    }
}

#[tokio::test]
async fn a_revoked_key_verifies_nothing() {
    for world in worlds().await {
        let (keys, other) = (world.keys(), world.keys());
        let first = keys.ring(Realm::Instance).await.unwrap();
        other.ring(Realm::Instance).await.unwrap();
        let token = world.issue(&first);
        let second = keys.revoke(Realm::Instance, first.key_id()).await.unwrap();
        assert!(!world.holds(&token, &second), "{}", world.name);
        assert!(!published(&second).contains(&first.key_id().to_owned()));
        assert_eq!(world.states().await, ["active", "next"]);
        // Another instance hears of it within a minute.
        world.clock.advance(MINUTE);
        let seen = other.ring(Realm::Instance).await.unwrap();
        assert!(!world.holds(&token, &seen));
        // One that does not sign yet, and one that no longer does.
        let next = published(&second)
            .into_iter()
            .find(|id| id != second.key_id());
        let third = keys.revoke(Realm::Instance, &next.unwrap()).await.unwrap();
        assert_eq!(third.key_id(), second.key_id());
        assert_eq!(world.states().await, ["active", "next"]);
        let fourth = keys.rotate(Realm::Instance).await.unwrap();
        assert_eq!(published(&fourth).len(), 3);
        let fifth = keys.revoke(Realm::Instance, third.key_id()).await.unwrap();
        assert_eq!(published(&fifth).len(), 2);
        for unknown in [first.key_id(), "", "k1"] {
            let error = keys.revoke(Realm::Instance, unknown).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
    }
}

/// TOK-2: a realm has keys of its own.
#[tokio::test]
async fn tok_2_a_realm_has_keys_of_its_own() {
    for world in worlds().await {
        let keys = world.keys();
        let workspace = || Realm::Workspace(TenantId::new(world.runtime.ids.next_id()));
        let (shop, blog) = (workspace(), workspace());
        let shop_ring = keys.ring(shop).await.unwrap();
        let token = world.issue(&shop_ring);
        for other in [blog, Realm::Instance] {
            let ring = keys.ring(other).await.unwrap();
            assert!(!world.holds(&token, &ring));
            let error = keys.revoke(other, shop_ring.key_id()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
    }
}

/// R19: of instances that start at once one makes the keys.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_instances_that_start_at_once_one_makes_the_keys() {
    for world in worlds().await {
        for _ in 0..rounds() {
            let realm = Realm::Workspace(TenantId::new(world.runtime.ids.next_id()));
            let mut ids = race(|_| {
                let keys = world.keys();
                async move { keys.ring(realm).await.unwrap().key_id().to_owned() }
            })
            .await;
            ids.dedup();
            assert_eq!(ids.len(), 1, "{}", world.name);
        }
    }
}

/// R19: a rotation that is due happens once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_a_rotation_that_is_due_happens_once() {
    for world in worlds().await {
        for round in 0..rounds() {
            let before = published(&world.keys().ring(Realm::Instance).await.unwrap());
            world.clock.advance(30 * DAY);
            let rings = race(|_| {
                let keys = world.keys();
                async move { keys.ring(Realm::Instance).await.unwrap() }
            });
            for ring in rings.await {
                assert!(before.contains(&ring.key_id().to_owned()), "round {round}");
            }
            let after = world.keys().ring(Realm::Instance).await.unwrap();
            let kept = published(&after)
                .into_iter()
                .filter(|id| before.contains(id));
            assert_eq!(
                kept.count(),
                2,
                "one retires and one is active, on {}",
                world.name
            );
            world.clock.advance(20 * MINUTE);
        }
    }
}

/// CFG-1: private keys are sealed each in its place.
#[tokio::test]
async fn cfg_1_private_keys_are_sealed_each_in_its_place() {
    for world in worlds().await {
        world.keys().ring(Realm::Instance).await.unwrap();
        let rows = world
            .rows("SELECT id, sealed_key, public_jwk FROM workeros_signing_keys ORDER BY id")
            .await;
        for row in &rows {
            assert!(row.text(1).unwrap().starts_with("v1."));
            let jwk: Json = serde_json::from_str(row.text(2).unwrap()).unwrap();
            assert!(jwk.get("d").is_none());
        }
        // Put in the place of another, a key does not open.
        for (to, from) in [(0, 1), (1, 0)] {
            let params = vec![
                rows[from].text(1).unwrap().into(),
                Value::Uuid(rows[to].uuid(0).unwrap()),
            ];
            world
                .run(
                    "UPDATE workeros_signing_keys SET sealed_key = $1 WHERE id = $2",
                    params,
                )
                .await;
        }
        let error = world.keys().ring(Realm::Instance).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{}", world.name);
    }
}

/// CFG-1: keys survive a change of the secret.
#[tokio::test]
async fn cfg_1_keys_survive_a_change_of_the_secret() {
    for world in worlds().await {
        let secret = |text| Secret::new(text).unwrap();
        let ring = world.keys().ring(Realm::Instance).await.unwrap();
        let token = world.issue(&ring);
        let stranger = world.keys_with(secret(NEW)).ring(Realm::Instance).await;
        assert_eq!(stranger.unwrap_err().kind(), ErrorKind::Internal);
        let both = world.keys_with(secret(NEW).with_previous(secret(OLD)));
        let same = both.ring(Realm::Instance).await.unwrap();
        assert_eq!(same.key_id(), ring.key_id());
        assert!(world.holds(&token, &same));
        // They were sealed anew, so that the old secret can be given up.
        let new = world
            .keys_with(secret(NEW))
            .ring(Realm::Instance)
            .await
            .unwrap();
        assert_eq!(new.key_id(), ring.key_id());
        let old = world.keys().ring(Realm::Instance).await;
        assert_eq!(old.unwrap_err().kind(), ErrorKind::Internal);
    }
}

/// ERR-2: no key shows.
#[tokio::test]
async fn err_2_no_key_shows() {
    let world = worlds().await.remove(0);
    let keys = world.keys();
    let ring = keys.ring(Realm::Instance).await.unwrap();
    let shown = format!("{keys:?} {ring:?}");
    assert!(shown.contains("PrivateKey(..)"), "{shown}");
}

/// Random bytes, which it remembers.
#[derive(Debug, Default)]
struct Remembering(Mutex<Vec<Vec<u8>>>);

impl Random for Remembering {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        SystemRandom.fill(buffer)?;
        self.0.lock().unwrap().push(buffer.to_vec());
        Ok(())
    }
}

/// ERR-2: what a private key is made of is in no column.
#[tokio::test]
async fn err_2_no_private_key_is_in_the_database_in_clear() {
    for mut world in worlds().await {
        let random = Arc::new(Remembering::default());
        world.runtime = world.runtime.clone().with_random(Arc::clone(&random) as _);
        let ring = world.keys().ring(Realm::Instance).await.unwrap();
        let rows = world.rows("SELECT id, sealed_key, public_jwk FROM workeros_signing_keys");
        let rows = rows.await;
        let seeds = random.0.lock().unwrap().clone();
        let seeds: Vec<[u8; 32]> = seeds
            .into_iter()
            .filter_map(|drawn| drawn.try_into().ok())
            .collect();
        let mut public = 0;
        for row in &rows {
            let jwk: Json = serde_json::from_str(row.text(2).unwrap()).unwrap();
            for seed in &seeds {
                let key = ed25519_dalek::SigningKey::from_bytes(seed).verifying_key();
                public += usize::from(jwk["x"] == URL_SAFE_NO_PAD.encode(key.as_bytes()));
                let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
                let clear = [URL_SAFE_NO_PAD.encode(seed), STANDARD.encode(seed), hex];
                for column in [1, 2] {
                    let text = row.text(column).unwrap();
                    assert!(!clear.iter().any(|clear| text.contains(clear)));
                }
            }
        }
        assert_eq!(public, rows.len(), "these are what the keys are made of");
        let shown = format!("{ring:?}");
        assert!(
            seeds
                .iter()
                .all(|seed| !shown.contains(&STANDARD.encode(seed)))
        );
    }
}
