//! Accounts at providers, and whose they are here.

use workeros_core::{
    Batch, Cost, Error, ErrorKind, Expect, LinkedAccountId, Result, Row, SessionId, Statement,
    Step, Timestamp, UserId, Violation,
};

use super::ExternalIdentity;
use super::kept::Place;
use super::refusal::{already_linked, no_account};
use crate::activity::{ActivityKind, NewActivity};
use crate::changes::NOBODY;
use crate::migrations::tables;
use crate::news::News;
use crate::plane::{PlaneSql, planes};
use crate::template::SignInMethod;
use crate::way_in::kept;
use crate::{Auth, FreshSession, Plane, User};

/// An account at a provider, by which a user signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkedAccount {
    /// Its id here.
    pub id: LinkedAccountId,
    /// Whose it is.
    pub user_id: UserId,
    /// The id of the provider.
    pub provider: String,
    /// Who speaks for it.
    pub issuer: String,
    /// What it is called there.
    pub subject: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When somebody last signed in by it.
    pub updated_at: Timestamp,
}

/// The ways in that a user has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignInMethods {
    /// Whether he has a password.
    pub has_password: bool,
    /// When he became a user.
    pub user_created_at: Timestamp,
    /// When he was last changed.
    pub user_updated_at: Timestamp,
    /// His accounts at providers, oldest first.
    pub accounts: Vec<LinkedAccount>,
}

tables! {
    /// An account opens one user's door within a realm. It belongs to the row of its
    /// provider, whose name others may bear later.
    PLATFORM_ACCOUNTS = "auth-0030-accounts", APP_ACCOUNTS = "auth-app-0030-accounts",
    sqlite: [
        ["CREATE TABLE " p "_accounts (\
        id TEXT PRIMARY KEY NOT NULL, \
        realm_id TEXT NOT NULL, \
        user_id TEXT NOT NULL REFERENCES " p "_users (id) ON DELETE CASCADE, \
        provider TEXT NOT NULL, \
        provider_row TEXT NOT NULL, \
        issuer TEXT NOT NULL, \
        subject TEXT NOT NULL, \
        created_at TEXT NOT NULL, \
        updated_at TEXT NOT NULL, \
        UNIQUE (realm_id, provider_row, issuer, subject)) STRICT"],
        ["CREATE INDEX " p "_accounts_user_id ON " p "_accounts (user_id)"],
    ],
    postgres: [
        ["CREATE TABLE " p "_accounts (\
        id uuid PRIMARY KEY, \
        realm_id uuid NOT NULL, \
        user_id uuid NOT NULL REFERENCES " p "_users (id) ON DELETE CASCADE, \
        provider text NOT NULL, \
        provider_row text NOT NULL, \
        issuer text NOT NULL, \
        subject text NOT NULL, \
        created_at timestamptz NOT NULL, \
        updated_at timestamptz NOT NULL, \
        UNIQUE (realm_id, provider_row, issuer, subject))"],
        ["CREATE INDEX " p "_accounts_user_id ON " p "_accounts (user_id)"],
    ],
}

