use workeros_core::{Batch, ErrorKind, Expect, Result, SessionId, Statement, Step, UserId, Value};

use crate::changes::Affected;
use crate::session::{earlier, end_all};
use crate::{Auth, Session, SessionToken};

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

const LIST: &str = "SELECT id, user_id, created_at, expires_at, last_seen_at, ip, user_agent, \
    active_tenant FROM workeros_sessions \
    WHERE user_id = $1 AND expires_at > $2 AND last_seen_at > $3 ORDER BY id DESC LIMIT 1000";
const DELETE_BY_ID: &str = "DELETE FROM workeros_sessions WHERE user_id = $1 AND id = $2";
const DELETE_BY_TOKEN: &str =
    "DELETE FROM workeros_sessions WHERE user_id = $1 AND token_hash = $2";
const DELETE_OTHERS: &str = "DELETE FROM workeros_sessions WHERE user_id = $1 AND id <> $2";

impl Auth {
    /// The sessions of a user that have not ended, newest first, at most 1000.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<Session>> {
        let now = self.now();
        let idle_since = earlier(now, self.inner.lifetime.idle);
        let params = vec![user.into(), now.into(), idle_since.into()];
        let rows = self.fetch(Statement::new(LIST, params)).await?;
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
            SessionName::Id(id) => Statement::new(DELETE_BY_ID, vec![user.into(), (*id).into()]),
            SessionName::Token(token) => {
                let hash = Value::Bytes(token.hash().to_vec());
                Statement::new(DELETE_BY_TOKEN, vec![user.into(), hash])
            }
        };
        let step = Step::new(statement).expect(Expect::One, ErrorKind::NotFound, "not found");
        self.apply(&[Affected::User(user)], Batch::new().step(step))
            .await
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn revoke_sessions(&self, user: UserId) -> Result<()> {
        let batch = Batch::new().step(end_all(user));
        self.apply(&[Affected::User(user)], batch).await
    }

    /// Ends all sessions of a user but one.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn revoke_other_sessions(&self, user: UserId, kept: SessionId) -> Result<()> {
        let statement = Statement::new(DELETE_OTHERS, vec![user.into(), kept.into()]);
        let batch = Batch::new().step(Step::new(statement));
        self.apply(&[Affected::User(user)], batch).await
    }
}
