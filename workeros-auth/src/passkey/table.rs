use workeros_core::{
    Cost, ErrorKind, Expect, PasskeyId, Result, Row, Statement, Step, Timestamp, UserId, Value,
};

use super::Passkey;
use super::assertion::Asserted;
use super::refusal::ASSERTION_FAILED;
use crate::plane::{PlaneSql, planes};
use crate::{Auth, DisplayName, Plane, User};

const LIST: PlaneSql = planes!(
    "SELECT id, user_id, name, credential_id, public_key, counter, backup_eligible, backed_up, \
    transports, model, created_at, last_used_at \
    FROM " p "_passkeys WHERE realm_id = $1 AND user_id = $2 ORDER BY id"
);
const FIND: PlaneSql = planes!(
    "SELECT k.id, k.user_id, k.name, k.credential_id, k.public_key, k.counter, \
    k.backup_eligible, k.backed_up, k.transports, k.model, k.created_at, k.last_used_at, \
    " user " FROM " p "_passkeys k JOIN " p "_users u ON u.id = k.user_id \
    WHERE k.realm_id = $1 AND k.credential_id = $2"
);
const INSERT: PlaneSql = planes!(
    "INSERT INTO " p "_passkeys (id, realm_id, user_id, name, credential_id, public_key, \
    counter, backup_eligible, backed_up, transports, model, created_at) \
    SELECT $1, u.realm_id, u.id, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM " p "_users u \
    WHERE u.realm_id = $11 AND u.id = $12 AND NOT u.disabled"
);
const RENAME: PlaneSql = planes!(
    "UPDATE " p "_passkeys SET name = $1 WHERE realm_id = $2 AND user_id = $3 AND id = $4 \
    RETURNING id, user_id, name, credential_id, public_key, counter, backup_eligible, \
    backed_up, transports, model, created_at, last_used_at"
);
/// Two answers that count the same cannot both be the device's.
const USE: PlaneSql = planes!(
    "UPDATE " p "_passkeys SET counter = $1, backed_up = $2, last_used_at = $3 \
    WHERE realm_id = $4 AND id = $5 AND (counter < $1 OR (counter = 0 AND $1 = 0))"
);
const DELETE: PlaneSql =
    planes!("DELETE FROM " p "_passkeys WHERE realm_id = $1 AND user_id = $2 AND id = $3");

/// Who has a passkey at most: more than anybody has devices.
pub(super) const MAX_PASSKEYS: usize = 50;

/// The statements on the passkeys of a realm.
impl<P: Plane> Auth<P> {
    pub(super) async fn list_passkeys(&self, user: UserId) -> Result<Vec<Passkey>> {
        let params = vec![self.realm.into(), user.into()];
        let rows = self.fetch(Statement::new(LIST.of::<P>(), params)).await?;
        rows.iter().map(Passkey::read).collect()
    }

    /// A passkey by what its device calls it, and whose it is.
    pub(super) async fn find_passkey(
        &self,
        credential_id: &[u8],
    ) -> Result<Option<(Passkey, User)>> {
        let params = vec![self.realm.into(), Value::Bytes(credential_id.to_vec())];
        let statement = Statement::new(FIND.of::<P>(), params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let read = |row: &Row| Ok((Passkey::read(row)?, User::read(row, 12)?));
        rows.first().map(read).transpose()
    }

    /// Stores a passkey of a user that is there and not disabled.
    pub(super) fn insert_passkey(&self, passkey: &Passkey) -> Step {
        let params = vec![
            passkey.id.into(),
            passkey.name.clone().into(),
            Value::Bytes(passkey.credential_id.clone()),
            Value::Bytes(passkey.public_key().to_vec()),
            i64::from(passkey.counter).into(),
            passkey.backup_eligible.into(),
            passkey.backed_up.into(),
            passkey.transports.join(",").into(),
            passkey.model.map_or(Value::Null, Value::Uuid),
            passkey.created_at.into(),
            self.realm.into(),
            passkey.user_id.into(),
        ];
        Step::new(Statement::new(INSERT.of::<P>(), params)).expect(
            Expect::One,
            ErrorKind::NotFound,
            "not found",
        )
    }

    pub(super) fn rename_step(&self, user: UserId, id: PasskeyId, name: DisplayName) -> Step {
        let params = vec![name.into(), self.realm.into(), user.into(), id.into()];
        Step::new(Statement::new(RENAME.of::<P>(), params)).expect(
            Expect::One,
            ErrorKind::NotFound,
            "not found",
        )
    }

    /// Notes that somebody signs in by it, as its device counts.
    pub(super) fn use_passkey(&self, id: PasskeyId, asserted: Asserted, now: Timestamp) -> Step {
        let params = vec![
            i64::from(asserted.counter).into(),
            asserted.backed_up.into(),
            now.into(),
            self.realm.into(),
            id.into(),
        ];
        Step::new(Statement::new(USE.of::<P>(), params)).expect(
            Expect::One,
            ErrorKind::Unauthorized,
            ASSERTION_FAILED,
        )
    }

    /// Deletes a passkey unless it is the last way in.
    pub(super) fn delete_steps(&self, user: UserId, id: PasskeyId) -> [Step; 3] {
        let params = vec![self.realm.into(), user.into(), id.into()];
        self.take_way_in(user, Statement::new(DELETE.of::<P>(), params))
    }
}
