//! What takes somebody who has just shown who he is.

use std::time::Duration;

use workeros_core::{Cost, Error, ErrorKind, Result, SessionId, Statement, UserId};

use crate::plane::{PlaneSql, planes};
use crate::session::earlier;
use crate::{Auth, Plane};

/// How long ago somebody may have signed in to change what others could sign
/// in by.
const FRESH: Duration = Duration::from_mins(10);

const OPENED: PlaneSql = planes!(
    "SELECT user_id, created_at FROM " p "_sessions \
    WHERE realm_id = $1 AND id = $2 AND admin_id IS NULL"
);

/// Somebody who signed in within the last ten minutes, by himself. Only
/// [`Auth::require_fresh`] makes one, so what takes one cannot be had without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreshSession {
    user: UserId,
    session: SessionId,
}

impl FreshSession {
    /// Who it is.
    #[must_use]
    pub fn user(self) -> UserId {
        self.user
    }

    /// By which session.
    #[must_use]
    pub fn session(self) -> SessionId {
        self.session
    }
}

impl<P: Plane> Auth<P> {
    /// Lets pass who has signed in within the last ten minutes, by himself. The
    /// database is asked, whatever is remembered of the session.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](ErrorKind::Forbidden) with code `REAUTH_REQUIRED`: he has
    /// to sign in again.
    pub async fn require_fresh(&self, session: SessionId) -> Result<FreshSession> {
        let params = vec![self.realm.into(), session.into()];
        let statement = Statement::new(OPENED.of::<P>(), params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let row = rows.first().ok_or_else(stale)?;
        if row.timestamp(1)? < earlier(self.now(), FRESH) {
            return Err(stale());
        }
        Ok(FreshSession {
            user: UserId::new(row.uuid(0)?),
            session,
        })
    }
}

fn stale() -> Error {
    Error::new(ErrorKind::Forbidden, "sign in again to do this").with_code("REAUTH_REQUIRED")
}
