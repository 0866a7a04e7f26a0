//! What was asked and waits for its answer: a row that is used up before the
//! answer is looked at.

use std::time::Duration;

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use workeros_core::{Batch, Error, Quota, RateKey, Result, Statement, Step, UserId, Value};

use super::CHALLENGE_LIFETIME;
use super::begun::Begun;
use super::refusal::no_challenge;
use crate::changes::NOBODY;
use crate::flow::sweep;
use crate::plane::{PlaneSql, planes};
use crate::session::later;
use crate::{Auth, BrowserToken, Plane, RequestInfo};

/// What was begun. An answer to one is none to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ceremony {
    /// A passkey is made.
    Registration,
    /// Somebody signs in by one.
    SignIn,
}

impl Ceremony {
    const fn purpose(self) -> &'static str {
        match self {
            Self::Registration => "passkey-registration",
            Self::SignIn => "passkey-sign-in",
        }
    }
}

/// Whether somebody is the first to answer.
#[derive(Debug)]
pub(super) enum Taken {
    /// He is: his answer is held against this.
    Now(String),
    /// Somebody has answered it.
    Before,
}

/// To whom something was asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) ceremony: Ceremony,
    /// Who is to have the passkey.
    pub(super) user: Option<UserId>,
    /// Which browser it was; `None` where there are no cookies to know it by.
    pub(super) browser: Option<&'a BrowserToken>,
}

const OPEN: PlaneSql = planes!(
    "INSERT INTO " p "_auth_flows \
    (id, realm_id, purpose, user_id, secret_hash, data, attempts, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)"
);
/// Of many who come with the same answer one gets it.
const TAKE: PlaneSql = planes!(
    "UPDATE " p "_auth_flows SET attempts = 1 WHERE realm_id = $1 AND purpose = $2 \
    AND secret_hash = $3 AND COALESCE(user_id, $4) = $5 AND expires_at > $6 AND attempts = 0 \
    RETURNING id, data"
);
const IS_KNOWN: PlaneSql = planes!(
    "SELECT id FROM " p "_auth_flows WHERE realm_id = $1 AND purpose = $2 \
    AND secret_hash = $3 AND COALESCE(user_id, $4) = $5 AND expires_at > $6"
);

/// How often somebody may ask from one place, whoever he is.
const QUESTIONS: Quota = Quota::new(60, Duration::from_mins(1)).named("passkeys");

impl Asked<'_> {
    /// What the row is found by: whoever comes with the answer knows the
    /// challenge, and is the browser that was given it.
    fn secret_hash(&self, challenge: &[u8]) -> Value {
        let hash = Sha256::new().chain_update(self.ceremony.purpose());
        let hash = match self.browser {
            Some(token) => hash.chain_update([1]).chain_update(token.hash()),
            None => hash.chain_update([0]),
        };
        Value::Bytes(hash.chain_update(challenge).finalize().to_vec())
    }
}

impl<P: Plane> Auth<P> {
    /// Keeps what the answer will be held against, sealed: the challenge is in
    /// it. What is left is for the browser.
    pub(super) async fn ask(
        &self,
        asked: Asked<'_>,
        begun: Begun,
        request: &RequestInfo,
    ) -> Result<Json> {
        if let Some(limiter) = &self.inner.limiter {
            let key = RateKey::new("passkey questions").with(self.realm.id());
            let decision = limiter
                .take(&key.with_address(request.ip), QUESTIONS)
                .await?;
            decision.check()?;
        }
        let (id, now, purpose) = (
            self.inner.ids.next_id(),
            self.now(),
            asked.ceremony.purpose(),
        );
        let state = begun.state.as_bytes();
        let sealed = self.sealer()?.seal(purpose, id.as_bytes(), state)?;
        let params = vec![
            id.into(),
            self.realm.into(),
            purpose.into(),
            asked.user.map_or(Value::Null, Value::from),
            asked.secret_hash(&begun.challenge),
            sealed.into(),
            now.into(),
            later(now, CHALLENGE_LIFETIME).into(),
        ];
        let batch = Batch::new()
            .step(sweep::<P>(now))
            .step(Step::new(Statement::new(OPEN.of::<P>(), params)));
        self.apply(&NOBODY, batch).await?;
        Ok(begun.options)
    }

    /// Takes what an answer is to be held against, which nobody gets again.
    pub(super) async fn take_up(&self, asked: Asked<'_>, challenge: &[u8]) -> Result<Taken> {
        let (nobody, now) = (Uuid::nil(), self.now());
        let params = || {
            vec![
                self.realm.into(),
                asked.ceremony.purpose().into(),
                asked.secret_hash(challenge),
                nobody.into(),
                asked.user.map_or(nobody, UserId::uuid).into(),
                now.into(),
            ]
        };
        let take = Step::new(Statement::new(TAKE.of::<P>(), params()));
        let rows = self
            .apply_and_read(&NOBODY, Batch::new().step(take))
            .await?;
        if let Some(row) = rows.first() {
            let (id, purpose) = (row.uuid(0)?, asked.ceremony.purpose());
            let state = self.sealer()?.open(purpose, id.as_bytes(), row.text(1)?)?;
            let state = String::from_utf8(state.to_vec()).map_err(Error::internal)?;
            return Ok(Taken::Now(state));
        }
        let known = self.fetch(Statement::new(IS_KNOWN.of::<P>(), params()));
        match known.await?.first() {
            Some(_) => Ok(Taken::Before),
            None => Err(no_challenge()),
        }
    }
}