const FIND: PlaneSql = planes!(
    "SELECT a.id, " user " FROM " p "_accounts a JOIN " p "_users u ON u.id = a.user_id \
    WHERE a.realm_id = $1 AND a.provider_row = $2 AND a.issuer = $3 AND a.subject = $4"
);
const FIND_USER: PlaneSql = planes!(
    "SELECT " user " FROM " p "_users u WHERE u.realm_id = $1 AND u.email = $2"
);
const LIST: PlaneSql = planes!(
    "SELECT id, user_id, provider, issuer, subject, created_at, updated_at \
    FROM " p "_accounts WHERE realm_id = $1 AND user_id = $2 ORDER BY id"
);
const OWNER: PlaneSql = planes!(
    "SELECT password_hash, created_at, updated_at FROM " p "_users WHERE realm_id = $1 AND id = $2"
);
/// Only while it is still his.
const USE: PlaneSql = planes!(
    "UPDATE " p "_accounts SET updated_at = $1 WHERE realm_id = $2 AND id = $3 AND user_id = $4"
);
const INSERT: PlaneSql = planes!(
    "INSERT INTO " p "_accounts \
    (id, realm_id, user_id, provider, issuer, subject, created_at, updated_at, provider_row) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)"
);
/// Only while the address is the user's, and verified.
const INSERT_BY_ADDRESS: PlaneSql = planes!(
    "INSERT INTO " p "_accounts \
    (id, realm_id, user_id, provider, issuer, subject, created_at, updated_at, provider_row) \
    SELECT $1, u.realm_id, u.id, $4, $5, $6, $7, $7, $8 FROM " p "_users u \
    WHERE u.realm_id = $2 AND u.id = $3 AND u.email = $9 AND u.email_verified AND NOT u.disabled"
);
/// Only while the session that asked for it is open.
const INSERT_BY_SESSION: PlaneSql = planes!(
    "INSERT INTO " p "_accounts \
    (id, realm_id, user_id, provider, issuer, subject, created_at, updated_at, provider_row) \
    SELECT $1, u.realm_id, u.id, $4, $5, $6, $7, $7, $8 \
    FROM " p "_users u JOIN " p "_sessions s ON s.user_id = u.id \
    WHERE u.realm_id = $2 AND u.id = $3 AND NOT u.disabled AND s.id = $9 AND s.expires_at > $7"
);
const DELETE: PlaneSql =
    planes!("DELETE FROM " p "_accounts WHERE realm_id = $1 AND user_id = $2 AND id = $3");

/// What it is called in rows of activity.
pub(super) const FACTOR: &str = "oauth";

impl LinkedAccount {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: LinkedAccountId::new(row.uuid(0)?),
            user_id: UserId::new(row.uuid(1)?),
            provider: row.text(2)?.to_owned(),
            issuer: row.text(3)?.to_owned(),
            subject: row.text(4)?.to_owned(),
            created_at: row.timestamp(5)?,
            updated_at: row.timestamp(6)?,
        })
    }
}

impl<P: Plane> Auth<P> {
    /// How a user can sign in.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) without such a user.
    pub async fn sign_in_methods(&self, user: UserId) -> Result<SignInMethods> {
        let params = || vec![self.realm.into(), user.into()];
        let statement = Statement::new(OWNER.of::<P>(), params()).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let owner = rows.first().ok_or_else(Error::not_found)?;
        let has_password = !owner.is_null(0);
        let (created_at, updated_at) = (owner.timestamp(1)?, owner.timestamp(2)?);
        let rows = self.fetch(Statement::new(LIST.of::<P>(), params())).await?;
        let accounts = rows
            .iter()
            .map(LinkedAccount::read)
            .collect::<Result<_>>()?;
        Ok(SignInMethods {
            has_password,
            user_created_at: created_at,
            user_updated_at: updated_at,
            accounts,
        })
    }

    /// Forgets an account of the user who asks. Whoever signed in by it stays so.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](ErrorKind::NotFound) with code `ACCOUNT_NOT_FOUND`, also
    ///   when it is somebody else's.
    /// * [`Conflict`](ErrorKind::Conflict) with code `LAST_SIGN_IN_METHOD` when
    ///   there is no other way to sign in.
    pub async fn unlink_account(&self, who: FreshSession, id: LinkedAccountId) -> Result<()> {
        let user = who.user();
        let params = vec![self.realm.into(), user.into(), id.into()];
        let delete = Statement::new(DELETE.of::<P>(), params);
        let removed = NewActivity::new(ActivityKind::FactorRemoved)
            .about(user)
            .with("factor", FACTOR)
            .with("account_id", id.to_string());
        let accounts = self.sign_in_methods(user).await?.accounts;
        let account = accounts.iter().find(|account| account.id == id);
        let provider = account.ok_or_else(no_account)?.provider.as_str();
        let mut batch = Batch::new();
        batch.extend(self.take_way_in(user, delete));
        batch.push(self.note_activity(removed));
        batch.extend(self.tell(user, News::Removed(SignInMethod::Account(provider)))?);
        let removed = self.apply(&NOBODY, batch).await;
        removed.map_err(|error| kept(error, no_account))
    }

