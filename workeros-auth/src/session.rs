use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json};
use workeros_core::{
    Batch, Cost, Identity, OrganizationId, Result, Row, Rows, Scope, SessionId, Statement, Step,
    TenantId, Timestamp, UserId, Value, Workspace, role,
};

use crate::cache::{CacheKey, Known, TOUCH_INTERVAL};
use crate::changes::{Affected, NOBODY, Place};
use crate::key::SessionKey;
use crate::plane::{Issued, PlaneSql, planes};
use crate::user::{holds, read_roles};
use crate::{Affiliation, Auth, Impersonation, Plane, Platform, SessionToken, User};

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
    /// The workspace it acts in when a request names none, while its user is a
    /// member there; `None` for the default one.
    pub active_tenant: Option<TenantId>,
    /// The organization it acts for, while its user is in it.
    pub active_organization: Option<OrganizationId>,
    /// Who acts by it, if it is not its user; see [`Auth::impersonate`].
    pub impersonation: Option<Impersonation>,
}

/// A session with what it gives: who is signed in, with which roles.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActiveSession {
    /// The session.
    pub session: Session,
    /// Who is signed in.
    pub user: User,
    /// The workspace it acts in.
    pub tenant: TenantId,
    /// Names of the user's roles there, sorted.
    pub roles: Vec<String>,
    /// The organizations of an end user, by their ids.
    pub affiliations: Vec<Affiliation>,
    /// Whether the user has a second factor.
    pub two_factor: bool,
}

/// The one moment a session's token is known.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignedIn<P: Plane = Platform> {
    /// What proves the session from now on.
    pub token: P::Token,
    /// The session.
    pub session: Session,
    /// Who signed in.
    pub user: User,
    /// What his access tokens say besides, if there are any.
    pub(crate) claims: Map<String, Json>,
}

type Found = Arc<Known<ActiveSession>>;

/// What somebody is in a workspace.
struct Standing {
    tenant: TenantId,
    roles: Vec<String>,
    is_member: bool,
}

const FIND: PlaneSql = planes!(
    "SELECT " session ", " user ", r.role, r.tenant_id, \
    EXISTS (SELECT 1 FROM " p "_two_factor t \
    WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL), \
    " ["NULL", "(SELECT string_agg(CAST(m.organization_id AS text) || ' ' || m.role, ',') \
    FROM app_organization_members m WHERE m.user_id = s.user_id)"] " \
    FROM " p "_sessions s JOIN " p "_users u ON u.id = s.user_id \
    LEFT JOIN " p "_user_roles r ON r.user_id = s.user_id \
    AND r.tenant_id IN ($1, s.active_tenant) \
    WHERE s.key = $2 AND s.realm_id = $3"
);
/// Where what [`FIND`] reads besides the session stands.
const USER: usize = Session::COLUMNS;
const ROLE: usize = USER + User::COLUMNS;
const ROLE_TENANT: usize = ROLE + 1;
const TWO_FACTOR: usize = ROLE + 2;
const AFFILIATIONS: usize = ROLE + 3;

const TOUCH: PlaneSql =
    planes!("UPDATE " p "_sessions SET last_seen_at = $1 WHERE id = $2 AND last_seen_at <= $3");
const DELETE: PlaneSql = planes!("DELETE FROM " p "_sessions WHERE key = $1");
const DELETE_OF_USER: PlaneSql = planes!("DELETE FROM " p "_sessions WHERE user_id = $1");
impl Auth {
    /// The session of a token; see [`session_by_key`](Self::session_by_key).
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn session(&self, token: &SessionToken) -> Result<Option<ActiveSession>> {
        self.session_by_key(&SessionKey::of_token(token)).await
    }

    /// Ends the session of a token; without one it does nothing.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn sign_out(&self, token: &SessionToken) -> Result<()> {
        self.end_session(&SessionKey::of_token(token)).await
    }

    pub(crate) fn issue_token(&self) -> Result<Issued<SessionToken>> {
        let token = SessionToken::generate(self.inner.random.as_ref())?;
        Ok(Issued {
            key: SessionKey::of_token(&token),
            token,
            steps: Vec::new(),
        })
    }
}

