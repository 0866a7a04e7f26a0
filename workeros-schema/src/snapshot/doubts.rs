use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use workeros_core::{Clock, TenantId, Timestamp};

/// What the database has not done this long after nobody waits for it any more,
/// it does not do, in microseconds: the timeouts of its statements are shorter.
const SETTLED_AFTER: i64 = 60_000_000;

/// The workspaces of which a change was begun whose end nobody here saw: whoever
/// waited for it went away, and the database may still make the change. What is
/// known of such a workspace is compared with the database each time.
#[derive(Debug, Default)]
pub(crate) struct Doubts(Mutex<HashMap<TenantId, Timestamp>>);

impl Doubts {
    /// Begins a change. Unless it is [settled](Doubt::settle), the doubt stays
    /// for a minute.
    pub(crate) fn raise<'a>(&'a self, tenant: TenantId, clock: &'a dyn Clock) -> Doubt<'a> {
        Doubt {
            doubts: self,
            tenant,
            clock,
            settled: false,
        }
    }

    /// Whether there is doubt about the workspace.
    pub(crate) fn contains(&self, tenant: TenantId) -> bool {
        self.lock().contains_key(&tenant)
    }

    /// Ends a doubt that was old enough when the workspace was compared with
    /// the database.
    pub(crate) fn compared(&self, tenant: TenantId, at: Timestamp) {
        let is_over = |raised: &Timestamp| at.micros() - raised.micros() >= SETTLED_AFTER;
        let mut doubts = self.lock();
        if doubts.get(&tenant).is_some_and(is_over) {
            doubts.remove(&tenant);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change under way.
#[derive(Debug)]
pub(crate) struct Doubt<'a> {
    doubts: &'a Doubts,
    tenant: TenantId,
    clock: &'a dyn Clock,
    settled: bool,
}

impl Doubt<'_> {
    /// Says that the change was seen through.
    pub(crate) fn settle(mut self) {
        self.settled = true;
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if !self.settled {
            let now = self.clock.now();
            self.doubts.lock().insert(self.tenant, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use workeros_core::IdGenerator as _;
    use workeros_core::testkit::{SequentialIds, StandingClock};

    use super::*;

    #[test]
    fn a_doubt_ends_once_nothing_can_come_of_the_change() {
        let (doubts, clock) = (Doubts::default(), StandingClock::default());
        let tenant = TenantId::new(SequentialIds::default().next_id());
        doubts.raise(tenant, &clock).settle();
        assert!(!doubts.contains(tenant));
        drop(doubts.raise(tenant, &clock));
        doubts.compared(tenant, clock.now());
        clock.advance(Duration::from_secs(59));
        doubts.compared(tenant, clock.now());
        assert!(doubts.contains(tenant), "it may still be made");
        // Another one begins the minute anew.
        drop(doubts.raise(tenant, &clock));
        clock.advance(Duration::from_secs(59));
        doubts.compared(tenant, clock.now());
        assert!(doubts.contains(tenant));
        clock.advance(Duration::from_secs(1));
        doubts.compared(tenant, clock.now());
        assert!(!doubts.contains(tenant));
    }
}
