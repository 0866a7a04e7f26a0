//! Flows that a mailed code proves, and how often one may be guessed at.

use workeros_core::{Batch, Result, Statement, Step, UserId, Value};

use super::{EntryFlow, Flow, FlowKey, Purpose};
use crate::changes::NOBODY;
use crate::code::{CodeKeys, CodeScope};
use crate::plane::{PlaneSql, planes};
use crate::refusal::invalid_otp;
use crate::{Auth, EmailAddress, OneTimeCode, Plane};

/// How many codes are compared with the one that was mailed. After that it is
/// of no use to anybody.
const BUDGET: i64 = 3;

/// However many come at once, so many get the row.
const TRY: PlaneSql = planes!(
    "UPDATE " p "_auth_flows SET attempts = attempts + 1 \
    WHERE realm_id = $1 AND purpose = $2 AND address = $3 AND attempts < $4 AND expires_at > $5 \
    RETURNING id, user_id, secret_hash"
);
/// Whoever knows the code has not guessed.
const GIVE_BACK: PlaneSql = planes!(
    "UPDATE " p "_auth_flows SET attempts = attempts - 1 \
    WHERE id = $1 AND realm_id = $2 AND secret_hash = $3 AND attempts > 0"
);

impl<P: Plane> Auth<P> {
    /// What is stored in the place of a code.
    pub(crate) fn tag_code(
        &self,
        purpose: Purpose,
        address: &EmailAddress,
        code: &OneTimeCode,
    ) -> Result<[u8; 32]> {
        let keys = CodeKeys::new(self.secret()?);
        Ok(keys.tag(self.code_scope(purpose, address), code))
    }

    /// The flow of a code that was mailed to a user.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code
    /// `INVALID_OTP`, the same for a wrong code and where there is none.
    pub(crate) async fn try_code(
        &self,
        purpose: Purpose,
        address: &EmailAddress,
        code: &OneTimeCode,
    ) -> Result<Flow> {
        let (key, user) = self.compare(purpose, address, code).await?;
        Ok(Flow {
            user: user.ok_or_else(invalid_otp)?,
            address: address.clone(),
            key,
        })
    }

    /// The flow of a code that was mailed to sign in by. Otherwise as
    /// [`try_code`](Self::try_code).
    pub(crate) async fn try_entry_code(
        &self,
        address: &EmailAddress,
        code: &OneTimeCode,
    ) -> Result<EntryFlow> {
        let purpose = Purpose::SignInCode;
        let (key, _) = self.compare(purpose, address, code).await?;
        let found = self.find_entry(purpose, &key.secret_hash).await?;
        found.ok_or_else(invalid_otp)
    }

    /// Says whether a code holds, and leaves it and the guesses there are.
    ///
    /// # Errors
    ///
    /// As [`try_code`](Self::try_code).
    pub(crate) async fn peek_code(
        &self,
        purpose: Purpose,
        address: &EmailAddress,
        code: &OneTimeCode,
    ) -> Result<()> {
        let (key, _) = self.compare(purpose, address, code).await?;
        let hash = Value::Bytes(key.secret_hash.to_vec());
        let params = vec![key.id.into(), self.realm.into(), hash];
        let step = Step::new(Statement::new(GIVE_BACK.of::<P>(), params));
        self.apply(&NOBODY, Batch::new().step(step)).await
    }

    /// Compares a code with the one that was mailed. The attempt is counted
    /// before; beyond the budget none is compared.
    async fn compare(
        &self,
        purpose: Purpose,
        address: &EmailAddress,
        code: &OneTimeCode,
    ) -> Result<(FlowKey, Option<UserId>)> {
        let params = vec![
            self.realm.into(),
            purpose.name().into(),
            address.as_str().into(),
            BUDGET.into(),
            self.now().into(),
        ];
        let counted = Step::new(Statement::new(TRY.of::<P>(), params));
        let rows = self
            .apply_and_read(&NOBODY, Batch::new().step(counted))
            .await?;
        let row = rows.first().ok_or_else(invalid_otp)?;
        let key = FlowKey::read(self.realm, purpose, row.uuid(0)?, row.bytes(2)?)?;
        let keys = CodeKeys::new(self.secret()?);
        if !keys.verify(self.code_scope(purpose, address), code, &key.secret_hash) {
            return Err(invalid_otp());
        }
        let user = (!row.is_null(1)).then(|| row.uuid(1)).transpose()?;
        Ok((key, user.map(UserId::new)))
    }

    fn code_scope<'a>(&self, purpose: Purpose, address: &'a EmailAddress) -> CodeScope<'a> {
        CodeScope {
            realm: self.realm.id(),
            purpose: purpose.name(),
            address: address.as_str(),
        }
    }
}