    /// Who somebody is here whose account is known.
    pub(super) async fn find_linked(
        &self,
        identity: &ExternalIdentity,
    ) -> Result<Option<(LinkedAccountId, User)>> {
        let params = vec![
            self.realm.into(),
            identity.row.clone().into(),
            identity.issuer.clone().into(),
            identity.subject.clone().into(),
        ];
        let statement = Statement::new(FIND.of::<P>(), params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let read = |row: &Row| Ok((LinkedAccountId::new(row.uuid(0)?), User::read(row, 1)?));
        rows.first().map(read).transpose()
    }

    /// Who has an address here.
    pub(super) async fn find_by_address(&self, address: &str) -> Result<Option<User>> {
        let params = vec![self.realm.into(), address.into()];
        let statement = Statement::new(FIND_USER.of::<P>(), params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        rows.first().map(|row| User::read(row, 0)).transpose()
    }

    /// Notes that somebody signs in by his account.
    pub(super) fn use_account(&self, id: LinkedAccountId, user: UserId) -> Step {
        let params = vec![self.now().into(), self.realm.into(), id.into(), user.into()];
        retried(Step::new(Statement::new(USE.of::<P>(), params)))
    }

    /// Adds an account to a user who is made by the same batch.
    pub(super) fn link_new(&self, user: UserId, identity: &ExternalIdentity) -> Step {
        Step::new(Statement::new(INSERT.of::<P>(), self.link(user, identity)))
    }

    /// Adds an account to the user with an address.
    pub(super) fn link_by_address(&self, user: &User, identity: &ExternalIdentity) -> Step {
        let mut params = self.link(user.id, identity);
        params.push(user.email.clone().into());
        retried(Step::new(Statement::new(
            INSERT_BY_ADDRESS.of::<P>(),
            params,
        )))
    }

    /// Adds an account to the user of a session, and uses up what it was proven
    /// by. That he has it already is fine.
    pub(super) async fn link_by_session(
        &self,
        user: UserId,
        session: SessionId,
        identity: &ExternalIdentity,
        proof: Option<Place>,
    ) -> Result<()> {
        let mut params = self.link(user, identity);
        params.push(session.into());
        let link = Step::new(Statement::new(INSERT_BY_SESSION.of::<P>(), params)).expect(
            Expect::One,
            ErrorKind::Unauthorized,
            "sign in to do this",
        );
        let mut batch = Batch::new();
        batch.extend(proof.map(|place| self.use_up_kept(place)));
        batch.push(link);
        batch.extend(self.added(user, identity)?);
        let linked = self.apply(&NOBODY, batch).await;
        match linked {
            Err(error) if is_taken(&error) => match self.find_linked(identity).await? {
                Some((_, owner)) if owner.id == user => Ok(()),
                _ => Err(already_linked()),
            },
            other => other,
        }
    }

    /// Notes that somebody can sign in by an account from now on, and tells him.
    pub(super) fn added(&self, user: UserId, identity: &ExternalIdentity) -> Result<Vec<Step>> {
        let provider = identity.provider.as_str();
        let added = NewActivity::new(ActivityKind::FactorAdded)
            .about(user)
            .with("factor", FACTOR)
            .with("provider", provider);
        let told = self.tell(user, News::Added(SignInMethod::Account(provider)))?;
        Ok([self.note_activity(added)]
            .into_iter()
            .chain(told)
            .collect())
    }

    fn link(&self, user: UserId, identity: &ExternalIdentity) -> Vec<workeros_core::Value> {
        vec![
            self.inner.ids.next_id().into(),
            self.realm.into(),
            user.into(),
            identity.provider.clone().into(),
            identity.issuer.clone().into(),
            identity.subject.clone().into(),
            self.now().into(),
            identity.row.clone().into(),
        ]
    }
}

/// A step that fails when what was read before it is not so any more.
fn retried(step: Step) -> Step {
    step.expect(Expect::One, ErrorKind::Conflict, "it was changed meanwhile")
}

/// Whether somebody else was faster with the same address or account.
pub(super) fn is_taken(error: &Error) -> bool {
    matches!(error.violation(), Some(Violation::Unique { .. }))
}
