//! The rate limiters.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use workeros_adapters::testkit::{Opened, databases};
use workeros_adapters::{DatabaseRateLimiter, MemoryRateLimiter};
use workeros_core::testkit::StandingClock;
use workeros_core::testkit::fault::{FaultyDatabase, Moment};
use workeros_core::{
    Decision, ErrorKind, Quota, RateKey, RateLimiter, Result, Statement, SystemClock, migrate,
};

mod memory {
    workeros_core::rate_limiter_conformance!(async |clock| super::MemoryRateLimiter::new(clock));
}

/// With no room at all every key shares: what holds of one key still holds.
mod memory_without_room {
    use workeros_core::testkit::{StandingClock, rate_limit as suite};

    use super::{Arc, MemoryRateLimiter};

    #[tokio::test]
    async fn a_shared_window_is_a_window() {
        for round in 0..4 {
            let clock = Arc::new(StandingClock::default());
            let limiter = MemoryRateLimiter::new(Arc::clone(&clock) as _).with_max_keys(0);
            match round {
                0 => suite::admits_what_the_quota_gives(&limiter, &clock).await,
                1 => suite::a_window_lasts_from_its_first_call_on(&limiter, &clock).await,
                2 => suite::a_refusal_costs_nothing(&limiter, &clock).await,
                _ => suite::a_call_is_admitted_whole(&limiter, &clock).await,
            }
        }
    }
}

mod sqlite {
    workeros_core::rate_limiter_conformance!(async |clock| super::counting("sqlite", clock).await);
}

mod postgres {
    workeros_core::rate_limiter_conformance!(async |clock| super::counting("postgres", clock).await);
}

/// A limiter with a database that goes with it.
#[derive(Debug)]
struct Counting {
    limiter: DatabaseRateLimiter,
    opened: Opened,
}

/// A limiter on that database, where there is one.
async fn counting(name: &str, clock: Arc<StandingClock>) -> Option<Counting> {
    let opened = databases()
        .await
        .into_iter()
        .find(|opened| opened.name == name)?;
    migrate(&*opened.database, &*clock, DatabaseRateLimiter::MIGRATIONS)
        .await
        .unwrap();
    let limiter = DatabaseRateLimiter::new(Arc::clone(&opened.database), clock);
    Some(Counting { limiter, opened })
}

#[async_trait]
impl RateLimiter for Counting {
    async fn spend(&self, key: &RateKey, quota: Quota, cost: u32) -> Result<Decision> {
        self.limiter.spend(key, quota, cost).await
    }

    async fn reset(&self, key: &RateKey) -> Result<()> {
        self.limiter.reset(key).await
    }
}

/// 64 tasks on several threads, again and again.
async fn race(limiters: &[Arc<dyn RateLimiter>], rounds: u32) {
    let quota = Quota::new(5, Duration::from_secs(600));
    for round in 0..rounds {
        let key = RateKey::new("race").with(round.to_be_bytes());
        let calls: Vec<_> = (0..64)
            .map(|call| {
                let limiter = Arc::clone(&limiters[call % limiters.len()]);
                tokio::spawn(async move { limiter.take(&key, quota).await.unwrap() })
            })
            .collect();
        let mut admitted = 0;
        for call in calls {
            admitted += u32::from(call.await.unwrap().is_admitted);
        }
        assert_eq!(admitted, 5, "round {round}");
    }
}

/// R19: of 64 calls at once exactly the limit is admitted in memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_calls_at_once_exactly_the_limit_is_admitted_in_memory() {
    let limiter = MemoryRateLimiter::new(Arc::new(SystemClock));
    race(&[Arc::new(limiter)], 200).await;
}

/// R19: of 64 calls at two instances exactly the limit is admitted.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_calls_at_two_instances_exactly_the_limit_is_admitted() {
    for opened in databases().await {
        migrate(
            &*opened.database,
            &SystemClock,
            DatabaseRateLimiter::MIGRATIONS,
        )
        .await
        .unwrap();
        let limiter = || {
            let database = Arc::clone(&opened.database);
            Arc::new(DatabaseRateLimiter::new(database, Arc::new(SystemClock))) as _
        };
        race(&[limiter(), limiter()], 200).await;
    }
}

