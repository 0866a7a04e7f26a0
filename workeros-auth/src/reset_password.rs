use workeros_core::{Batch, ErrorKind, Expect, Result, Statement, Step};

use crate::activity::{ActivityKind, NewActivity};
use crate::changes::Affected;
use crate::claim::drop_unproven;
use crate::door::Door;
use crate::flow::{Flow, Purpose, end_of_password};
use crate::news::News;
use crate::plane::{PlaneSql, planes};
use crate::refusal::{INVALID_TOKEN, used_up};
use crate::session::end_all;
use crate::{Auth, EmailAddress, LinkToken, Password, Plane, RequestInfo};

/// Whoever has the link reads mail at the address.
const SET: PlaneSql = planes!(
    "UPDATE " p "_users SET password_hash = $1, guest_id = NULL, email_verified = $2, \
    updated_at = $3 \
    WHERE id = $4 AND email = $5 AND NOT disabled"
);

impl<P: Plane> Auth<P> {
    /// Mails a link by which a user can choose a new password, for one hour.
    /// `link` makes the URL of it. It ends the one mailed before. Nothing tells
    /// whether there is such a user, or whether a mail was held back: there
    /// are at most one in 30 seconds and five an hour to one address, and 20
    /// an hour for one client.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](ErrorKind::Unsupported) without
    /// [mail](crate::AuthBuilder::with_mailer).
    pub async fn request_password_reset(
        &self,
        email: &EmailAddress,
        request: &RequestInfo,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<()> {
        let passed = self.pass(Door::PasswordReset, request).await?;
        self.mail_link(Purpose::ResetPassword, email, request, passed, link)
            .await
    }

    /// Checks a link without using it up.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](ErrorKind::BadRequest) with code `INVALID_TOKEN` when it
    /// does not hold, or no longer.
    pub async fn check_password_reset(&self, token: &LinkToken) -> Result<()> {
        self.find_flow(Purpose::ResetPassword, token)
            .await
            .map(drop)
    }

    /// Sets a new password by a link, once. All sessions of the user end, and his
    /// API keys where the [settings](crate::RealmSettings::reset_revokes_keys)
    /// say so. If
    /// its address was not verified before, which it is from now on, so does
    /// whatever else was made to sign in by: keys, passkeys, accounts
    /// elsewhere, a second factor.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](ErrorKind::BadRequest) with code `INVALID_TOKEN` when
    ///   the link does not hold, or no longer.
    /// * [`Validation`](ErrorKind::Validation) with code `PASSWORD_TOO_SHORT`
    ///   or `PASSWORD_COMMON` at `/password`. The link still holds then.
    /// * [`Unavailable`](ErrorKind::Unavailable) when too many passwords are
    ///   being checked.
    pub async fn reset_password(&self, token: &LinkToken, new: &Password) -> Result<()> {
        let flow = self.find_flow(Purpose::ResetPassword, token).await?;
        self.check_new_password(new, &flow.address)?;
        self.set_password(&flow, new).await.map_err(used_up)
    }

    /// Sets a password that was checked, and uses the flow up.
    pub(crate) async fn set_password(&self, flow: &Flow, new: &Password) -> Result<()> {
        let hash = self.inner.hasher.hash(new).await?;
        let (user, now) = (flow.user, self.now());
        let params = vec![
            hash.into(),
            true.into(),
            now.into(),
            user.into(),
            flow.address.as_str().into(),
        ];
        let set = Step::new(Statement::new(SET.of::<P>(), params));
        let mut batch = Batch::new().step(flow.key.consume::<P>(now));
        batch.extend(drop_unproven::<P>(user, now));
        batch.push(set.expect(Expect::One, ErrorKind::Gone, INVALID_TOKEN));
        batch.push(end_all::<P>(user));
        batch.extend(P::reset(&self.settings, user, now));
        batch.push(self.note_activity(NewActivity::new(ActivityKind::PasswordReset).about(user)));
        batch.extend(self.tell(user, News::PasswordChanged)?);
        batch.extend(end_of_password::<P>(self.realm, user));
        self.apply(&[Affected::User(user)], batch).await?;
        self.forgive(flow.address.as_str()).await;
        Ok(())
    }
}
