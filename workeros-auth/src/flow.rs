//! What somebody began, and only he can finish: by the link or the code that
//! was mailed to him, or by his second factor.

use std::time::Duration;

use uuid::Uuid;
use workeros_core::{
    Cost, Error, ErrorKind, Expect, Result, Statement, Step, Timestamp, UserId, Value,
};

use crate::changes::SecretHash;
use crate::plane::{PlaneSql, planes};
use crate::refusal::{INVALID_TOKEN, invalid_token};
use crate::session::later;
use crate::{Auth, EmailAddress, LinkToken, Plane, Realm};

mod code;
mod entry;

pub use entry::Arrival;
pub(crate) use entry::{EntryFlow, NewEntryFlow};

/// What a flow is for. What proves one is of no use for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    VerifyEmail,
    ResetPassword,
    MagicLink,
    SignInCode,
    VerifyEmailCode,
    ResetPasswordCode,
    SecondFactor,
    Invite,
    OrganizationInvite,
    ApproveNewEmail,
    ConfirmNewEmail,
}

impl Purpose {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-email",
            Self::ResetPassword => "reset-password",
            Self::MagicLink => "magic-link",
            Self::SignInCode => "sign-in-code",
            Self::VerifyEmailCode => "verify-email-code",
            Self::ResetPasswordCode => "reset-password-code",
            Self::SecondFactor => "second-factor",
            Self::Invite => "invite",
            Self::OrganizationInvite => "organization-invite",
            Self::ApproveNewEmail => "approve-new-email",
            Self::ConfirmNewEmail => "confirm-new-email",
        }
    }

    /// As the mails say.
    pub(crate) const fn lifetime(self) -> Duration {
        match self {
            Self::VerifyEmail => Duration::from_hours(24),
            Self::Invite | Self::OrganizationInvite => Duration::from_hours(7 * 24),
            Self::ResetPassword | Self::ApproveNewEmail | Self::ConfirmNewEmail => {
                Duration::from_hours(1)
            }
            Self::MagicLink | Self::SecondFactor => Duration::from_mins(10),
            Self::SignInCode | Self::VerifyEmailCode | Self::ResetPasswordCode => {
                Duration::from_mins(5)
            }
        }
    }

    /// Whether there is nothing to do where the address is verified.
    const fn is_for_unverified(self) -> bool {
        match self {
            Self::VerifyEmail | Self::VerifyEmailCode => true,
            Self::ResetPassword
            | Self::MagicLink
            | Self::SignInCode
            | Self::ResetPasswordCode
            | Self::SecondFactor
            | Self::Invite
            | Self::OrganizationInvite
            | Self::ApproveNewEmail
            | Self::ConfirmNewEmail => false,
        }
    }
}

/// There is one flow of a purpose for an address: the newest.
const OPEN: PlaneSql = planes!(
    "INSERT INTO " p "_auth_flows \
    (id, realm_id, purpose, user_id, address, secret_hash, attempts, created_at, expires_at) \
    SELECT $1, u.realm_id, $3, u.id, u.email, $4, 0, $5, $6 FROM " p "_users u \
    WHERE u.realm_id = $2 AND u.email = $7 AND NOT u.disabled AND NOT (u.email_verified AND $8) \
    ON CONFLICT (realm_id, purpose, address) DO UPDATE SET id = excluded.id, \
    user_id = excluded.user_id, secret_hash = excluded.secret_hash, attempts = 0, \
    created_at = excluded.created_at, expires_at = excluded.expires_at"
);
/// Only while the address is the user's.
const FIND: PlaneSql = planes!(
    "SELECT f.id, u.id, u.email FROM " p "_auth_flows f \
    JOIN " p "_users u ON u.id = f.user_id AND u.email = f.address \
    WHERE f.secret_hash = $1 AND f.realm_id = $2 AND f.purpose = $3 AND f.expires_at > $4 \
    AND NOT u.disabled"
);
const CONSUME: PlaneSql = planes!(
    "DELETE FROM " p "_auth_flows \
    WHERE id = $1 AND realm_id = $2 AND purpose = $3 AND secret_hash = $4 AND expires_at > $5"
);
const END: PlaneSql = planes!(
    "DELETE FROM " p "_auth_flows WHERE realm_id = $1 AND purpose = $2 AND user_id = $3"
);
const END_ALL: PlaneSql = planes!("DELETE FROM " p "_auth_flows WHERE user_id = $1");
const SWEEP: PlaneSql = planes!("DELETE FROM " p "_auth_flows WHERE expires_at <= $1");