impl<P: Plane> Auth<P> {
    /// A session with who is signed in and its roles in the workspace it acts in;
    /// `None` when there is none or it has ended.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn session_by_key(&self, key: &SessionKey) -> Result<Option<ActiveSession>> {
        let found = self.find_session(key, None).await?;
        Ok(found.map(|known| {
            let mut active = known.value.clone();
            active.session.last_seen_at = known.used_at().unwrap_or(active.session.last_seen_at);
            self.touch(&known);
            active
        }))
    }

    /// Ends a session; if there is none, it does nothing.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn end_session(&self, key: &SessionKey) -> Result<()> {
        let active = self.find_session(key, None).await?;
        if let Some(active) = active.as_ref().map(|known| &known.value)
            && let Some(by) = &active.session.impersonation
        {
            let stopped = self.stop_impersonation(key, &active.session, by);
            return stopped.await.map(drop);
        }
        let ended = [Affected::Session(*key)];
        let batch = Batch::new()
            .step(self.note_sign_out(key))
            .step(end::<P>(key));
        self.apply(&ended, batch).await
    }

    /// Who acts by a session, in the workspace that is named or in its own; the
    /// use is noted in the background. [`Workspace::not_there`] where he is no
    /// member.
    pub(crate) async fn identity_of_session(
        &self,
        key: &SessionKey,
        named: Option<TenantId>,
    ) -> Result<Option<Identity>> {
        let found = self.find_session(key, named).await?;
        Ok(found.map(|known| {
            self.touch(&known);
            known.value.identity::<P>()
        }))
    }

    /// What is remembered, or one indexed read.
    async fn find_session(
        &self,
        key: &SessionKey,
        named: Option<TenantId>,
    ) -> Result<Option<Found>> {
        let key = CacheKey { hash: key.0, named };
        let sessions = self.inner.sessions.get::<P>();
        let remembered = sessions.get(&key, &self.inner.store, self.now());
        // It may have been used elsewhere: that it is over, the database says.
        if let Some(known) = remembered.filter(|known| !self.has_ended(known)) {
            return Ok(Some(known));
        }
        let Some((known, is_member)) = self.read_session(&key).await? else {
            return Ok(None);
        };
        if known.value.user.disabled || self.has_ended(&known) {
            return Ok(None);
        }
        if !is_member {
            return Err(Workspace::not_there());
        }
        // Whether somebody may still act as another is asked each time.
        if known.value.session.impersonation.is_none() {
            sessions.put(key, &known);
        }
        Ok(Some(known))
    }

    /// The session, and whether its user is a member where it acts.
    async fn read_session(&self, key: &CacheKey) -> Result<Option<(Found, bool)>> {
        let (moment, now) = (self.inner.store.moment(), self.now());
        let hash = Value::Bytes(key.hash.to_vec());
        let asked = key.named.unwrap_or(self.home());
        let params = vec![asked.into(), hash, self.realm.into()];
        let rows = self
            .fetch(Statement::new(FIND.of::<P>(), params).with_cost(Cost::Short))
            .await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let mut session = Session::read(first)?;
        let affiliations = Affiliation::read_all(first.optional_text(AFFILIATIONS)?)?;
        let is_in = |id: &OrganizationId| affiliations.iter().any(|one| one.organization == *id);
        session.active_organization = session.active_organization.filter(is_in);
        if let Some(by) = &session.impersonation
            && !self.may_impersonate(by).await?
        {
            let key = SessionKey(key.hash);
            self.end_lapsed_impersonation(&key, &session, by).await?;
            return Ok(None);
        }
        let chosen = session.active_tenant.filter(|_| key.named.is_none());
        let chosen = chosen
            .map(|tenant| self.standing(&rows, tenant))
            .transpose()?;
        let standing = match chosen {
            Some(standing) if standing.is_member => standing,
            _ => self.standing(&rows, asked)?,
        };
        let active = ActiveSession {
            session,
            user: User::read(first, USER)?,
            tenant: standing.tenant,
            roles: standing.roles,
            affiliations,
            two_factor: first.boolean(TWO_FACTOR)?,
        };
        let about = [
            Place::of(active.user.id.uuid().as_bytes()),
            Place::of(&key.hash),
            Place::of(self.realm.id().as_bytes()),
        ];
        let used_at = Some(active.session.last_seen_at);
        let known = Known::new(active, about, moment, now, used_at);
        Ok(Some((Arc::new(known), standing.is_member)))
    }

    /// What the user of a session is in a workspace.
    fn standing(&self, rows: &Rows, tenant: TenantId) -> Result<Standing> {
        let mut there = Vec::new();
        for row in rows {
            if row.optional_uuid(ROLE_TENANT)? == Some(tenant.uuid()) {
                there.push(row);
            }
        }
        let is_member =
            tenant == self.home() || holds(there.iter().copied(), ROLE, role::AUTHENTICATED)?;
        let roles = read_roles(there, ROLE)?;
        Ok(Standing {
            tenant,
            roles,
            is_member,
        })
    }

    fn has_ended(&self, known: &Known<ActiveSession>) -> bool {
        let (now, session) = (self.now(), &known.value.session);
        let used_at = known.used_at().unwrap_or(session.last_seen_at);
        self.settings.lifetime.has_ended(session, used_at, now)
    }

    fn touch(&self, known: &Known<ActiveSession>) {
        let now = self.now();
        if known.touch(now) {
            let before = earlier(now, TOUCH_INTERVAL);
            let params = vec![now.into(), known.value.session.id.into(), before.into()];
            self.note(Step::new(Statement::new(TOUCH.of::<P>(), params)));
        }
    }

    /// Runs a step in the background that may as well not run.
    pub(crate) fn note(&self, step: Step) {
        let store = Arc::clone(&self.inner.store);
        self.inner.background.spawn(async move {
            let batch = Batch::new().step(step);
            if let Err(error) = store.apply::<P>(&NOBODY, batch).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "could not note a use"
                );
            }
        });
    }
}

