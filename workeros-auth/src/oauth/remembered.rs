use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use workeros_core::{Clock, Result, Timestamp};

use super::refusal::unavailable;

/// How long what was fetched is good for.
const LIFETIME: Duration = Duration::from_hours(1);
/// How long nobody asks again after the last time, whatever came of it.
const PAUSE: Duration = Duration::from_secs(10);

/// What is fetched when it is needed, by one caller at a time, and remembered.
#[derive(Debug)]
pub(super) struct Remembered<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    known: Option<(Arc<T>, Timestamp)>,
    asked_at: Option<Timestamp>,
}

impl<T> Remembered<T> {
    pub(super) fn nothing() -> Self {
        Self(Mutex::new(State {
            known: None,
            asked_at: None,
        }))
    }

    /// What is known if it suffices, else what `fetch` gives. What does not
    /// suffice is given too, where nobody may ask again yet.
    pub(super) async fn get(
        &self,
        clock: &dyn Clock,
        suffices: impl Fn(&T) -> bool,
        fetch: impl Future<Output = Result<T>>,
    ) -> Result<Arc<T>> {
        let mut state = self.0.lock().await;
        let now = clock.now();
        let pauses = state.asked_at.is_some_and(|at| is_within(PAUSE, at, now));
        if let Some((value, at)) = &state.known
            && is_within(LIFETIME, *at, now)
            && (pauses || suffices(value))
        {
            return Ok(Arc::clone(value));
        }
        if pauses {
            return Err(unavailable("it was asked a moment ago, in vain"));
        }
        let fetched = fetch.await;
        let now = clock.now();
        state.asked_at = Some(now);
        let value = Arc::new(fetched?);
        state.known = Some((Arc::clone(&value), now));
        Ok(value)
    }
}

/// Whether it is less than that long ago. A clock that was set back makes
/// nothing last longer.
fn is_within(duration: Duration, at: Timestamp, now: Timestamp) -> bool {
    let age = now.micros().saturating_sub(at.micros());
    u128::try_from(age).is_ok_and(|age| age < duration.as_micros())
}
