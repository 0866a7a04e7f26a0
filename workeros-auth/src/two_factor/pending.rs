//! A sign-in that waits for its second factor.

use std::time::Duration;

use workeros_core::{Batch, Error, ErrorKind, Expect, Result, Statement, Step, UserId, Value};

use super::SecondFactor;
use super::refusal::nothing_pending;
use crate::changes::NOBODY;
use crate::flow::{FlowKey, Purpose};
use crate::plane::{PlaneSql, planes};
use crate::refusal::INVALID_LOGIN;
use crate::session::later;
use crate::token::random_token;
use crate::{Auth, Plane, RequestInfo, SignedIn};

random_token!(
    /// What proves that somebody has shown his first factor. It opens nothing by
    /// itself.
    PendingToken,
    "the one who signs in"
);

impl PendingToken {
    /// How long a sign-in waits.
    pub const LIFETIME: Duration = Purpose::SecondFactor.lifetime();

    /// Reads a token.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](ErrorKind::Unauthorized) with code
    /// `INVALID_TWO_FACTOR_COOKIE` when it cannot be one.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(nothing_pending)
    }
}

/// So many factors are tried for one sign-in.
const BUDGET: i64 = 5;

/// A user may have several: he signs in on two devices at once. Only while he
/// is as he was when his password was checked, if it was.
const OPEN: PlaneSql = planes!(
    "INSERT INTO " p "_auth_flows \
    (id, realm_id, purpose, user_id, secret_hash, attempts, created_at, expires_at) \
    SELECT $1, u.realm_id, $2, u.id, $3, 0, $4, $5 FROM " p "_users u \
    WHERE u.id = $6 AND u.realm_id = $7 AND NOT u.disabled \
    AND (u.password_hash = $8 OR $9)"
);
/// However many come at once, so many get the row.
const TRY: PlaneSql = planes!(
    "UPDATE " p "_auth_flows SET attempts = attempts + 1 \
    WHERE realm_id = $1 AND purpose = $2 AND secret_hash = $3 AND attempts < $4 \
    AND expires_at > $5 RETURNING id, user_id"
);

impl<P: Plane> Auth<P> {
    /// Makes what a sign-in waits by, for ten minutes, and the step that keeps
    /// it.
    pub(crate) fn open_pending(
        &self,
        user: UserId,
        password_hash: Option<&str>,
    ) -> Result<(PendingToken, Step)> {
        let token = PendingToken::generate(self.inner.random.as_ref())?;
        let (now, purpose) = (self.now(), Purpose::SecondFactor);
        let params = vec![
            self.inner.ids.next_id().into(),
            purpose.name().into(),
            Value::Bytes(token.hash().to_vec()),
            now.into(),
            later(now, purpose.lifetime()).into(),
            user.into(),
            self.realm.into(),
            password_hash.into(),
            password_hash.is_none().into(),
        ];
        let step = Step::new(Statement::new(OPEN.of::<P>(), params));
        let step = step.expect(Expect::One, ErrorKind::Unauthorized, INVALID_LOGIN);
        Ok((token, step))
    }

    /// Signs somebody in who had shown his first factor, by his second: once,
    /// and within ten minutes and five attempts.
    ///
    /// # Errors
    ///
    /// * [`Unauthorized`](ErrorKind::Unauthorized) with code
    ///   `INVALID_TWO_FACTOR_COOKIE` when nothing waits by this token, or no
    ///   longer: he has to begin anew.
    /// * As [`show_second_factor`](Self::show_second_factor).
    pub async fn finish_sign_in(
        &self,
        token: &PendingToken,
        factor: &SecondFactor,
        request: &RequestInfo,
    ) -> Result<SignedIn<P>> {
        let (key, user) = self.try_pending(token).await?;
        let user = self.find_user(user).await.map_err(gone)?;
        let mut proof = vec![key.consume::<P>(self.now())];
        proof.extend(self.use_second_factor(&user, factor, request).await?);
        self.renew_session(user, proof, request).await
    }

    async fn try_pending(&self, token: &PendingToken) -> Result<(FlowKey, UserId)> {
        let (hash, purpose) = (token.hash(), Purpose::SecondFactor);
        let params = vec![
            self.realm.into(),
            purpose.name().into(),
            Value::Bytes(hash.to_vec()),
            BUDGET.into(),
            self.now().into(),
        ];
        let counted = Step::new(Statement::new(TRY.of::<P>(), params));
        let rows = self
            .apply_and_read(&NOBODY, Batch::new().step(counted))
            .await?;
        let row = rows.first().ok_or_else(nothing_pending)?;
        let key = FlowKey::new(self.realm, purpose, row.uuid(0)?, hash);
        Ok((key, UserId::new(row.uuid(1)?)))
    }
}

/// Whoever was disabled or deleted meanwhile has nothing pending.
fn gone(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => nothing_pending(),
        _ => error,
    }
}
