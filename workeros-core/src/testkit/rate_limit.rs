//! The contract of [`RateLimiter`] as a suite. Each case wants a limiter that
//! has counted nothing yet and goes by the clock it is given.

use std::time::Duration;

use futures::future::join_all;

use super::StandingClock;
use crate::{Clock as _, Decision, ErrorKind, Quota, RateKey, RateLimiter};

const QUOTA: Quota = Quota::new(3, Duration::from_secs(10));

fn key() -> RateKey {
    RateKey::new("case").with("ann")
}

async fn take(limiter: &dyn RateLimiter) -> Decision {
    limiter.take(&key(), QUOTA).await.unwrap()
}

async fn use_up(limiter: &dyn RateLimiter) {
    for left in (0..QUOTA.limit()).rev() {
        let decision = take(limiter).await;
        assert!(decision.is_admitted);
        assert_eq!(decision.remaining, left);
    }
}

/// What the quota gives is admitted, and not one more.
pub async fn admits_what_the_quota_gives(limiter: &dyn RateLimiter, _: &StandingClock) {
    use_up(limiter).await;
    for _ in 0..5 {
        let decision = take(limiter).await;
        assert!(!decision.is_admitted);
        assert_eq!((decision.quota.limit(), decision.remaining), (3, 0));
    }
}

/// Of 64 calls at once exactly so many are admitted.
pub async fn of_racing_calls_exactly_the_limit_is_admitted(
    limiter: &dyn RateLimiter,
    _: &StandingClock,
) {
    let quota = Quota::new(10, Duration::from_secs(10));
    let key = key();
    for round in 0..5_u8 {
        let key = key.with([round]);
        let calls = (0..64).map(|_| limiter.take(&key, quota));
        let decisions = join_all(calls).await;
        let mut left: Vec<_> = decisions
            .into_iter()
            .map(Result::unwrap)
            .filter(|decision| decision.is_admitted)
            .map(|decision| decision.remaining)
            .collect();
        left.sort_unstable();
        assert_eq!(left, (0..10).collect::<Vec<_>>());
    }
}

/// A window lasts from its first call on, and the wait it tells is the rest.
pub async fn a_window_lasts_from_its_first_call_on(
    limiter: &dyn RateLimiter,
    clock: &StandingClock,
) {
    assert_eq!(take(limiter).await.resets_in, Duration::from_secs(10));
    clock.advance(Duration::from_secs(6));
    assert_eq!(take(limiter).await.resets_in, Duration::from_secs(4));
    assert!(take(limiter).await.is_admitted);
    clock.advance(Duration::from_micros(3_999_999));
    let refused = take(limiter).await;
    assert_eq!(refused.retry_after(), Some(Duration::from_micros(1)));
    let error = refused.check().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after_seconds(), Some(1));
    clock.advance(Duration::from_micros(1));
    use_up(limiter).await;
    assert_eq!(
        take(limiter).await.retry_after(),
        Some(Duration::from_secs(10))
    );
}

/// To be refused does not put the end off.
pub async fn a_refusal_costs_nothing(limiter: &dyn RateLimiter, clock: &StandingClock) {
    use_up(limiter).await;
    for left in (1..10).rev() {
        clock.advance(Duration::from_secs(1));
        let wait = take(limiter).await.retry_after();
        assert_eq!(wait, Some(Duration::from_secs(left)));
    }
    clock.advance(Duration::from_secs(1));
    use_up(limiter).await;
}

/// One key takes nothing from another.
pub async fn keys_are_independent(limiter: &dyn RateLimiter, _: &StandingClock) {
    use_up(limiter).await;
    let others = [
        RateKey::new("case"),
        RateKey::new("case").with("bob"),
        RateKey::new("case").with("ann").with(""),
        RateKey::new("other").with("ann"),
    ];
    for other in others {
        let decision = limiter.take(&other, QUOTA).await.unwrap();
        assert_eq!((decision.is_admitted, decision.remaining), (true, 2));
    }
    assert!(!take(limiter).await.is_admitted);
}

/// What a call costs is spent whole or not at all.
pub async fn a_call_is_admitted_whole(limiter: &dyn RateLimiter, _: &StandingClock) {
    let spend = async |cost| limiter.spend(&key(), QUOTA, cost).await.unwrap();
    assert!(!spend(4).await.is_admitted);
    assert!(!spend(u32::MAX).await.is_admitted);
    let first = spend(2).await;
    assert_eq!((first.is_admitted, first.remaining), (true, 1));
    let second = spend(2).await;
    assert_eq!((second.is_admitted, second.remaining), (false, 1));
    let third = spend(1).await;
    assert_eq!((third.is_admitted, third.remaining), (true, 0));
    assert!(!spend(u32::MAX).await.is_admitted);
}

