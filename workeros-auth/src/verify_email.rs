use workeros_core::{Batch, ErrorKind, Expect, Result, Statement, Step, Timestamp, UserId};

use crate::activity::{ActivityKind, NewActivity};
use crate::changes::Affected;
use crate::door::Door;
use crate::flow::{Flow, Purpose};
use crate::plane::{PlaneSql, planes};
use crate::refusal::{INVALID_TOKEN, used_up};
use crate::{Auth, EmailAddress, LinkToken, Plane, RequestInfo};

const SET: PlaneSql = planes!(
    "UPDATE " p "_users SET email_verified = $1, updated_at = $2 \
    WHERE id = $3 AND email = $4 AND NOT disabled"
);

/// Notes an address as verified, as long as it is the user's.
pub(crate) fn verified<P: Plane>(user: UserId, address: &str, now: Timestamp) -> Statement {
    let params = vec![true.into(), now.into(), user.into(), address.into()];
    Statement::new(SET.of::<P>(), params)
}

impl<P: Plane> Auth<P> {
    /// Mails a link by which a user shows that it reads mail at its address,
    /// for one day. As
    /// [`request_password_reset`](Self::request_password_reset), also in what
    /// it does not tell; nothing is sent to an address that is verified.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](ErrorKind::Unsupported) without
    /// [mail](crate::AuthBuilder::with_mailer).
    pub async fn send_verification_email(
        &self,
        email: &EmailAddress,
        request: &RequestInfo,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<()> {
        let passed = self.pass(Door::VerificationEmail, request).await?;
        self.mail_link(Purpose::VerifyEmail, email, request, passed, link)
            .await
    }

    /// Notes an address as verified by a link, once.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](ErrorKind::BadRequest) with code `INVALID_TOKEN` when the
    /// link does not hold, or no longer.
    pub async fn verify_email(&self, token: &LinkToken) -> Result<()> {
        let flow = self.find_flow(Purpose::VerifyEmail, token).await?;
        self.set_verified(&flow).await.map_err(used_up)
    }

    /// Notes an address as verified, and uses the flow up.
    pub(crate) async fn set_verified(&self, flow: &Flow) -> Result<()> {
        let (user, now) = (flow.user, self.now());
        let set = Step::new(verified::<P>(user, flow.address.as_str(), now));
        let batch = Batch::new()
            .step(flow.key.consume::<P>(now))
            .step(set.expect(Expect::One, ErrorKind::Gone, INVALID_TOKEN))
            .step(self.note_activity(NewActivity::new(ActivityKind::EmailVerified).about(user)));
        self.apply(&[Affected::User(user)], batch).await
    }
}