#[tokio::test]
async fn filling_the_memory_gives_nobody_a_new_window() {
    let clock = Arc::new(StandingClock::default());
    let limiter = MemoryRateLimiter::new(Arc::clone(&clock) as _).with_max_keys(160);
    let quota = Quota::new(3, Duration::from_secs(10));
    let victim = RateKey::new("sign-in").with("victim");
    for _ in 0..3 {
        assert!(limiter.take(&victim, quota).await.unwrap().is_admitted);
    }
    let mut admitted = 0;
    for n in 0..20_000_u32 {
        let key = RateKey::new("sign-in").with(n.to_be_bytes());
        admitted += u32::from(limiter.take(&key, quota).await.unwrap().is_admitted);
    }
    assert!(!limiter.take(&victim, quota).await.unwrap().is_admitted);
    // Each of the places, shared or not, admits three.
    assert!(admitted <= (160 + 16 * 256) * 3, "{admitted}");
    // Once the windows are over there is room again.
    clock.advance(Duration::from_secs(11));
    for n in 0..80_u32 {
        let key = RateKey::new("other rule").with(n.to_be_bytes());
        for _ in 0..3 {
            assert!(limiter.take(&key, quota).await.unwrap().is_admitted, "{n}");
        }
    }
}

#[tokio::test]
async fn a_full_memory_stays_fast() {
    let limiter = MemoryRateLimiter::new(Arc::new(SystemClock)).with_max_keys(16_000);
    let quota = Quota::new(3, Duration::from_secs(600));
    let start = Instant::now();
    for n in 0..100_000_u32 {
        let key = RateKey::new("flood").with(n.to_be_bytes());
        limiter.take(&key, quota).await.unwrap();
    }
    // A look at all 1000 windows of a shard with each call would take minutes.
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn what_is_over_is_dropped_from_the_table() {
    for name in ["sqlite", "postgres"] {
        let clock = Arc::new(StandingClock::default());
        let Some(counting) = counting(name, Arc::clone(&clock)).await else {
            continue;
        };
        let quota = Quota::new(3, Duration::from_secs(10));
        for n in 0..50_u8 {
            let key = RateKey::new("case").with([n]);
            counting.take(&key, quota).await.unwrap();
        }
        clock.advance(Duration::from_secs(61));
        counting.take(&RateKey::new("case"), quota).await.unwrap();
        let count = Statement::new("SELECT count(*) FROM workeros_rate_limits", vec![]);
        let rows = counting.opened.database.fetch(count).await.unwrap();
        assert_eq!(rows.rows[0].integer(0).unwrap(), 1, "{name}");
    }
}

#[tokio::test]
async fn without_the_database_there_is_no_decision() {
    let clock = Arc::new(StandingClock::default());
    let opened = databases().await.remove(0);
    migrate(&*opened.database, &*clock, DatabaseRateLimiter::MIGRATIONS)
        .await
        .unwrap();
    let faulty = Arc::new(FaultyDatabase::new(Shared(opened.database)));
    let limiter = DatabaseRateLimiter::new(Arc::clone(&faulty) as _, clock);
    let quota = Quota::new(1, Duration::from_secs(10));
    faulty.fail(1, Moment::Before);
    let error = limiter
        .take(&RateKey::new("case"), quota)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    // That the sweep fails is another matter.
    faulty.fail(2, Moment::Before);
    let decision = limiter.take(&RateKey::new("case"), quota).await.unwrap();
    assert!(decision.is_admitted);
    assert_eq!(faulty.calls(), 3);
}

/// A database that others hold as well.
#[derive(Debug)]
struct Shared(Arc<dyn workeros_core::Database>);

#[async_trait]
impl workeros_core::Database for Shared {
    fn dialect(&self) -> workeros_core::Dialect {
        self.0.dialect()
    }

    fn capability(&self) -> workeros_core::Capability {
        self.0.capability()
    }

    async fn fetch(&self, statement: Statement) -> Result<workeros_core::Rows> {
        self.0.fetch(statement).await
    }

    async fn apply(&self, batch: workeros_core::Batch) -> Result<Vec<workeros_core::Rows>> {
        self.0.apply(batch).await
    }
}
