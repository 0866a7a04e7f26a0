//! Somebody of the team who acts as a user, to see what he sees.
//!
//! It is a session of the user that names who opened it, and by which session of
//! his own. It ends with that one, by the foreign key; and since it is never
//! remembered, each use of it asks whether he still has the roles he had. However
//! it ends, [that is noted](ended) once.

use std::time::Duration;

use serde_json::Value as Json;
use workeros_core::{
    Batch, Cost, Credential, Error, ErrorKind, Expect, Identity, Result, Row, SessionId, Statement,
    Step, TenantId, Timestamp, UserId, Value,
};

use crate::activity::{ActivityKind, NewActivity};
use crate::anonymous::keep_apart;
use crate::changes::NOBODY;
use crate::plane::{PlaneSql, planes};
use crate::session::later;
use crate::user::read_roles;
use crate::{Auth, Plane, RequestInfo, Session, SessionKey, SignedIn, User};

mod ended;

pub(crate) use ended::IMPERSONATIONS;

/// That a session is not its user's own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Impersonation {
    /// The user of the instance who acts by it.
    pub admin: UserId,
    /// His own session: the other one ends with it.
    pub admin_session: SessionId,
    /// Whether it changes nothing.
    pub read_only: bool,
    /// Where he had the roles by which he may.
    tenant: TenantId,
    /// Those roles: it ends when he has lost one.
    roles: Vec<String>,
}

/// Somebody of the team who is to act as others; see [`Auth::impersonator`].
#[derive(Debug, Clone)]
pub struct Impersonator {
    user: UserId,
    session: SessionId,
    tenant: TenantId,
    roles: Vec<String>,
    until: Timestamp,
}

/// Whom somebody is to act as, and why.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewImpersonation {
    /// The user.
    pub user: UserId,
    /// Why, for who looks at the activity.
    pub reason: String,
    /// Whether it changes nothing.
    pub read_only: bool,
}

const MAX_REASON_CHARS: usize = 500;

/// How long it lasts at most.
const LIFETIME: Duration = Duration::from_hours(1);

const OWN_SESSION: &str = "SELECT expires_at FROM workeros_sessions \
    WHERE id = $1 AND user_id = $2 AND realm_id = $3 AND admin_id IS NULL";
/// The roles of who acts, as long as his own session is open.
const STANDING: &str = "SELECT r.role FROM workeros_sessions a \
    JOIN workeros_users u ON u.id = a.user_id \
    LEFT JOIN workeros_user_roles r ON r.user_id = a.user_id AND r.tenant_id = $1 \
    WHERE a.id = $2 AND a.user_id = $3 AND a.expires_at > $4 AND NOT u.disabled";
/// Only while his own session is open.
const INSERT: PlaneSql = planes!(
    "INSERT INTO " p "_sessions \
    (id, realm_id, user_id, key, created_at, expires_at, last_seen_at, ip, user_agent, \
    admin_id, admin_session, admin_tenant, admin_roles, read_only) \
    SELECT $1, u.realm_id, u.id, $2, $3, $4, $3, $5, $6, $7, $8, $9, $10, $11 \
    FROM " p "_users u WHERE u.id = $12 AND u.realm_id = $13 AND NOT u.disabled \
    AND EXISTS (SELECT 1 FROM workeros_sessions a \
    WHERE a.id = $8 AND a.user_id = $7 AND a.admin_id IS NULL)"
);

/// Nothing of them is remembered.
const END_ALL: PlaneSql =
    planes!("DELETE FROM " p "_sessions WHERE admin_id IS NOT NULL AND admin_tenant = $1");

impl NewImpersonation {
    /// Without changing anything.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) at `/reason` unless it is one line
    /// of 1 to 500 characters.
    pub fn new(user: UserId, reason: &str) -> Result<Self> {
        let reason = reason.trim();
        let fits = (1..=MAX_REASON_CHARS).contains(&reason.chars().count());
        if !fits || reason.chars().any(char::is_control) {
            let why = "must be one line of 1 to 500 characters";
            return Err(Error::validation("/reason", "invalid_value", why));
        }
        Ok(Self {
            user,
            reason: reason.to_owned(),
            read_only: true,
        })
    }

