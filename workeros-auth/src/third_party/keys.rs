//! The keys of an issuer, fetched when they are needed, and remembered.
//!
//! Keys are good for an hour; then one caller asks for them anew, and the others
//! go on with those there are. If the issuer cannot be reached they are good for
//! a day. A key nobody knows makes somebody ask, at most every ten seconds,
//! however many come with it. What was begun goes on when whoever began it is
//! gone, so nobody makes us ask more often by hanging up.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::Mutex as Turn;
use tokio::task::JoinSet;
use workeros_core::{Clock, HttpClient, Result, Timestamp};

use super::refusal::unavailable;
use crate::jwt::KeySet;
use crate::oauth::{get, get_object, is_endpoint};
use crate::session::later;

/// How long keys are good for.
const FRESH: Duration = Duration::from_hours(1);
/// How long they are where the issuer cannot be reached.
const KEPT: Duration = Duration::from_hours(24);
/// How long nobody asks again, whatever came of it.
const PAUSE: Duration = Duration::from_secs(10);

/// Where the keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum KeySource {
    /// Where the issuer's own description says.
    Discovery,
    /// At this URL.
    Url(String),
}

/// The keys of one issuer.
pub(super) struct IssuerKeys {
    issuer: String,
    source: KeySource,
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Who asks, and what is being asked.
    turn: Turn<JoinSet<Result<KeySet>>>,
}

#[derive(Default)]
struct State {
    known: Option<(Arc<KeySet>, Timestamp)>,
    asked_at: Option<Timestamp>,
    failed: bool,
}

/// What is known where a key is looked for.
enum Found {
    /// It is there.
    Good(Arc<KeySet>),
    /// It is there, and somebody should ask whether it still is.
    Old(Arc<KeySet>),
    /// It is not among these.
    Lacking(Option<Arc<KeySet>>),
}

impl IssuerKeys {
    pub(super) fn new(
        issuer: &str,
        source: KeySource,
        http: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            issuer: issuer.to_owned(),
            source,
            http,
            clock,
            state: Mutex::default(),
            turn: Turn::default(),
        }
    }

    pub(super) fn are(&self, issuer: &str, source: &KeySource) -> bool {
        self.issuer == issuer && self.source == *source
    }

    /// Whether these are the keys there are, and nobody needs to ask.
    pub(super) fn are_current(&self, keys: &Arc<KeySet>) -> bool {
        let (now, state) = (self.clock.now(), self.state());
        let Some((known, read_at)) = &state.known else {
            return false;
        };
        let asked = state.asked_at.is_some_and(|at| is_within(PAUSE, at, now));
        let age = if asked { KEPT } else { FRESH };
        Arc::ptr_eq(known, keys) && is_within(age, *read_at, now)
    }

    /// The keys that a token may be signed with, by the id of the one it names.
    /// They may lack it, if the issuer was asked a moment ago.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](workeros_core::ErrorKind::Unavailable) when the issuer
    /// does not tell them.
    pub(super) async fn get(&self, id: Option<&str>) -> Result<Arc<KeySet>> {
        let mut jobs = match self.look(id) {
            Found::Good(keys) => return Ok(keys),
            Found::Old(keys) => match self.turn.try_lock() {
                Ok(turn) => turn,
                Err(_) => return Ok(keys),
            },
            Found::Lacking(_) => self.turn.lock().await,
        };
        if jobs.is_empty() && !matches!(self.look(id), Found::Good(_)) && self.may_ask() {
            jobs.spawn(self.fetch());
        }
        let mut failure = None;
        while let Some(fetched) = jobs.join_next().await {
            failure = self.note(fetched.map_err(unavailable).flatten()).err();
        }
        match self.look(id) {
            Found::Good(keys) | Found::Old(keys) => Ok(keys),
            Found::Lacking(Some(keys)) if !self.state().failed => Ok(keys),
            Found::Lacking(_) => {
                let again = || unavailable("it was asked a moment ago, in vain");
                Err(failure.unwrap_or_else(again))
            }
        }
    }

    fn look(&self, id: Option<&str>) -> Found {
        let (now, state) = (self.clock.now(), self.state());
        let known = state.known.as_ref();
        let Some((keys, read_at)) = known.filter(|(_, at)| is_within(KEPT, *at, now)) else {
            return Found::Lacking(None);
        };
        let (keys, is_fresh) = (Arc::clone(keys), is_within(FRESH, *read_at, now));
        match id.is_none_or(|id| keys.contains(id)) {
            true if is_fresh => Found::Good(keys),
            true => Found::Old(keys),
            false => Found::Lacking(Some(keys)),
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

    fn note(&self, fetched: Result<KeySet>) -> Result<()> {
        let now = self.clock.now();
        let mut state = self.state();
        state.failed = fetched.is_err();
        state.known = match fetched {
            Ok(keys) => Some((Arc::new(keys), now)),
            Err(error) => {
                let logged = &error as &dyn std::error::Error;
                tracing::warn!(error = logged, issuer = self.issuer, "no keys of an issuer");
                return Err(error);
            }
        };
        Ok(())
    }

    fn fetch(&self) -> impl Future<Output = Result<KeySet>> + Send + 'static {
        let (issuer, source) = (self.issuer.clone(), self.source.clone());
        let http = Arc::clone(&self.http);
        async move {
            let url = match source {
                KeySource::Url(url) => url,
                KeySource::Discovery => discover(&*http, &issuer).await?,
            };
            let document = get(&*http, &url, None).await.map_err(unavailable)?;
            KeySet::from_jwks(&document).map_err(unavailable)
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for IssuerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerKeys")
            .field("issuer", &self.issuer)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// Where an issuer says that its keys are (OpenID Connect Discovery). Somebody
/// else's word for it does not count, and what is found by https does not lead
/// to http.
async fn discover(http: &dyn HttpClient, issuer: &str) -> Result<String> {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    let url = format!("{base}/.well-known/openid-configuration");
    let document = get_object(http, &url, None).await.map_err(unavailable)?;
    if document.get("issuer").and_then(Json::as_str) != Some(issuer) {
        return Err(unavailable("its description is of another issuer"));
    }
    let url = document.get("jwks_uri").and_then(Json::as_str);
    let is_fit = |url: &&str| {
        is_endpoint(url) && (url.starts_with("https:") || !issuer.starts_with("https:"))
    };
    let url = url.filter(is_fit).map(ToOwned::to_owned);
    url.ok_or_else(|| unavailable("its description has no `jwks_uri` that is an https URL"))
}

/// Whether it is less than that long ago. A clock that was set back makes
/// nothing last longer.
fn is_within(duration: Duration, at: Timestamp, now: Timestamp) -> bool {
    at <= now && now < later(at, duration)
}
