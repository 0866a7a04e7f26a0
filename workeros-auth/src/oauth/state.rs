//! What is kept while a browser is at a provider: a row that is gone before
//! what it comes back with is looked at.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use workeros_core::{Error, Quota, RateKey, Result, SessionId, UserId};

use super::kept::{Kept, Place};
use super::refusal::state_mismatch;
use super::{AuthorizationRequest, Pending};
use crate::changes::SecretHash;
use crate::{Auth, BrowserToken, FreshSession, Plane, RequestInfo, SessionKey};

/// How long a browser may stay away.
pub(super) const LIFETIME: Duration = Duration::from_mins(10);
/// How often somebody may set out from one place, whoever he is.
const DEPARTURES: Quota = Quota::new(60, Duration::from_mins(1)).named("providers");

const PURPOSE: &str = "oauth";
const BY_TICKET: &str = "by_ticket";

/// Somebody who sets out to a provider.
#[derive(Debug, Clone)]
#[must_use]
pub struct OAuthStart {
    pub(super) provider: String,
    pub(super) request: AuthorizationRequest,
    pub(super) pages: ReturnPages,
    pub(super) link: Option<(UserId, SessionId)>,
    page: Option<SecretHash>,
}

/// Somebody who may leave for a provider.
pub(super) struct Leaving {
    /// The page there.
    pub(super) url: String,
    /// What he comes back with.
    pub(super) state: String,
    pub(super) kept: Kept,
}

/// Where a browser is sent to in the end. They are kept as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReturnPages {
    /// When all is well.
    pub done: Option<String>,
    /// The same, for somebody who has just become a user.
    pub new_user: Option<String>,
    /// When it is not.
    pub error: Option<String>,
}

/// Somebody who is back, with what was kept for him. It counts once.
#[derive(Debug)]
pub struct OAuthReturn {
    /// Where he is sent to.
    pub pages: ReturnPages,
    pub(super) provider: String,
    /// The client he has set out by.
    pub(super) client: String,
    pub(super) pending: Pending,
    pub(super) link: Option<(UserId, SessionId)>,
    /// What the page knows that has sent him away, and nobody else.
    pub(super) page: Option<SecretHash>,
    /// The session he left as an anonymous user: on his way back there may be
    /// none.
    guest: Option<SessionKey>,
    by_ticket: bool,
}

impl OAuthStart {
    /// To a provider, to sign in.
    pub fn new(provider: impl Into<String>, request: AuthorizationRequest) -> Self {
        Self {
            provider: provider.into(),
            request,
            pages: ReturnPages::default(),
            link: None,
            page: None,
        }
    }

    /// Sets where the browser is sent to in the end.
    pub fn with_pages(mut self, pages: ReturnPages) -> Self {
        self.pages = pages;
        self
    }

    /// Not to sign in, but to add the account to a user, as long as the session
    /// is open by which he asks.
    pub fn with_link(mut self, who: FreshSession) -> Self {
        self.link = Some((who.user(), who.session()));
        self
    }

    /// Sets what only the page knows that sends the browser away: what comes of
    /// it in an app is of use to nobody else.
    pub fn with_page(mut self, page: &BrowserToken) -> Self {
        self.page = Some(page.hash());
        self
    }
}

impl OAuthReturn {
    /// Whether he came to add an account, and not to sign in.
    #[must_use]
    pub fn is_link(&self) -> bool {
        self.link.is_some()
    }

    /// Whether he set out by a [ticket](Auth::ticket_oauth), as anybody may whom
    /// somebody else has sent: only the page that has asked for it can end what
    /// it has begun.
    #[must_use]
    pub fn is_by_ticket(&self) -> bool {
        self.by_ticket
    }

    /// Refuses what may not be ended here and now.
    pub(super) fn require_own_way(&self) -> Result<()> {
        let refuse = || Error::internal("nobody but his page can end what a ticket began");
        (!self.by_ticket).then_some(()).ok_or_else(refuse)
    }

    /// His request, which comes with the session he left by if it has none.
    pub(super) fn arriving(&self, request: &RequestInfo) -> RequestInfo {
        let session = request.replaces.or(self.guest);
        request.clone().with_replaced(session)
    }
}