    /// Sets whether it changes nothing.
    #[must_use]
    pub fn with_read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }
}

impl Impersonation {
    /// Reads `admin_id, admin_session, admin_tenant, admin_roles, read_only`.
    pub(crate) fn read(row: &Row, at: usize) -> Result<Option<Self>> {
        if row.is_null(at) {
            return Ok(None);
        }
        Ok(Some(Self {
            admin: UserId::new(row.uuid(at)?),
            admin_session: SessionId::new(row.uuid(at + 1)?),
            tenant: TenantId::new(row.uuid(at + 2)?),
            roles: serde_json::from_str(row.text(at + 3)?).map_err(Error::internal)?,
            read_only: row.boolean(at + 4)?,
        }))
    }
}

impl Auth {
    /// Somebody of the team who wants to act as others, by the roles he has in a
    /// workspace. He has signed in within ten minutes. Whether he may is for the
    /// caller to ask.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](ErrorKind::Forbidden) for who is not signed in by a session
    /// of his own, and with code `IMPERSONATED` for who acts as somebody else
    /// already, or `REAUTH_REQUIRED`.
    pub async fn impersonator(&self, who: &Identity, tenant: TenantId) -> Result<Impersonator> {
        let refused = || Error::new(ErrorKind::Forbidden, "sign in to do this");
        who.require_himself()?;
        let Credential::Session(session) = who.credential else {
            return Err(refused());
        };
        let user: UserId = who.user_id.parse().map_err(|_| refused())?;
        self.require_fresh(session).await?;
        let params = vec![session.into(), user.into(), self.realm.into()];
        let rows = self
            .fetch(Statement::new(OWN_SESSION, params).with_cost(Cost::Short))
            .await?;
        let own_ends_at = rows.first().ok_or_else(refused)?.timestamp(0)?;
        let idle = later(self.now(), self.settings.lifetime.idle);
        let latest = later(self.now(), LIFETIME);
        Ok(Impersonator {
            user,
            session,
            tenant,
            roles: self.roles_of(tenant, user).await?,
            until: latest.min(own_ends_at).min(idle),
        })
    }

    /// Ends whatever is done in the name of users by roles in a workspace: one of
    /// these no longer says that somebody may.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn end_impersonations(&self, tenant: TenantId) -> Result<()> {
        let end = |sql| Step::new(Statement::new(sql, vec![tenant.into()]));
        let batch = Batch::new()
            .step(end(END_ALL.platform))
            .step(end(END_ALL.app));
        self.apply(&NOBODY, batch).await
    }
}

impl<P: Plane> Auth<P> {
    /// Opens a session of a user for somebody of the team, for an hour at most,
    /// and no longer than his own lasts. By it nothing is changed about the
    /// account itself, whatever else it may do.
    ///
    /// # Errors
    ///
    /// * [`Forbidden`](ErrorKind::Forbidden) with code
    ///   `YOU_CANNOT_IMPERSONATE_YOURSELF`, or `YOU_CANNOT_IMPERSONATE_ADMINS`
    ///   for who runs the instance.
    /// * [`NotFound`](ErrorKind::NotFound) without such a user, or when he is
    ///   disabled.
    /// * [`Unauthorized`](ErrorKind::Unauthorized) when the session of who asks
    ///   has ended meanwhile.
    pub async fn impersonate(
        &self,
        by: &Impersonator,
        new: &NewImpersonation,
        request: &RequestInfo,
    ) -> Result<SignedIn<P>> {
        if by.user == new.user {
            return Err(refused("YOU_CANNOT_IMPERSONATE_YOURSELF"));
        }
        let user = self.impersonated(new.user).await?;
        let impersonation = Impersonation {
            admin: by.user,
            admin_session: by.session,
            read_only: new.read_only,
            tenant: by.tenant,
            roles: by.roles.clone(),
        };
        let mut session = self.draft_session(user.id, request);
        session.expires_at = session.expires_at.min(by.until);
        session.impersonation = Some(impersonation);
        let mut new_session = self.new_session(&user, session).await?;
        let session = &new_session.session;
        let started = NewActivity::new(ActivityKind::ImpersonationStarted)
            .about(user.id)
            .by(by.user)
            .with("reason", new.reason.clone())
            .with("read_only", new.read_only)
            .with("session_id", session.id.to_string())
            .with("expires_at", session.expires_at.to_string());
        let insert = self.insert_impersonated(session, new_session.key())?;
        let begin = self.begin_impersonation(session, by.user);
        let mut batch = Batch::new().step(insert).step(begin);
        batch.extend(user.guest.map(|_| keep_apart::<P>(user.id)));
        batch.extend(new_session.take_token_steps());
        batch.push(self.note_activity(started));
        self.apply(&NOBODY, batch).await?;
        tracing::info!(admin = %by.user, user = %user.id, "impersonation started");
        Ok(new_session.opened(user))
    }

