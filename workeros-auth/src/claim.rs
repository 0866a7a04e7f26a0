//! What of an account is whoever's who made it, and not the owner's of the
//! address.
//!
//! Somebody may sign up with an address that is not his, and leave a password, a
//! session, a second factor or a key to come back by. When the owner of the
//! address shows himself for the first time, all of that goes.

use workeros_core::{Statement, Step, Timestamp, UserId};

use crate::Plane;
use crate::plane::{PlaneSql, planes};

/// One statement for each table with something that opens an account, or keeps
/// its owner out. It does nothing once the address is verified.
const UNPROVEN: [PlaneSql; 6] = [
    planes!("DELETE FROM " p "_sessions WHERE user_id = $1 \
        AND EXISTS (SELECT 1 FROM " p "_users u WHERE u.id = $1 AND NOT u.email_verified)"),
    planes!("DELETE FROM " p "_auth_flows WHERE user_id = $1 \
        AND EXISTS (SELECT 1 FROM " p "_users u WHERE u.id = $1 AND NOT u.email_verified)"),
    planes!("DELETE FROM " p "_two_factor WHERE user_id = $1 \
        AND EXISTS (SELECT 1 FROM " p "_users u WHERE u.id = $1 AND NOT u.email_verified)"),
    planes!("DELETE FROM " p "_passkeys WHERE user_id = $1 \
        AND EXISTS (SELECT 1 FROM " p "_users u WHERE u.id = $1 AND NOT u.email_verified)"),
    planes!("DELETE FROM " p "_accounts WHERE user_id = $1 \
        AND EXISTS (SELECT 1 FROM " p "_users u WHERE u.id = $1 AND NOT u.email_verified)"),
    planes!("DELETE FROM " p "_backup_codes WHERE user_id = $1 \
        AND EXISTS (SELECT 1 FROM " p "_users u WHERE u.id = $1 AND NOT u.email_verified)"),
];
const VERIFY: PlaneSql = planes!(
    "UPDATE " p "_users SET password_hash = NULL, guest_id = NULL, email_verified = $1, \
    updated_at = $2 \
    WHERE id = $3 AND NOT email_verified"
);

/// Takes away what a user whose address was never verified could act by, but
/// for its password.
pub(crate) fn drop_unproven<P: Plane>(user: UserId, now: Timestamp) -> Vec<Step> {
    let mut steps = P::distrust(user, now);
    let drop = |sql: PlaneSql| Step::new(Statement::new(sql.of::<P>(), vec![user.into()]));
    steps.extend(UNPROVEN.map(drop));
    steps
}

/// Hands an account over to whoever has shown that he reads mail at its
/// address, if nobody had before.
pub(crate) fn claim<P: Plane>(user: UserId, now: Timestamp) -> Vec<Step> {
    let mut steps = drop_unproven::<P>(user, now);
    let params = vec![true.into(), now.into(), user.into()];
    steps.push(Step::new(Statement::new(VERIFY.of::<P>(), params)));
    steps
}