impl<P: Plane> Auth<P> {
    /// Makes the URL that a browser is sent to. It comes back within ten
    /// minutes, with a state that only this browser can use, once, and only
    /// from this provider.
    ///
    /// The browser's token must be one that nobody else knows.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) with code
    ///   `PROVIDER_NOT_FOUND`.
    /// * [`Unavailable`](workeros_core::ErrorKind::Unavailable); see
    ///   [`OAuthClient::authorize`](super::OAuthClient::authorize).
    pub async fn begin_oauth(
        &self,
        start: &OAuthStart,
        browser: &BrowserToken,
        request: &RequestInfo,
    ) -> Result<String> {
        let Leaving { url, state, kept } = self.leave(start, request).await?;
        let guest = self.guest_of(request).await?.and(request.replaces);
        let kept = kept.with_bytes("guest", guest.as_ref().map(|key| key.0.as_slice()));
        let place = away(&start.provider, &state, browser);
        self.keep(place, &kept, LIFETIME).await?;
        Ok(url)
    }

    /// Takes up where a browser has left off that is back from a provider.
    /// Whatever comes of it, it cannot come back once more.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code
    /// `STATE_MISMATCH` when this browser has not set out to this provider with
    /// this state, is back already, or was away for too long.
    pub async fn resume_oauth(
        &self,
        provider: &str,
        state: &str,
        browser: &BrowserToken,
    ) -> Result<OAuthReturn> {
        let taken = self.take_kept(away(provider, state, browser)).await?;
        let (kept, _) = taken.ok_or_else(state_mismatch)?;
        read(kept, provider).ok_or_else(|| Error::internal("a state that cannot be read"))
    }

    /// Lets somebody leave, by which browser ever.
    pub(super) async fn leave(&self, start: &OAuthStart, request: &RequestInfo) -> Result<Leaving> {
        let client = self.oauth_client(&start.provider)?;
        let by = client.provider().fingerprint();
        if let Some((user, _)) = start.link {
            self.find_user(user).await?.require_account()?;
        }
        self.admit_departure(request).await?;
        let authorization = client.authorize(&start.request).await?;
        Ok(Leaving {
            kept: write(&authorization.pending, start, by),
            url: authorization.url,
            state: authorization.state,
        })
    }

    /// Counts a request that makes a row or asks a provider.
    pub(super) async fn admit_departure(&self, request: &RequestInfo) -> Result<()> {
        let Some(limiter) = &self.inner.limiter else {
            return Ok(());
        };
        let key = RateKey::new("oauth departures").with(self.realm.id());
        let decision = limiter
            .take(&key.with_address(request.ip), DEPARTURES)
            .await?;
        decision.check().map(drop)
    }
}

/// Who is away is known by the state, the browser and the provider at once.
pub(super) fn away(provider: &str, state: &str, browser: &BrowserToken) -> Place {
    let hash = |text: &str| Sha256::digest(text).into();
    Place::new(PURPOSE, &[browser.hash(), hash(state), hash(provider)])
}

/// Notes that he has left by a ticket.
pub(super) fn by_ticket(kept: Kept) -> Kept {
    kept.with(BY_TICKET, Some(String::new()))
}

fn write(pending: &Pending, start: &OAuthStart, client: String) -> Kept {
    let session = start.link.map(|(_, session)| session.to_string());
    let pages = start.pages.clone();
    Kept::default()
        .of_user(start.link.map(|(user, _)| user))
        .with("verifier", Some(pending.verifier().to_owned()))
        .with("nonce", Some(pending.nonce().to_owned()))
        .with("client", Some(client))
        .with("done", pages.done)
        .with("new_user", pages.new_user)
        .with("error", pages.error)
        .with("session", session)
        .with_bytes("page", start.page.as_ref().map(|page| page.as_slice()))
}

fn read(mut kept: Kept, provider: &str) -> Option<OAuthReturn> {
    let pending = Pending::restore(kept.take("verifier")?, kept.take("nonce")?);
    let session = kept.take("session").map(|text| text.parse());
    let link = match (kept.user, session) {
        (Some(user), Some(Ok(session))) => Some((user, session)),
        (None, None) => None,
        _ => return None,
    };
    Some(OAuthReturn {
        pages: ReturnPages {
            done: kept.take("done"),
            new_user: kept.take("new_user"),
            error: kept.take("error"),
        },
        provider: provider.to_owned(),
        client: kept.take("client")?,
        pending,
        link,
        page: kept.take_bytes("page"),
        guest: kept.take_bytes("guest").map(SessionKey),
        by_ticket: kept.take(BY_TICKET).is_some(),
    })
}
