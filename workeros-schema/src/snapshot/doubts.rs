use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use workeros_core::TenantId;

/// The workspaces of which a change was begun whose end nobody here saw: whoever
/// waited for it went away, and the database may still make the change. What is
/// known of such a workspace is compared with the database each time.
#[derive(Debug, Default)]
pub(crate) struct Doubts(Mutex<HashSet<TenantId>>);

impl Doubts {
    /// Begins a change. Unless it is [settled](Doubt::settle), the doubt stays.
    pub(crate) fn raise(&self, tenant: TenantId) -> Doubt<'_> {
        Doubt {
            doubts: self,
            tenant,
            settled: false,
        }
    }

    /// Whether there is doubt about the workspace.
    pub(crate) fn contains(&self, tenant: TenantId) -> bool {
        self.lock().contains(&tenant)
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<TenantId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change under way.
#[derive(Debug)]
pub(crate) struct Doubt<'a> {
    doubts: &'a Doubts,
    tenant: TenantId,
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
            self.doubts.lock().insert(self.tenant);
        }
    }
}