    /// Ends the session by which somebody of the team acts as a user, and says
    /// who it was.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](ErrorKind::BadRequest) with code `NOT_IMPERSONATING` when
    /// it is none.
    pub async fn stop_impersonating(&self, key: &SessionKey) -> Result<Impersonation> {
        let active = self.session_by_key(key).await?.ok_or_else(nobody)?;
        let by = active.session.impersonation.clone().ok_or_else(nobody)?;
        match self.stop_impersonation(key, &active.session, &by).await? {
            true => Ok(by),
            false => Err(nobody()),
        }
    }

    /// Refuses a request that comes by a session that is not its user's own.
    pub(crate) async fn require_own_session(&self, request: &RequestInfo) -> Result<()> {
        let Some(key) = &request.replaces else {
            return Ok(());
        };
        match self.session_by_key(key).await? {
            Some(active) => active.identity::<P>().require_himself(),
            None => Ok(()),
        }
    }

    /// Whether who acts by it may still.
    pub(crate) async fn may_impersonate(&self, by: &Impersonation) -> Result<bool> {
        let params = vec![
            by.tenant.into(),
            by.admin_session.into(),
            by.admin.into(),
            self.now().into(),
        ];
        let statement = Statement::new(STANDING, params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let roles = read_roles(&rows, 0)?;
        let keeps_all = by.roles.iter().all(|role| roles.contains(role));
        Ok(rows.first().is_some() && keeps_all)
    }

    async fn impersonated(&self, user: UserId) -> Result<User> {
        let user = self.find_user(user).await?;
        let roles = self.roles_of(self.home(), user.id).await?;
        if P::runs_the_instance(&roles) {
            return Err(refused("YOU_CANNOT_IMPERSONATE_ADMINS"));
        }
        Ok(user)
    }

    fn insert_impersonated(&self, session: &Session, key: SessionKey) -> Result<Step> {
        let missing = || Error::internal("a session that nobody impersonates by");
        let by = session.impersonation.as_ref().ok_or_else(missing)?;
        let roles = Json::from(by.roles.clone()).to_string();
        let params: Vec<Value> = vec![
            session.id.into(),
            key.into(),
            session.created_at.into(),
            session.expires_at.into(),
            session.ip.clone().into(),
            session.user_agent.clone().into(),
            by.admin.into(),
            by.admin_session.into(),
            by.tenant.into(),
            roles.into(),
            by.read_only.into(),
            session.user_id.into(),
            self.realm.into(),
        ];
        let insert = Step::new(Statement::new(INSERT.of::<P>(), params));
        let why = "the session has ended; sign in again";
        Ok(insert.expect(Expect::One, ErrorKind::Unauthorized, why))
    }
}

fn refused(code: &'static str) -> Error {
    Error::new(ErrorKind::Forbidden, "nobody acts as this user").with_code(code)
}

fn nobody() -> Error {
    Error::new(
        ErrorKind::BadRequest,
        "nobody is impersonated by this session",
    )
    .with_code("NOT_IMPERSONATING")
}
