//! That nobody loses his last way in.

use workeros_core::{Error, ErrorKind, Expect, Statement, Step, UserId};

use crate::plane::{PlaneSql, planes};
use crate::refusal::{LAST_METHOD, last_method};
use crate::{Auth, Plane};

/// Changes nothing, and keeps others from the user until the batch is over: of
/// two ways in that are taken away at once one stays.
const HOLD: PlaneSql =
    planes!("UPDATE " p "_users SET updated_at = updated_at WHERE realm_id = $1 AND id = $2");
/// Every table with something that a user can sign in by has a line here.
const LEFT: PlaneSql = planes!(
    "SELECT u.id FROM " p "_users u WHERE u.realm_id = $1 AND u.id = $2 AND (\
    u.password_hash IS NOT NULL \
    OR EXISTS (SELECT 1 FROM " p "_passkeys k WHERE k.user_id = u.id) \
    OR EXISTS (SELECT 1 FROM " p "_accounts a WHERE a.user_id = u.id))"
);

impl<P: Plane> Auth<P> {
    /// Takes a way in from a user by a statement that deletes one row. The batch
    /// fails as [`kept`] reads it: when there is no such row, and when nothing
    /// is left that he could sign in by.
    pub(crate) fn take_way_in(&self, user: UserId, delete: Statement) -> [Step; 3] {
        let params = || vec![self.realm.into(), user.into()];
        let hold = Step::new(Statement::new(HOLD.of::<P>(), params()));
        let left = Step::new(Statement::new(LEFT.of::<P>(), params()));
        [
            hold,
            Step::new(delete).expect(Expect::One, ErrorKind::NotFound, "not found"),
            left.expect(Expect::One, ErrorKind::Conflict, LAST_METHOD),
        ]
    }
}

/// Why a way in was not taken away; `missing` says that it was not there.
pub(crate) fn kept(error: Error, missing: impl FnOnce() -> Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => missing(),
        ErrorKind::Conflict => last_method(),
        _ => error,
    }
}
