//! What somebody else publishes about himself: fetched when it is needed, and
//! remembered.
//!
//! It is good for an hour; then one caller asks for it anew, and the others go on
//! with what there is. If it cannot be had it is good for a day. Where it does not
//! suffice, as a set of keys without the one that is looked for, somebody asks, at
//! most every ten seconds, however many need it. What was begun goes on when
//! whoever began it is gone, so nobody makes us ask more often by hanging up.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as Turn;
use tokio::task::JoinSet;
use workeros_core::{Clock, Error, Result, Timestamp};

use crate::session::later;

/// How long it is good for.
const FRESH: Duration = Duration::from_hours(1);
/// How long it is where it cannot be had anew.
const KEPT: Duration = Duration::from_hours(24);
/// How long nobody asks again, whatever came of it.
const PAUSE: Duration = Duration::from_secs(10);

/// Something that is fetched.
pub(crate) struct Fetched<T> {
    clock: Arc<dyn Clock>,
    /// What is answered where nobody may ask yet.
    unavailable: fn(&'static str) -> Error,
    state: Mutex<State<T>>,
    /// Who asks, and what is being asked.
    turn: Turn<JoinSet<Result<T>>>,
}

struct State<T> {
    known: Option<(Arc<T>, Timestamp)>,
    asked_at: Option<Timestamp>,
    failed: bool,
}

/// What is known where something is looked for.
enum Found<T> {
    /// It is there.
    Good(Arc<T>),
    /// It is there, and somebody should ask whether it still is.
    Old(Arc<T>),
    /// It is not in this.
    Lacking(Option<Arc<T>>),
}

impl<T: Send + Sync + 'static> Fetched<T> {
    /// Nothing yet. Where it was asked for in vain a moment ago, the answer is
    /// `unavailable`.
    pub(crate) fn nothing(clock: Arc<dyn Clock>, unavailable: fn(&'static str) -> Error) -> Self {
        Self {
            clock,
            unavailable,
            state: Mutex::new(State {
                known: None,
                asked_at: None,
                failed: false,
            }),
            turn: Turn::default(),
        }
    }

    /// Whether this is what there is, and nobody needs to ask.
    pub(crate) fn is_current(&self, value: &Arc<T>) -> bool {
        let (now, state) = (self.clock.now(), self.state());
        let Some((known, read_at)) = &state.known else {
            return false;
        };
        let asked = state.asked_at.is_some_and(|at| is_within(PAUSE, at, now));
        let age = if asked { KEPT } else { FRESH };
        Arc::ptr_eq(known, value) && is_within(age, *read_at, now)
    }

    /// What is known if it suffices, else what `fetch` gives. What does not suffice
    /// is given too, where it was asked for a moment ago.
    ///
    /// # Errors
    ///
    /// What `fetch` answers; `unavailable` when that was a moment ago.
    pub(crate) async fn get<F>(
        &self,
        suffices: impl Fn(&T) -> bool,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let mut jobs = match self.look(&suffices) {
            Found::Good(value) => return Ok(value),
            Found::Old(value) => match self.turn.try_lock() {
                Ok(turn) => turn,
                Err(_) => return Ok(value),
            },
            Found::Lacking(_) => self.turn.lock().await,
        };
        if jobs.is_empty() && !matches!(self.look(&suffices), Found::Good(_)) && self.may_ask() {
            jobs.spawn(fetch());
        }
        let mut failure = None;
        while let Some(fetched) = jobs.join_next().await {
            failure = self.note(fetched.map_err(Error::internal).flatten()).err();
        }
        match self.look(&suffices) {
            Found::Good(value) | Found::Old(value) => Ok(value),
            Found::Lacking(Some(value)) if !self.state().failed => Ok(value),
            Found::Lacking(_) => {
                let again = || (self.unavailable)("it was asked a moment ago, in vain");
                Err(failure.unwrap_or_else(again))
            }
        }
    }

    fn look(&self, suffices: impl Fn(&T) -> bool) -> Found<T> {
        let (now, state) = (self.clock.now(), self.state());
        let known = state.known.as_ref();
        let Some((value, read_at)) = known.filter(|(_, at)| is_within(KEPT, *at, now)) else {
            return Found::Lacking(None);
        };
        let (value, is_fresh) = (Arc::clone(value), is_within(FRESH, *read_at, now));
        match suffices(&value) {
            true if is_fresh => Found::Good(value),
            true => Found::Old(value),
            false => Found::Lacking(Some(value)),
        }
    }

    /// Whether nobody has asked for a while. Whoever is told so asks.
    fn may_ask(&self) -> bool {
        let (now, mut state) = (self.clock.now(), self.state());
        if state.asked_at.is_some_and(|at| is_within(PAUSE, at, now)) {
            return false;
        }
        state.asked_at = Some(now);
        true
    }

    /// What cannot be had leaves what is known as it is.
    fn note(&self, fetched: Result<T>) -> Result<()> {
        let now = self.clock.now();
        let mut state = self.state();
        state.failed = fetched.is_err();
        state.known = Some((Arc::new(fetched?), now));
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Fetched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fetched(..)")
    }
}

/// Whether it is less than that long ago. A clock that was set back makes
/// nothing last longer.
fn is_within(duration: Duration, at: Timestamp, now: Timestamp) -> bool {
    at <= now && now < later(at, duration)
}
