//! What becomes of organizations when a user goes.

use workeros_core::{Expect, Statement, Step, UserId};

use super::refusal::LAST_OWNER;

/// All he is in, so that nobody leaves or joins meanwhile.
const LOCK: &str = "UPDATE app_organizations SET slug = slug WHERE id IN \
    (SELECT m.organization_id FROM app_organization_members m WHERE m.user_id = $1)";
/// The user, unless others would be left in an organization without an owner.
const NOT_SOLE_OWNER: &str = "SELECT u.id FROM app_users u WHERE u.id = $1 AND NOT EXISTS (\
    SELECT 1 FROM app_organization_members mine WHERE mine.user_id = u.id \
    AND mine.role = 'owner' AND EXISTS (\
    SELECT 1 FROM app_organization_members other \
    WHERE other.organization_id = mine.organization_id AND other.user_id <> u.id) \
    AND NOT EXISTS (\
    SELECT 1 FROM app_organization_members other JOIN app_users o ON o.id = other.user_id \
    WHERE other.organization_id = mine.organization_id AND other.role = 'owner' \
    AND other.user_id <> u.id AND NOT o.disabled))";
const DELETE_HIS_ALONE: &str = "DELETE FROM app_organizations WHERE id IN \
    (SELECT m.organization_id FROM app_organization_members m WHERE m.user_id = $1) \
    AND NOT EXISTS (SELECT 1 FROM app_organization_members other \
    WHERE other.organization_id = app_organizations.id AND other.user_id <> $1)";

const HAND_DOWN: &str = "UPDATE app_organization_members SET user_id = $1 WHERE user_id = $2";

/// Puts somebody in the place of another one who is in no organization himself.
pub(crate) fn hand_down(from: UserId, to: UserId) -> Step {
    Step::new(Statement::new(HAND_DOWN, vec![to.into(), from.into()]))
}

/// What goes with deleting an end user: the organizations that only he is in.
/// Fails when he is the last owner of one that others are in.
pub(crate) fn leave_behind(user: UserId) -> Vec<Step> {
    let of_him = |sql| Statement::new(sql, vec![user.into()]);
    vec![
        Step::new(of_him(LOCK)),
        LAST_OWNER.unless(Expect::One, of_him(NOT_SOLE_OWNER)),
        Step::new(of_him(DELETE_HIS_ALONE)),
    ]
}