/// A flow that is about to be opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewFlow {
    pub(crate) id: Uuid,
    pub(crate) realm: Realm,
    pub(crate) purpose: Purpose,
    pub(crate) now: Timestamp,
}

impl NewFlow {
    /// Opens it for the user of an address, if there is one that can make use
    /// of it, and ends the one before. It is as much work if there is none.
    pub(crate) fn open<P: Plane>(self, address: &EmailAddress, secret_hash: SecretHash) -> Step {
        let params = vec![
            self.id.into(),
            self.realm.into(),
            self.purpose.name().into(),
            Value::Bytes(secret_hash.to_vec()),
            self.now.into(),
            later(self.now, self.purpose.lifetime()).into(),
            address.as_str().into(),
            self.purpose.is_for_unverified().into(),
        ];
        Step::new(Statement::new(OPEN.of::<P>(), params))
    }
}

/// A flow whose link or code was presented, with the user it is of.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) user: UserId,
    pub(crate) address: EmailAddress,
    pub(crate) key: FlowKey,
}

/// What a flow is used up by.
#[derive(Debug, Clone)]
pub(crate) struct FlowKey {
    realm: Realm,
    purpose: Purpose,
    id: Uuid,
    secret_hash: SecretHash,
}

impl FlowKey {
    pub(crate) fn new(realm: Realm, purpose: Purpose, id: Uuid, secret_hash: SecretHash) -> Self {
        Self {
            realm,
            purpose,
            id,
            secret_hash,
        }
    }

    fn read(realm: Realm, purpose: Purpose, id: Uuid, secret_hash: &[u8]) -> Result<Self> {
        let secret_hash = secret_hash.try_into().map_err(Error::internal)?;
        Ok(Self::new(realm, purpose, id, secret_hash))
    }

    /// Ends it. Of several batches that begin with this step one is applied;
    /// the others are [`Gone`](ErrorKind::Gone).
    pub(crate) fn consume<P: Plane>(&self, now: Timestamp) -> Step {
        let params = vec![
            self.id.into(),
            self.realm.into(),
            self.purpose.name().into(),
            Value::Bytes(self.secret_hash.to_vec()),
            now.into(),
        ];
        Step::new(Statement::new(CONSUME.of::<P>(), params)).expect(
            Expect::One,
            ErrorKind::Gone,
            INVALID_TOKEN,
        )
    }
}

impl<P: Plane> Auth<P> {
    /// The flow of a link that still holds.
    pub(crate) async fn find_flow(&self, purpose: Purpose, token: &LinkToken) -> Result<Flow> {
        let secret_hash = token.hash();
        let params = vec![
            Value::Bytes(secret_hash.to_vec()),
            self.realm.into(),
            purpose.name().into(),
            self.now().into(),
        ];
        let statement = Statement::new(FIND.of::<P>(), params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let row = rows.first().ok_or_else(invalid_token)?;
        Ok(Flow {
            user: UserId::new(row.uuid(1)?),
            address: EmailAddress::parse(row.text(2)?).map_err(Error::internal)?,
            key: FlowKey::new(self.realm, purpose, row.uuid(0)?, secret_hash),
        })
    }
}

/// Ends what a user has open of a purpose.
fn end<P: Plane>(realm: Realm, purpose: Purpose, user: UserId) -> Step {
    let params = vec![realm.into(), purpose.name().into(), user.into()];
    Step::new(Statement::new(END.of::<P>(), params))
}

/// Ends what a user has open that a password opened, or would open.
pub(crate) fn end_of_password<P: Plane>(realm: Realm, user: UserId) -> [Step; 3] {
    [
        Purpose::ResetPassword,
        Purpose::ResetPasswordCode,
        Purpose::SecondFactor,
    ]
    .map(|purpose| end::<P>(realm, purpose, user))
}

/// Ends all that a user has begun, and what he has invited others by.
pub(crate) fn end_all<P: Plane>(user: UserId) -> Step {
    Step::new(Statement::new(END_ALL.of::<P>(), vec![user.into()]))
}

/// Drops what nobody finished.
pub(crate) fn sweep<P: Plane>(now: Timestamp) -> Step {
    Step::new(Statement::new(SWEEP.of::<P>(), vec![now.into()]))
}
