//! A session that is about to be opened.

use serde_json::{Map, Value as Json};
use workeros_core::{ErrorKind, Expect, Result, SessionId, Statement, Step, UserId};

use crate::key::SessionKey;
use crate::plane::{Issued, PlaneSql, planes};
use crate::refusal::INVALID_LOGIN;
use crate::session::{earlier, later};
use crate::{Auth, Plane, Realm, RequestInfo, Session, SignedIn, User};

/// A session that is not stored yet, with what proves it and what its tokens
/// say.
#[derive(Debug)]
pub(crate) struct NewSession<P: Plane> {
    pub(crate) session: Session,
    issued: Issued<P::Token>,
    claims: Map<String, Json>,
}

const DELETE_ENDED: PlaneSql = planes!(
    "DELETE FROM " p "_sessions WHERE user_id = $1 AND (expires_at <= $2 OR last_seen_at <= $3)"
);
/// Only while the user is as it was when its password was checked, if it was.
const INSERT: PlaneSql = planes!(
    "INSERT INTO " p "_sessions \
    (id, realm_id, user_id, key, created_at, expires_at, last_seen_at, ip, user_agent) \
    SELECT $1, u.realm_id, u.id, $2, $3, $4, $5, $6, $7 FROM " p "_users u \
    WHERE u.id = $8 AND u.realm_id = $9 AND NOT u.disabled \
    AND (u.password_hash = $10 OR $11)"
);

impl<P: Plane> NewSession<P> {
    /// What it will be found by.
    pub(crate) fn key(&self) -> SessionKey {
        self.issued.key
    }

    /// Stores it unless the user is disabled, or its password is no longer the
    /// one that was checked, if it was.
    pub(crate) fn insert(&self, realm: Realm, password_hash: Option<&str>) -> Step {
        let session = &self.session;
        let params = vec![
            session.id.into(),
            self.issued.key.into(),
            session.created_at.into(),
            session.expires_at.into(),
            session.last_seen_at.into(),
            session.ip.clone().into(),
            session.user_agent.clone().into(),
            session.user_id.into(),
            realm.into(),
            password_hash.into(),
            password_hash.is_none().into(),
        ];
        Step::new(Statement::new(INSERT.of::<P>(), params)).expect(
            Expect::One,
            ErrorKind::Unauthorized,
            INVALID_LOGIN,
        )
    }

    /// What is stored of its token, behind the session.
    pub(crate) fn take_token_steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.issued.steps)
    }

    /// For whoever asked, once it is stored.
    pub(crate) fn opened(self, user: User) -> SignedIn<P> {
        SignedIn {
            token: self.issued.token,
            session: self.session,
            user,
            claims: self.claims,
        }
    }
}

impl<P: Plane> Auth<P> {
    /// A session of the user, of which nothing but this is known yet.
    pub(crate) fn draft_session(&self, user: UserId, request: &RequestInfo) -> Session {
        let now = self.now();
        Session {
            id: SessionId::new(self.inner.ids.next_id()),
            user_id: user,
            created_at: now,
            expires_at: later(now, self.settings.lifetime.absolute),
            last_seen_at: now,
            ip: request.ip.map(|ip| ip.to_string()),
            user_agent: request.user_agent.clone(),
            active_tenant: None,
            active_organization: None,
            impersonation: None,
        }
    }

    /// Makes what proves a session, and asks what its tokens say.
    pub(crate) async fn new_session(&self, user: &User, session: Session) -> Result<NewSession<P>> {
        let claims = P::claims(self, user, &session).await?;
        let issued = P::issue(self, &session)?;
        Ok(NewSession {
            session,
            issued,
            claims,
        })
    }

    /// Drops what has ended of the user's sessions, so that they do not pile
    /// up.
    pub(crate) fn sweep_sessions(&self, user: UserId) -> Step {
        let now = self.now();
        let idle_since = earlier(now, self.settings.lifetime.idle);
        let params = vec![user.into(), now.into(), idle_since.into()];
        Step::new(Statement::new(DELETE_ENDED.of::<P>(), params))
    }
}