impl ActiveSession {
    /// Who acts by it, and where he may.
    pub(crate) fn identity<P: Plane>(&self) -> Identity {
        let identity = Identity::host(self.user.id.to_string())
            .with_tenant(self.tenant)
            .with_guest(self.user.is_anonymous());
        let identity = match self.user.address() {
            Some(address) => identity.with_email(address),
            None => identity,
        };
        let identity = match &self.session.impersonation {
            Some(by) => identity
                .with_impersonator(Some(by.admin))
                .with_scope(Scope::FULL.with_read_only(by.read_only)),
            None => identity,
        };
        P::identify(identity, self)
    }

    /// Names of the roles he acts with: who has no account has none, whatever
    /// stands in the table.
    pub(crate) fn held_roles(&self) -> impl Iterator<Item = &String> {
        let roles = self.roles.iter();
        roles.filter(|_| !self.user.is_anonymous())
    }
}

impl Session {
    /// How many columns [`read`](Self::read) reads.
    pub(crate) const COLUMNS: usize = 14;

    /// Reads what `session` stands for in [`planes!`], from the first column on.
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: SessionId::new(row.uuid(0)?),
            user_id: UserId::new(row.uuid(1)?),
            created_at: row.timestamp(2)?,
            expires_at: row.timestamp(3)?,
            last_seen_at: row.timestamp(4)?,
            ip: row.optional_text(5)?.map(ToOwned::to_owned),
            user_agent: row.optional_text(6)?.map(ToOwned::to_owned),
            active_tenant: row.optional_uuid(7)?.map(TenantId::new),
            impersonation: Impersonation::read(row, 8)?,
            active_organization: row.optional_uuid(13)?.map(OrganizationId::new),
        })
    }
}

/// Ends a session.
pub(crate) fn end<P: Plane>(key: &SessionKey) -> Step {
    Step::new(Statement::new(DELETE.of::<P>(), vec![(*key).into()]))
}

/// Ends all sessions of a user.
pub(crate) fn end_all<P: Plane>(user: UserId) -> Step {
    Step::new(Statement::new(DELETE_OF_USER.of::<P>(), vec![user.into()]))
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
