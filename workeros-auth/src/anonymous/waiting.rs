//! How an anonymous user gets an account where addresses must be verified: not by
//! signing up, since his session would tell whether the address was free, but once
//! he has shown that he is both who reads its mail and who signed up.
//!
//! Who signs up is a row of his own until then, which names the anonymous user. So
//! it can be verified, claimed and signed up for again like every other, and is as
//! much work. When somebody signs in to it by its password, after the address was
//! verified, the anonymous user takes its place and the row goes. Whoever only reads
//! the mail (it may be a mistyped address) does not know the password, and whoever
//! knows the password alone does not get in.

use workeros_core::{Cost, ErrorKind, Expect, Result, Statement, Step, UserId};

use super::promotion::forget;
use crate::activity::{ActivityKind, NewActivity};
use crate::admission::Admitted;
use crate::changes::Affected;
use crate::entry::{Entry, Method};
use crate::plane::{PlaneSql, planes};
use crate::session::end_all;
use crate::{Auth, EmailAddress, Plane, User};

const FIND: PlaneSql = planes!(
    "SELECT " user " FROM " p "_users u \
    WHERE u.id = $1 AND u.realm_id = $2 AND u.email = $3 AND NOT u.disabled"
);
/// Of many who do it at once one is first.
const TAKE: PlaneSql = planes!(
    "UPDATE " p "_users SET (name, password_hash, image, locale) = \
    (SELECT u.name, u.password_hash, u.image, u.locale FROM " p "_users u WHERE u.id = $1) \
    WHERE id = $2 AND realm_id = $3 AND email = $4 AND NOT disabled \
    AND EXISTS (SELECT 1 FROM " p "_users u WHERE u.id = $1 AND u.realm_id = $3 \
    AND u.email = $5 AND u.email_verified AND u.guest_id = $2 AND NOT u.disabled)"
);
const TAKE_ROLES: PlaneSql = planes!(
    "INSERT INTO " p "_user_roles (tenant_id, user_id, role) \
    SELECT r.tenant_id, $1, r.role FROM " p "_user_roles r WHERE r.user_id = $2 \
    ON CONFLICT DO NOTHING"
);
const DELETE: PlaneSql = planes!("DELETE FROM " p "_users WHERE id = $1 AND realm_id = $2");
const TAKE_ADDRESS: PlaneSql = planes!(
    "UPDATE " p "_users SET email = $1, email_verified = $2, updated_at = $3 WHERE id = $4"
);
const KEEP_APART: PlaneSql = planes!("UPDATE " p "_users SET guest_id = NULL WHERE id = $1");

impl Admitted {
    /// Somebody who has to show first that he reads mail at his address: an
    /// anonymous user stays what he is until then, beside another row.
    pub(crate) fn waiting<P: Plane>(self, auth: &Auth<P>) -> Self {
        match self.was_anonymous() {
            true => self.apart(UserId::new(auth.inner.ids.next_id())),
            false => self,
        }
    }
}

impl<P: Plane> Auth<P> {
    /// Lets somebody in as the anonymous user by whose session he signed up, if he
    /// has shown everything that takes; else the two are different users from now
    /// on, since he has signed in as the other one.
    pub(crate) async fn as_guest_before(&self, mut entry: Entry) -> Result<Entry> {
        let Some(guest) = entry.user.guest.take() else {
            return Ok(entry);
        };
        let is_he = entry.method == Method::Password && entry.user.email_verified;
        let guest = match is_he {
            true => self.find_guest(guest).await?,
            false => None,
        };
        match guest {
            Some(guest) => {
                entry.proof.extend(self.take_place(&guest, &entry.user));
                let both = [guest.id, entry.user.id].map(Affected::User);
                entry.affected.extend(both);
                entry.user.id = guest.id;
                entry.user.created_at = guest.created_at;
                entry.user.updated_at = self.now();
            }
            None => entry.proof.push(keep_apart::<P>(entry.user.id)),
        }
        Ok(entry)
    }

    async fn find_guest(&self, guest: UserId) -> Result<Option<User>> {
        let address = EmailAddress::of_guest(guest);
        let params = vec![guest.into(), self.realm.into(), address.into()];
        let statement = Statement::new(FIND.of::<P>(), params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        rows.first().map(|row| User::read(row, 0)).transpose()
    }

    /// The steps by which an anonymous user becomes the one who signed up by his
    /// session. That session ends like every other: others may know it.
    fn take_place(&self, guest: &User, user: &User) -> Vec<Step> {
        let now = self.now();
        let take = vec![
            user.id.into(),
            guest.id.into(),
            self.realm.into(),
            guest.email.clone().into(),
            user.email.clone().into(),
        ];
        let address = vec![
            user.email.clone().into(),
            true.into(),
            now.into(),
            guest.id.into(),
        ];
        let roles = vec![guest.id.into(), user.id.into()];
        let promoted = NewActivity::new(ActivityKind::SignUp)
            .about(guest.id)
            .with("was_anonymous", true)
            .with("signed_up_as", user.id.to_string());
        let step = |sql: PlaneSql, params| Step::new(Statement::new(sql.of::<P>(), params));
        let overtaken = "the anonymous user is gone, or has an account by now; sign in again";
        let mut steps = vec![
            step(TAKE, take).expect(Expect::One, ErrorKind::Conflict, overtaken),
            step(TAKE_ROLES, roles),
        ];
        steps.extend(P::hand_down(user.id, guest.id));
        steps.push(step(DELETE, vec![user.id.into(), self.realm.into()]));
        steps.push(step(TAKE_ADDRESS, address));
        steps.push(forget::<P>(guest.id));
        steps.push(end_all::<P>(guest.id));
        steps.push(self.note_activity(promoted));
        steps
    }
}

/// Says that a user is another one than the anonymous one by whose session he
/// signed up.
pub(crate) fn keep_apart<P: Plane>(user: UserId) -> Step {
    Step::new(Statement::new(KEEP_APART.of::<P>(), vec![user.into()]))
}
