//! That the end of each impersonation is noted once, however it ends.
//!
//! What began has a row here that nothing takes along. Whoever takes it away notes
//! the end in the same batch: who stops, who finds that it may not go on, or the
//! sweep, once its session is over or gone.

use workeros_core::{
    Batch, ErrorKind, Expect, Migration, Result, Row, SessionId, Statement, Step, UserId,
};

use super::Impersonation;
use crate::activity::{ActivityKind, Caller, NewActivity};
use crate::changes::{Affected, NOBODY};
use crate::session::end;
use crate::{Auth, Plane, Realm, Session, SessionKey};

pub(crate) const IMPERSONATIONS: Migration = Migration {
    name: "auth-0041-impersonations",
    sqlite: &["CREATE TABLE workeros_impersonations (\
        session_id TEXT PRIMARY KEY NOT NULL, \
        realm_id TEXT NOT NULL, \
        user_id TEXT NOT NULL, \
        admin_id TEXT NOT NULL, \
        ends_at TEXT NOT NULL) STRICT"],
    postgres: &["CREATE TABLE workeros_impersonations (\
        session_id uuid PRIMARY KEY, \
        realm_id uuid NOT NULL, \
        user_id uuid NOT NULL, \
        admin_id uuid NOT NULL, \
        ends_at timestamptz NOT NULL)"],
};

/// One that has begun, and whose end is not noted.
#[derive(Debug, Clone, Copy)]
struct Begun {
    session: SessionId,
    realm: Realm,
    user: UserId,
    admin: UserId,
}

const BEGIN: &str = "INSERT INTO workeros_impersonations \
    (session_id, realm_id, user_id, admin_id, ends_at) VALUES ($1, $2, $3, $4, $5)";
const TAKE: &str = "DELETE FROM workeros_impersonations WHERE session_id = $1";
const OVER: &str = "SELECT i.session_id, i.realm_id, i.user_id, i.admin_id \
    FROM workeros_impersonations i WHERE i.ends_at <= $1 OR NOT (\
    EXISTS (SELECT 1 FROM workeros_sessions s WHERE s.id = i.session_id) \
    OR EXISTS (SELECT 1 FROM app_sessions s WHERE s.id = i.session_id)) \
    ORDER BY i.ends_at LIMIT 1000";

/// Who ends what ends by itself.
const NOBODY_IN_PERSON: &str = "system";

impl<P: Plane> Auth<P> {
    /// A step that keeps in mind that the end of a session is to be noted.
    pub(super) fn begin_impersonation(&self, session: &Session, admin: UserId) -> Step {
        let params = vec![
            session.id.into(),
            self.realm.into(),
            session.user_id.into(),
            admin.into(),
            session.expires_at.into(),
        ];
        Step::new(Statement::new(BEGIN, params))
    }

    /// Ends the session by which somebody acts as its user, because he wants it;
    /// `false` when it was over already.
    pub(crate) async fn stop_impersonation(
        &self,
        key: &SessionKey,
        session: &Session,
        by: &Impersonation,
    ) -> Result<bool> {
        let ended = Begun::of(self.realm, session, by);
        let stopped = ended.activity().by(by.admin);
        let batch = Batch::new()
            .step(end::<P>(key))
            .step(ended.take())
            .step(self.note_activity(stopped));
        is_first(self.apply(&[Affected::Session(*key)], batch).await)
    }

    /// Ends the session of somebody who was found to be allowed it no more;
    /// `false` when it was over already.
    pub(crate) async fn end_lapsed_impersonation(
        &self,
        key: &SessionKey,
        session: &Session,
        by: &Impersonation,
    ) -> Result<bool> {
        let mut batch = Batch::new().step(end::<P>(key));
        batch.extend(self.note_lapse(Begun::of(self.realm, session, by)));
        is_first(self.apply(&[Affected::Session(*key)], batch).await)
    }

    fn note_lapse(&self, ended: Begun) -> [Step; 2] {
        let by_itself = self.for_caller(Caller::new(NOBODY_IN_PERSON));
        let lapsed = by_itself.note_activity_in(ended.realm, ended.activity());
        [ended.take(), lapsed]
    }

    /// Notes what is over of either plane, and nobody has noted.
    pub(crate) async fn note_ended_impersonations(&self) -> Result<()> {
        let over = Statement::new(OVER, vec![self.now().into()]);
        for row in &self.fetch(over).await?.rows {
            let mut batch = Batch::new();
            batch.extend(self.note_lapse(Begun::read(row)?));
            is_first(self.apply(&NOBODY, batch).await)?;
        }
        Ok(())
    }
}

impl Begun {
    fn of(realm: Realm, session: &Session, by: &Impersonation) -> Self {
        Self {
            session: session.id,
            realm,
            user: session.user_id,
            admin: by.admin,
        }
    }

    /// Reads `session_id, realm_id, user_id, admin_id`.
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            session: SessionId::new(row.uuid(0)?),
            realm: Realm::of_id(row.uuid(1)?),
            user: UserId::new(row.uuid(2)?),
            admin: UserId::new(row.uuid(3)?),
        })
    }

    /// Of several who note it one does.
    fn take(&self) -> Step {
        let step = Step::new(Statement::new(TAKE, vec![self.session.into()]));
        step.expect(Expect::One, ErrorKind::NotFound, "not found")
    }

    fn activity(&self) -> NewActivity {
        NewActivity::new(ActivityKind::ImpersonationStopped)
            .about(self.user)
            .with("admin_id", self.admin.to_string())
            .with("session_id", self.session.to_string())
    }
}

/// Whether nobody else has noted it before.
fn is_first(noted: Result<()>) -> Result<bool> {
    match noted {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
