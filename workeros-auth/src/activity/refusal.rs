//! What is noted of what strangers cause. Whoever may have rows written without
//! end fills a disk, and hides among them what he is about.

use std::sync::Arc;
use std::time::Duration;

use workeros_core::{Batch, Quota, RateKey, RateLimiter, Result, Step};

use super::{ActivityKind, NewActivity};
use crate::changes::NOBODY;
use crate::{Auth, Plane};

/// Of one kind: what one client causes, and everybody together. Whoever shares an
/// address counts as one.
const PER_CLIENT: Quota = Quota::new(100, Duration::from_hours(1)).named("refusals by client");
const PER_REALM: Quota = Quota::new(1000, Duration::from_hours(1)).named("refusals");
/// That there is more is noted once in that time.
const OMISSIONS: Quota = Quota::new(1, Duration::from_hours(1));

/// What is to be noted, and how much of it may be.
#[derive(Debug)]
struct Note {
    refusal: Step,
    bounds: [Bound; 2],
}

#[derive(Debug)]
struct Bound {
    quota: Quota,
    key: RateKey,
    /// That no more is noted.
    omission: Step,
}

impl<P: Plane> Auth<P> {
    /// Notes what a stranger causes and nothing else is written for, while nobody
    /// waits: so much of it, and then once that there is more.
    pub(crate) fn note_refusal(&self, new: NewActivity) {
        let (kind, ip) = (new.kind, self.caller_ip());
        let by_client = |key: RateKey| key.with_address(ip);
        let note = Note {
            refusal: self.note_activity(new),
            bounds: [
                self.bound(kind, PER_CLIENT, by_client),
                self.bound(kind, PER_REALM, |key| key),
            ],
        };
        let (store, limiter) = (Arc::clone(&self.inner.store), self.inner.limiter.clone());
        self.inner.background.spawn(async move {
            let noted = async {
                match note.step(limiter.as_deref()).await? {
                    Some(step) => store.apply::<P>(&NOBODY, Batch::new().step(step)).await,
                    None => Ok(()),
                }
            };
            if let Err(error) = noted.await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "could not note a refusal");
            }
        });
    }

    fn bound(
        &self,
        kind: ActivityKind,
        quota: Quota,
        of: impl FnOnce(RateKey) -> RateKey,
    ) -> Bound {
        let omitted = NewActivity::new(ActivityKind::RefusalsOmitted)
            .with("of", kind.name())
            .with("because", quota.name());
        let key = RateKey::new(quota.name()).with(self.realm.id().as_bytes());
        Bound {
            quota,
            key: of(key.with(kind.name())),
            omission: self.note_activity(omitted),
        }
    }
}

impl Note {
    /// The row to be written, if one is.
    async fn step(self, limiter: Option<&dyn RateLimiter>) -> Result<Option<Step>> {
        let Some(limiter) = limiter else {
            return Ok(Some(self.refusal));
        };
        for Bound {
            quota,
            key,
            omission,
        } in self.bounds
        {
            if limiter.take(&key, quota).await?.is_admitted {
                continue;
            }
            let first = limiter.take(&key.with("omitted"), OMISSIONS).await?;
            return Ok(first.is_admitted.then_some(omission));
        }
        Ok(Some(self.refusal))
    }
}
