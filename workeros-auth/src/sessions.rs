use workeros_core::{Batch, ErrorKind, Expect, Result, SessionId, Statement, Step, UserId};

use crate::activity::{ActivityKind, NewActivity};
use crate::changes::Affected;
use crate::key::SessionKey;
use crate::plane::{PlaneSql, planes};
use crate::session::{earlier, end_all};
use crate::{Auth, Plane, Session, SessionToken};

/// What a user names one of its sessions by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionName {
    /// Its id, which proves nothing.
    Id(SessionId),
    /// Its token.
    Token(SessionToken),
}

impl SessionName {
    /// Reads an id or a token; `None` when it cannot be either.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let token = SessionToken::parse(text).map(Self::Token);
        token.or_else(|| text.parse().ok().map(Self::Id))
    }
}

const LIST: PlaneSql = planes!(
    "SELECT " session " FROM " p "_sessions s WHERE s.realm_id = $1 AND s.user_id = $2 \
    AND s.expires_at > $3 AND s.last_seen_at > $4 ORDER BY s.id DESC LIMIT 1000"
);
const DELETE_BY_ID: PlaneSql =
    planes!("DELETE FROM " p "_sessions WHERE realm_id = $1 AND user_id = $2 AND id = $3");
const DELETE_BY_KEY: PlaneSql =
    planes!("DELETE FROM " p "_sessions WHERE realm_id = $1 AND user_id = $2 AND key = $3");
const DELETE_OTHERS: PlaneSql =
    planes!("DELETE FROM " p "_sessions WHERE realm_id = $1 AND user_id = $2 AND id <> $3");

impl<P: Plane> Auth<P> {
    /// The sessions of a user that have not ended, newest first, at most 1000.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<Session>> {
        let now = self.now();
        let idle_since = earlier(now, self.settings.lifetime.idle);
        let realm = self.realm.into();
        let params = vec![realm, user.into(), now.into(), idle_since.into()];
        let rows = self.fetch(Statement::new(LIST.of::<P>(), params)).await?;
        rows.iter().map(Session::read).collect()
    }

    /// Ends one session of a user.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) without such a session, also when it
    /// is somebody else's.
    pub async fn revoke_session(&self, user: UserId, session: &SessionName) -> Result<()> {
        let statement = match session {
            SessionName::Id(id) => {
                let params = vec![self.realm.into(), user.into(), (*id).into()];
                Statement::new(DELETE_BY_ID.of::<P>(), params)
            }
            SessionName::Token(token) => {
                let key = SessionKey::of_token(token);
                let params = vec![self.realm.into(), user.into(), key.into()];
                Statement::new(DELETE_BY_KEY.of::<P>(), params)
            }
        };
        let step = Step::new(statement).expect(Expect::One, ErrorKind::NotFound, "not found");
        let batch = Batch::new().step(step).step(self.revoked(user));
        self.apply(&[Affected::User(user)], batch).await
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn revoke_sessions(&self, user: UserId) -> Result<()> {
        let batch = Batch::new()
            .step(end_all::<P>(user))
            .step(self.revoked(user));
        self.apply(&[Affected::User(user)], batch).await
    }

    /// Ends all sessions of a user but one.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn revoke_other_sessions(&self, user: UserId, kept: SessionId) -> Result<()> {
        let params = vec![self.realm.into(), user.into(), kept.into()];
        let statement = Statement::new(DELETE_OTHERS.of::<P>(), params);
        let batch = Batch::new()
            .step(Step::new(statement))
            .step(self.revoked(user));
        self.apply(&[Affected::User(user)], batch).await
    }

    fn revoked(&self, user: UserId) -> Step {
        self.note_activity(NewActivity::new(ActivityKind::SessionsRevoked).about(user))
    }
}
