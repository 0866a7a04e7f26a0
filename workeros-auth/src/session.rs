use std::sync::Arc;
use std::time::Duration;

use workeros_core::{
    Batch, Cost, Credential, ErrorKind, Expect, Identity, Result, Row, SessionId, Statement, Step,
    TenantId, Timestamp, UserId, Value,
};

use crate::cache::{CacheKey, Known, TOUCH_INTERVAL};
use crate::changes::{Affected, NOBODY, Place};
use crate::refusal::INVALID_LOGIN;
use crate::user::read_roles;
use crate::{Auth, RequestInfo, SessionToken, User};

/// A time somebody is signed in on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Who is signed in.
    pub user_id: UserId,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was last used, to a minute.
    pub last_seen_at: Timestamp,
    /// The address it was opened from.
    pub ip: Option<String>,
    /// The `User-Agent` it was opened with.
    pub user_agent: Option<String>,
    /// The workspace it acts in when a request names none.
    pub active_tenant: Option<TenantId>,
}

/// A session with what it gives: who is signed in, with which roles.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActiveSession {
    /// The session.
    pub session: Session,
    /// Who is signed in.
    pub user: User,
    /// Names of the user's roles in the workspace asked for, sorted.
    pub roles: Vec<String>,
}

/// The one moment a session's token is known.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignedIn {
    /// What proves the session from now on.
    pub token: SessionToken,
    /// The session.
    pub session: Session,
    /// Who signed in.
    pub user: User,
}

type Found = Arc<Known<ActiveSession>>;

const FIND: &str = "SELECT s.id, s.user_id, s.created_at, s.expires_at, s.last_seen_at, s.ip, \
    s.user_agent, s.active_tenant, \
    u.id, u.email, u.name, u.email_verified, u.disabled, u.created_at, u.updated_at, r.role \
    FROM workeros_sessions s JOIN workeros_users u ON u.id = s.user_id \
    LEFT JOIN workeros_user_roles r ON r.tenant_id = $1 AND r.user_id = s.user_id \
    WHERE s.token_hash = $2";
const TOUCH: &str =
    "UPDATE workeros_sessions SET last_seen_at = $1 WHERE id = $2 AND last_seen_at <= $3";
const DELETE: &str = "DELETE FROM workeros_sessions WHERE token_hash = $1";
const DELETE_OF_USER: &str = "DELETE FROM workeros_sessions WHERE user_id = $1";
const DELETE_ENDED: &str = "DELETE FROM workeros_sessions \
    WHERE user_id = $1 AND (expires_at <= $2 OR last_seen_at <= $3)";
/// Only while the user is as it was when its password was checked.
const INSERT: &str = "INSERT INTO workeros_sessions \
    (id, user_id, token_hash, created_at, expires_at, last_seen_at, ip, user_agent) \
    SELECT $1, u.id, $2, $3, $4, $5, $6, $7 FROM workeros_users u \
    WHERE u.id = $8 AND u.password_hash = $9 AND NOT u.disabled";

