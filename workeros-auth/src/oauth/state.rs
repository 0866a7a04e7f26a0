//! What is kept while a browser is at a provider: a row that is gone before
//! what it comes back with is looked at.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};
use workeros_core::{
    Batch, Error, Quota, RateKey, Result, Row, SessionId, Statement, Step, UserId, Value,
};

use super::refusal::state_mismatch;
use super::{AuthorizationRequest, Pending};
use crate::changes::NOBODY;
use crate::flow::sweep;
use crate::plane::{PlaneSql, planes};
use crate::session::later;
use crate::{Auth, BrowserToken, Plane, RequestInfo, SessionKey};

/// How long a browser may stay away.
const LIFETIME: Duration = Duration::from_mins(10);
/// How often somebody may set out from one place, whoever he is.
const DEPARTURES: Quota = Quota::new(60, Duration::from_mins(1)).named("providers");

const PURPOSE: &str = "oauth";

const OPEN: PlaneSql = planes!(
    "INSERT INTO " p "_auth_flows \
    (id, realm_id, purpose, user_id, secret_hash, data, attempts, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)"
);
/// Of many who come back with the same state one gets it.
const TAKE: PlaneSql = planes!(
    "DELETE FROM " p "_auth_flows WHERE realm_id = $1 AND purpose = $2 AND secret_hash = $3 \
    AND expires_at > $4 RETURNING id, user_id, data"
);

/// Somebody who sets out to a provider.
#[derive(Debug, Clone)]
#[must_use]
pub struct OAuthStart {
    pub(super) provider: String,
    pub(super) request: AuthorizationRequest,
    pub(super) pages: ReturnPages,
    pub(super) link: Option<(UserId, SessionId)>,
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
    /// The session he left as an anonymous user: on his way back there may be
    /// none.
    guest: Option<SessionKey>,
}

impl OAuthStart {
    /// To a provider, to sign in.
    pub fn new(provider: impl Into<String>, request: AuthorizationRequest) -> Self {
        Self {
            provider: provider.into(),
            request,
            pages: ReturnPages::default(),
            link: None,
        }
    }

    /// Sets where the browser is sent to in the end.
    pub fn with_pages(mut self, pages: ReturnPages) -> Self {
        self.pages = pages;
        self
    }

    /// Not to sign in, but to add the account to a user, as long as the session
    /// is open by which he asks.
    pub fn with_link(mut self, user: UserId, session: SessionId) -> Self {
        self.link = Some((user, session));
        self
    }
}

impl OAuthReturn {
    /// Whether he came to add an account, and not to sign in.
    #[must_use]
    pub fn is_link(&self) -> bool {
        self.link.is_some()
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
        let client = self.oauth_client(&start.provider)?;
        if let Some((user, _)) = start.link {
            self.find_user(user).await?.require_account()?;
        }
        self.admit_departure(request).await?;
        let authorization = client.authorize(&start.request).await?;
        let (id, now) = (self.inner.ids.next_id(), self.now());
        let guest = self.guest_of(request).await?;
        let guest = guest.and(request.replaces);
        let by = client.provider().fingerprint();
        let kept = write(&authorization.pending, start, guest, by).to_string();
        let sealed = self
            .sealer()?
            .seal(PURPOSE, id.as_bytes(), kept.as_bytes())?;
        let params = vec![
            id.into(),
            self.realm.into(),
            PURPOSE.into(),
            start.link.map_or(Value::Null, |(user, _)| user.into()),
            secret_hash(&start.provider, &authorization.state, browser),
            sealed.into(),
            now.into(),
            later(now, LIFETIME).into(),
        ];
        let batch = Batch::new()
            .step(sweep::<P>(now))
            .step(Step::new(Statement::new(OPEN.of::<P>(), params)));
        self.apply(&NOBODY, batch).await?;
        Ok(authorization.url)
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
        let params = vec![
            self.realm.into(),
            PURPOSE.into(),
            secret_hash(provider, state, browser),
            self.now().into(),
        ];
        let take = Step::new(Statement::new(TAKE.of::<P>(), params));
        let rows = self
            .apply_and_read(&NOBODY, Batch::new().step(take))
            .await?;
        let row = rows.first().ok_or_else(state_mismatch)?;
        let (id, user) = (row.uuid(0)?, optional_user(row)?);
        let kept = self.sealer()?.open(PURPOSE, id.as_bytes(), row.text(2)?)?;
        read(&kept, provider, user).ok_or_else(|| Error::internal("a state that cannot be read"))
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

/// What the row is found by: the state, the browser and the provider at once,
/// so that none of them can be exchanged for another.
fn secret_hash(provider: &str, state: &str, browser: &BrowserToken) -> Value {
    let state = Sha256::digest(state);
    let hash = Sha256::new()
        .chain_update(browser.hash())
        .chain_update(state)
        .chain_update(provider);
    Value::Bytes(hash.finalize().to_vec())
}

fn optional_user(row: &Row) -> Result<Option<UserId>> {
    if row.is_null(1) {
        return Ok(None);
    }
    row.uuid(1).map(UserId::new).map(Some)
}

fn write(pending: &Pending, start: &OAuthStart, guest: Option<SessionKey>, client: String) -> Json {
    let session = start.link.map(|(_, session)| session.to_string());
    let members = [
        ("verifier", Some(pending.verifier().to_owned())),
        ("nonce", Some(pending.nonce().to_owned())),
        ("client", Some(client)),
        ("done", start.pages.done.clone()),
        ("new_user", start.pages.new_user.clone()),
        ("error", start.pages.error.clone()),
        ("session", session),
        ("guest", guest.map(|key| URL_SAFE_NO_PAD.encode(key.0))),
    ];
    let members = members.into_iter();
    let members = members.filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    Json::Object(members.collect())
}

fn read(kept: &[u8], provider: &str, user: Option<UserId>) -> Option<OAuthReturn> {
    let mut members: Map<String, Json> = serde_json::from_slice(kept).ok()?;
    let mut take = |name: &str| match members.remove(name) {
        Some(Json::String(text)) => Some(text),
        _ => None,
    };
    let pending = Pending::restore(take("verifier")?, take("nonce")?);
    let session = take("session").map(|text| text.parse());
    let link = match (user, session) {
        (Some(user), Some(Ok(session))) => Some((user, session)),
        (None, None) => None,
        _ => return None,
    };
    let guest = take("guest").and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let guest = guest.and_then(|key| key.try_into().ok()).map(SessionKey);
    Some(OAuthReturn {
        pages: ReturnPages {
            done: take("done"),
            new_user: take("new_user"),
            error: take("error"),
        },
        provider: provider.to_owned(),
        client: take("client")?,
        pending,
        link,
        guest,
    })
}
