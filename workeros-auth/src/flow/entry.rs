//! Flows by which somebody signs in who shows that he reads mail at an address,
//! also somebody who is no user yet.

use uuid::Uuid;
use workeros_core::{Cost, Error, ErrorKind, Result, Row, Statement, Step, Value};

use super::{FlowKey, Purpose};
use crate::changes::SecretHash;
use crate::claim::claim;
use crate::door::Passed;
use crate::entry::{Entry, Method};
use crate::hooks::UserOrigin;
use crate::invitation::outdated;
use crate::plane::{PlaneSql, planes};
use crate::refusal::taken_email;
use crate::session::later;
use crate::{Auth, DisplayName, EmailAddress, Entered, Plane, Platform, Realm, RequestInfo, User};

/// As `flow::OPEN`, and for an address that nobody has if `$8`, or if `$10` and it
/// was invited. The data is what to call him if he is new.
const OPEN: PlaneSql = planes!(
    "INSERT INTO " p "_auth_flows \
    (id, realm_id, purpose, user_id, address, data, secret_hash, attempts, created_at, expires_at) \
    SELECT $1, $2, $3, u.id, $7, $9, $4, 0, $5, $6 \
    FROM (SELECT 1 AS nobody) n LEFT JOIN " p "_users u ON u.realm_id = $2 AND u.email = $7 \
    WHERE (u.id IS NOT NULL OR $8 OR ($10 AND EXISTS (SELECT 1 FROM " p "_auth_flows i \
    WHERE i.realm_id = $2 AND i.purpose = $11 AND i.address = $7 AND i.expires_at > $5))) \
    AND u.disabled IS NOT TRUE \
    ON CONFLICT (realm_id, purpose, address) DO UPDATE SET id = excluded.id, \
    user_id = excluded.user_id, data = excluded.data, secret_hash = excluded.secret_hash, \
    attempts = 0, created_at = excluded.created_at, expires_at = excluded.expires_at"
);
/// With who has the address now, if that is whom it was opened for.
const FIND: PlaneSql = planes!(
    "SELECT " user ", f.id, f.address, f.data, f.secret_hash \
    FROM " p "_auth_flows f \
    LEFT JOIN " p "_users u ON u.realm_id = f.realm_id AND u.email = f.address \
    WHERE f.secret_hash = $1 AND f.realm_id = $2 AND f.purpose = $3 AND f.expires_at > $4 \
    AND u.disabled IS NOT TRUE AND (f.user_id IS NULL OR f.user_id = u.id)"
);

/// Where what stands in the flow begins.
const FLOW: usize = User::COLUMNS;

/// A flow that is about to be opened.
#[derive(Debug)]
pub(crate) struct NewEntryFlow<'a> {
    pub(crate) id: Uuid,
    pub(crate) purpose: Purpose,
    pub(crate) address: &'a EmailAddress,
    /// What to call him if he is new.
    pub(crate) name: Option<&'a DisplayName>,
    pub(crate) secret_hash: SecretHash,
}

/// A flow whose secret was presented.
#[derive(Debug)]
pub(crate) struct EntryFlow {
    pub(crate) address: EmailAddress,
    /// What to call him if he is new.
    pub(crate) name: DisplayName,
    /// Who has the address.
    user: Option<User>,
    key: FlowKey,
}

impl EntryFlow {
    fn read(row: &Row, realm: Realm, purpose: Purpose) -> Result<Self> {
        let user = (!row.is_null(0)).then(|| User::read(row, 0)).transpose()?;
        let name = DisplayName::parse(row.optional_text(FLOW + 2)?.unwrap_or_default());
        Ok(Self {
            address: EmailAddress::parse(row.text(FLOW + 1)?).map_err(Error::internal)?,
            name: name.map_err(Error::internal)?,
            user,
            key: FlowKey::read(realm, purpose, row.uuid(FLOW)?, row.bytes(FLOW + 3)?)?,
        })
    }
}

/// What came of signing in by an address.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Arrival<P: Plane = Platform> {
    /// Whether he is signed in.
    pub entered: Entered<P>,
    /// Whether he became a user by it.
    pub is_new: bool,
}

impl<P: Plane> Auth<P> {
    /// Opens a flow for who has the address, or, where everybody may sign up or
    /// he was invited, will have it; and ends the one before. It is as much work if there is
    /// none.
    pub(crate) async fn open_entry(&self, new: &NewEntryFlow<'_>) -> Result<Step> {
        let now = self.now();
        let params = vec![
            new.id.into(),
            self.realm.into(),
            new.purpose.name().into(),
            Value::Bytes(new.secret_hash.to_vec()),
            now.into(),
            later(now, new.purpose.lifetime()).into(),
            new.address.as_str().into(),
            self.admits_strangers().await?.into(),
            new.name.map(DisplayName::as_str).into(),
            self.settings.admit_invited().is_ok().into(),
            Purpose::Invite.name().into(),
        ];
        Ok(Step::new(Statement::new(OPEN.of::<P>(), params)))
    }

    /// The flow of a link that still holds.
    pub(crate) async fn find_entry(
        &self,
        purpose: Purpose,
        hash: &[u8],
    ) -> Result<Option<EntryFlow>> {
        let params = vec![
            Value::Bytes(hash.to_vec()),
            self.realm.into(),
            purpose.name().into(),
            self.now().into(),
        ];
        let statement = Statement::new(FIND.of::<P>(), params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let read = |row| EntryFlow::read(row, self.realm, purpose);
        rows.first().map(read).transpose()
    }

    /// Lets somebody in by a flow, which is used up. Whoever is new becomes a
    /// user, and an anonymous user gets an account; whoever is not verified yet
    /// takes the account over from whoever made it.
    pub(crate) async fn enter(
        &self,
        flow: EntryFlow,
        method: Method,
        passed: Passed,
        request: &RequestInfo,
    ) -> Result<Arrival<P>> {
        let now = self.now();
        let mut proof = vec![flow.key.consume::<P>(now)];
        let is_new = flow.user.is_none();
        let mut entry = match flow.user {
            None => {
                let invited = self.admit_proven(&flow.address).await?;
                let newcomer = self.newcomer(&flow.address, &flow.name, request);
                let mut newcomer = newcomer.await?;
                newcomer.user.email_verified = true;
                let invited = invited.map(|one| one.acceptance(self, newcomer.user.id));
                let origin = match method {
                    Method::EmailOtp => UserOrigin::EmailOtp,
                    _ => UserOrigin::MagicLink,
                };
                if let Some(invited) = &invited {
                    newcomer.follow(invited);
                }
                let admitted = self.admit_newcomer(newcomer, origin, request).await?;
                proof.extend(self.sign_up_steps(&admitted, None, invited));
                Entry::new_user(admitted, method, passed, Vec::new())
            }
            Some(user) if user.email_verified => Entry::new(user, method, passed),
            Some(user) => {
                proof.extend(claim::<P>(user.id, now));
                Entry::claiming(user, method, passed)
            }
        };
        entry.proof = proof;
        let entered = self.complete(entry, request).await;
        let entered = entered.map_err(|error| match error.kind() {
            // What was used up, a link or a code, the caller knows.
            ErrorKind::Gone => error,
            _ => taken_email(outdated(error)),
        })?;
        Ok(Arrival { entered, is_new })
    }

    async fn admits_strangers(&self) -> Result<bool> {
        match P::admit_sign_up(self, None).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Forbidden => Ok(false),
            Err(error) => Err(error),
        }
    }
}
