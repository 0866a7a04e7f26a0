//! What somebody began, and only he can finish: by the link that was mailed to
//! him.

use std::time::Duration;

use uuid::Uuid;
use workeros_core::{
    Cost, Error, ErrorKind, Expect, Result, Statement, Step, Timestamp, UserId, Value,
};

use crate::changes::SecretHash;
use crate::refusal::{INVALID_TOKEN, invalid_token};
use crate::session::later;
use crate::{Auth, EmailAddress, LinkToken};

/// What a flow is for. The link of one is of no use for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    VerifyEmail,
    ResetPassword,
}

impl Purpose {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-email",
            Self::ResetPassword => "reset-password",
        }
    }

    /// As the mails say.
    pub(crate) const fn lifetime(self) -> Duration {
        match self {
            Self::VerifyEmail => Duration::from_hours(24),
            Self::ResetPassword => Duration::from_hours(1),
        }
    }

    /// Whether there is nothing to do where the address is verified.
    const fn is_for_unverified(self) -> bool {
        match self {
            Self::VerifyEmail => true,
            Self::ResetPassword => false,
        }
    }
}

/// Whose users they are: the instance's.
const REALM: Uuid = Uuid::nil();

/// There is one flow of a purpose for an address: the newest.
const OPEN: &str = "INSERT INTO workeros_auth_flows \
    (id, realm_id, purpose, user_id, address, secret_hash, created_at, expires_at) \
    SELECT $1, $2, $3, u.id, u.email, $4, $5, $6 FROM workeros_users u \
    WHERE u.email = $7 AND NOT u.disabled AND NOT (u.email_verified AND $8) \
    ON CONFLICT (realm_id, purpose, address) DO UPDATE SET id = excluded.id, \
    user_id = excluded.user_id, secret_hash = excluded.secret_hash, \
    created_at = excluded.created_at, expires_at = excluded.expires_at";
/// Only while the address is the user's.
const FIND: &str = "SELECT f.id, u.id, u.email FROM workeros_auth_flows f \
    JOIN workeros_users u ON u.id = f.user_id AND u.email = f.address \
    WHERE f.secret_hash = $1 AND f.realm_id = $2 AND f.purpose = $3 AND f.expires_at > $4 \
    AND NOT u.disabled";
const CONSUME: &str = "DELETE FROM workeros_auth_flows \
    WHERE id = $1 AND realm_id = $2 AND purpose = $3 AND secret_hash = $4 AND expires_at > $5";
const END: &str = "DELETE FROM workeros_auth_flows \
    WHERE realm_id = $1 AND purpose = $2 AND user_id = $3";
const SWEEP: &str = "DELETE FROM workeros_auth_flows WHERE expires_at <= $1";

/// A flow that is about to be opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewFlow {
    pub(crate) id: Uuid,
    pub(crate) purpose: Purpose,
    pub(crate) now: Timestamp,
}

impl NewFlow {
    /// Opens it for the user of an address, if there is one that can make use
    /// of it, and ends the one before. It is as much work if there is none.
    pub(crate) fn open(self, address: &EmailAddress, token: &LinkToken) -> Step {
        let params = vec![
            self.id.into(),
            REALM.into(),
            self.purpose.name().into(),
            Value::Bytes(token.hash().to_vec()),
            self.now.into(),
            later(self.now, self.purpose.lifetime()).into(),
            address.as_str().into(),
            self.purpose.is_for_unverified().into(),
        ];
        Step::new(Statement::new(OPEN, params))
    }
}

/// A flow whose link was presented, with the user it is of.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) user: UserId,
    pub(crate) address: EmailAddress,
    id: Uuid,
    purpose: Purpose,
    secret_hash: SecretHash,
}

impl Flow {
    /// Ends it. Of several batches that begin with this step one is applied;
    /// the others are [`Gone`](ErrorKind::Gone).
    pub(crate) fn consume(&self, now: Timestamp) -> Step {
        let params = vec![
            self.id.into(),
            REALM.into(),
            self.purpose.name().into(),
            Value::Bytes(self.secret_hash.to_vec()),
            now.into(),
        ];
        Step::new(Statement::new(CONSUME, params)).expect(
            Expect::One,
            ErrorKind::Gone,
            INVALID_TOKEN,
        )
    }
}

impl Auth {
    /// The flow of a link that still holds.
    pub(crate) async fn find_flow(&self, purpose: Purpose, token: &LinkToken) -> Result<Flow> {
        let secret_hash = token.hash();
        let params = vec![
            Value::Bytes(secret_hash.to_vec()),
            REALM.into(),
            purpose.name().into(),
            self.now().into(),
        ];
        let statement = Statement::new(FIND, params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let row = rows.first().ok_or_else(invalid_token)?;
        Ok(Flow {
            id: row.uuid(0)?,
            user: UserId::new(row.uuid(1)?),
            address: EmailAddress::parse(row.text(2)?).map_err(Error::internal)?,
            purpose,
            secret_hash,
        })
    }
}

/// Ends what a user has open of a purpose.
pub(crate) fn end(purpose: Purpose, user: UserId) -> Step {
    let params = vec![REALM.into(), purpose.name().into(), user.into()];
    Step::new(Statement::new(END, params))
}

/// Drops what nobody finished.
pub(crate) fn sweep(now: Timestamp) -> Step {
    Step::new(Statement::new(SWEEP, vec![now.into()]))
}