impl Auth {
    /// The session of a token, with who is signed in and its roles in the
    /// default workspace; `None` when there is none or it has ended.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn session(&self, token: &SessionToken) -> Result<Option<ActiveSession>> {
        let found = self.find_session(token, self.inner.default_tenant).await?;
        Ok(found.map(|known| {
            let mut active = known.value.clone();
            active.session.last_seen_at = known.used_at().unwrap_or(active.session.last_seen_at);
            self.touch(&known);
            active
        }))
    }

    /// Ends the session of a token; without one it does nothing.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn sign_out(&self, token: &SessionToken) -> Result<()> {
        let ended = [Affected::Session(token.hash())];
        self.apply(&ended, Batch::new().step(end(token))).await
    }

    /// Who acts by a session in a workspace; the use is noted in the
    /// background.
    pub(crate) async fn identity_of_session(
        &self,
        token: &SessionToken,
        tenant: TenantId,
    ) -> Result<Option<Identity>> {
        let found = self.find_session(token, tenant).await?;
        Ok(found.map(|known| {
            self.touch(&known);
            known.value.identity()
        }))
    }

    /// What is remembered, or one indexed read.
    async fn find_session(&self, token: &SessionToken, tenant: TenantId) -> Result<Option<Found>> {
        let hash = token.hash();
        let key = CacheKey { hash, tenant };
        let remembered = self.inner.sessions.get(&key, &self.inner.store, self.now());
        // It may have been used elsewhere: that it is over, the database says.
        if let Some(known) = remembered.filter(|known| !self.has_ended(known)) {
            return Ok(Some(known));
        }
        let found = self.read_session(&key).await?;
        let found = found.filter(|known| !known.value.user.disabled && !self.has_ended(known));
        if let Some(known) = &found {
            self.inner.sessions.put(key, known);
        }
        Ok(found)
    }

    async fn read_session(&self, key: &CacheKey) -> Result<Option<Found>> {
        let (moment, now) = (self.inner.store.moment(), self.now());
        let params = vec![key.tenant.into(), Value::Bytes(key.hash.to_vec())];
        let rows = self
            .fetch(Statement::new(FIND, params).with_cost(Cost::Short))
            .await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let active = ActiveSession {
            session: Session::read(first)?,
            user: User::read(first, 8)?,
            roles: read_roles(&rows, 15)?,
        };
        let about = [
            Place::of(active.user.id.uuid().as_bytes()),
            Place::of(&key.hash),
        ];
        let used_at = Some(active.session.last_seen_at);
        let known = Known::new(active, about, moment, now, used_at);
        Ok(Some(Arc::new(known)))
    }

    /// A new session of the user, not yet stored.
    pub(crate) fn open_session(&self, user: UserId, request: &RequestInfo) -> Session {
        let now = self.now();
        Session {
            id: SessionId::new(self.inner.ids.next_id()),
            user_id: user,
            created_at: now,
            expires_at: later(now, self.inner.lifetime.absolute),
            last_seen_at: now,
            ip: request.ip.map(|ip| ip.to_string()),
            user_agent: request.user_agent.clone(),
            active_tenant: None,
        }
    }

    /// Drops what has ended of the user's sessions, so that they do not pile
    /// up.
    pub(crate) fn sweep(&self, user: UserId) -> Step {
        let now = self.now();
        let idle_since = earlier(now, self.inner.lifetime.idle);
        let params = vec![user.into(), now.into(), idle_since.into()];
        Step::new(Statement::new(DELETE_ENDED, params))
    }

    fn has_ended(&self, known: &Known<ActiveSession>) -> bool {
        let (now, session) = (self.now(), &known.value.session);
        let used_at = known.used_at().unwrap_or(session.last_seen_at);
        session.expires_at <= now || later(used_at, self.inner.lifetime.idle) <= now
    }

    fn touch(&self, known: &Known<ActiveSession>) {
        let now = self.now();
        if known.touch(now) {
            let before = earlier(now, TOUCH_INTERVAL);
            let params = vec![now.into(), known.value.session.id.into(), before.into()];
            self.note(Statement::new(TOUCH, params));
        }
    }

    /// Runs a statement in the background that may as well not run.
    pub(crate) fn note(&self, statement: Statement) {
        let store = Arc::clone(&self.inner.store);
        self.inner.background.spawn(async move {
            let batch = Batch::new().step(Step::new(statement));
            if let Err(error) = store.apply(&NOBODY, batch).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "could not note a use"
                );
            }
        });
    }
}

impl ActiveSession {
    fn identity(&self) -> Identity {
        let identity = Identity::host(self.user.id.to_string())
            .with_email(&self.user.email)
            .with_credential(Credential::Session(self.session.id));
        self.roles.iter().fold(identity, Identity::with_role)
    }
}

impl Session {
    /// Reads `id, user_id, created_at, expires_at, last_seen_at, ip,
    /// user_agent, active_tenant`.
    pub(crate) fn read(row: &Row) -> Result<Self> {
        let active_tenant = if row.is_null(7) {
            None
        } else {
            Some(TenantId::new(row.uuid(7)?))
        };
        Ok(Self {
            id: SessionId::new(row.uuid(0)?),
            user_id: UserId::new(row.uuid(1)?),
            created_at: row.timestamp(2)?,
            expires_at: row.timestamp(3)?,
            last_seen_at: row.timestamp(4)?,
            ip: row.optional_text(5)?.map(ToOwned::to_owned),
            user_agent: row.optional_text(6)?.map(ToOwned::to_owned),
            active_tenant,
        })
    }

    /// Stores the session if the user's password still has that hash.
    pub(crate) fn insert(&self, token: &SessionToken, password_hash: &str) -> Step {
        let params = vec![
            self.id.into(),
            Value::Bytes(token.hash().to_vec()),
            self.created_at.into(),
            self.expires_at.into(),
            self.last_seen_at.into(),
            self.ip.clone().into(),
            self.user_agent.clone().into(),
            self.user_id.into(),
            password_hash.into(),
        ];
        Step::new(Statement::new(INSERT, params)).expect(
            Expect::One,
            ErrorKind::Unauthorized,
            INVALID_LOGIN,
        )
    }
}

/// Ends the session of a token.
pub(crate) fn end(token: &SessionToken) -> Step {
    Step::new(Statement::new(
        DELETE,
        vec![Value::Bytes(token.hash().to_vec())],
    ))
}

/// Ends all sessions of a user.
pub(crate) fn end_all(user: UserId) -> Step {
    Step::new(Statement::new(DELETE_OF_USER, vec![user.into()]))
}

pub(crate) fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add_micros(micros(by))
}

pub(crate) fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add_micros(-micros(by))
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