/// A call that costs nothing tells what is left, and begins no window.
pub async fn a_call_for_nothing_looks(limiter: &dyn RateLimiter, clock: &StandingClock) {
    let look = async || limiter.spend(&key(), QUOTA, 0).await.unwrap();
    assert_eq!(
        (look().await.remaining, look().await.resets_in),
        (3, Duration::ZERO)
    );
    clock.advance(Duration::from_secs(5));
    use_up(limiter).await;
    for _ in 0..2 {
        let seen = look().await;
        assert_eq!((seen.is_admitted, seen.remaining), (true, 0));
        assert_eq!(seen.resets_in, Duration::from_secs(10));
    }
    clock.advance(Duration::from_secs(10));
    assert_eq!(look().await.remaining, 3);
}

/// A limit of nothing admits nothing.
pub async fn a_limit_of_nothing_admits_nothing(limiter: &dyn RateLimiter, clock: &StandingClock) {
    for _ in 0..2 {
        let quota = Quota::new(0, Duration::from_secs(10));
        let decision = limiter.take(&key(), quota).await.unwrap();
        assert_eq!((decision.is_admitted, decision.remaining), (false, 0));
        clock.advance(Duration::from_secs(11));
    }
}

/// After a reset it is as if nothing had been spent, of this key alone.
pub async fn a_reset_forgets_one_key(limiter: &dyn RateLimiter, _: &StandingClock) {
    let other = RateKey::new("other");
    limiter.reset(&key()).await.unwrap();
    use_up(limiter).await;
    limiter.take(&other, QUOTA).await.unwrap();
    limiter.reset(&key()).await.unwrap();
    use_up(limiter).await;
    let left = limiter.take(&other, QUOTA).await.unwrap().remaining;
    assert_eq!(left, 1);
}

/// Each call is held to the quota it names.
pub async fn each_call_brings_its_quota(limiter: &dyn RateLimiter, _: &StandingClock) {
    use_up(limiter).await;
    let wider = Quota::new(5, Duration::from_secs(60));
    let decision = limiter.take(&key(), wider).await.unwrap();
    assert_eq!((decision.is_admitted, decision.remaining), (true, 1));
    // The window is the one that the first call began.
    assert_eq!(decision.resets_in, Duration::from_secs(10));
    let narrower = limiter.take(&key(), QUOTA).await.unwrap();
    assert_eq!((narrower.is_admitted, narrower.remaining), (false, 0));
}

/// A clock that is set back does not make a window longer than it is.
pub async fn a_clock_set_back_locks_nobody_out(limiter: &dyn RateLimiter, clock: &StandingClock) {
    clock.advance(Duration::from_secs(86_400));
    use_up(limiter).await;
    clock.set(StandingClock::default().now());
    let wait = take(limiter).await.retry_after();
    assert!(wait.is_none_or(|wait| wait <= QUOTA.window()), "{wait:?}");
    clock.advance(QUOTA.window());
    assert!(take(limiter).await.is_admitted);
}

/// Makes a test of each case of
/// [`testkit::rate_limit`](crate::testkit::rate_limit).
///
/// The first argument is an async closure that takes the clock, an
/// `Arc<StandingClock>`, and gives a limiter that goes by it, or an `Option` of
/// one where there may be none to test.
#[macro_export]
macro_rules! rate_limiter_conformance {
    ($open:expr) => {
        $crate::rate_limiter_conformance!(@cases $open, [
            admits_what_the_quota_gives
            of_racing_calls_exactly_the_limit_is_admitted
            a_window_lasts_from_its_first_call_on
            a_refusal_costs_nothing
            keys_are_independent
            a_call_is_admitted_whole
            a_call_for_nothing_looks
            a_limit_of_nothing_admits_nothing
            a_reset_forgets_one_key
            each_call_brings_its_quota
            a_clock_set_back_locks_nobody_out
        ]);
    };
    (@cases $open:expr, [$($case:ident)*]) => {
        $(
            #[tokio::test]
            async fn $case() {
                let clock = ::std::sync::Arc::new($crate::testkit::StandingClock::default());
                let (open, its_clock) = ($open, ::std::sync::Arc::clone(&clock));
                let opened = open(its_clock).await;
                let opened = $crate::testkit::Opened::<dyn $crate::RateLimiter>::opened(opened);
                if let Some(limiter) = opened {
                    $crate::testkit::rate_limit::$case(&limiter, &clock).await;
                }
            }
        )*
    };
}
