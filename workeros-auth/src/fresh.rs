//! What takes somebody who has just shown who he is.

use std::time::Duration;

use workeros_core::{Cost, Error, ErrorKind, Result, SessionId, Statement};

use crate::plane::{PlaneSql, planes};
use crate::session::earlier;
use crate::{Auth, Plane};

/// How long ago somebody may have signed in to change what others could sign
/// in by.
const FRESH: Duration = Duration::from_mins(10);

const OPENED_AT: PlaneSql =
    planes!("SELECT created_at, admin_id FROM " p "_sessions WHERE realm_id = $1 AND id = $2");

impl<P: Plane> Auth<P> {
    /// Lets pass who has signed in within the last ten minutes, by himself. The
    /// database is asked, whatever is remembered of the session.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](ErrorKind::Forbidden) with code `REAUTH_REQUIRED`: he has
    /// to sign in again.
    pub async fn require_fresh(&self, session: SessionId) -> Result<()> {
        let params = vec![self.realm.into(), session.into()];
        let statement = Statement::new(OPENED_AT.of::<P>(), params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let himself = rows.first().filter(|row| row.is_null(1));
        let opened_at = himself.map(|row| row.timestamp(0)).transpose()?;
        let since = earlier(self.now(), FRESH);
        match opened_at {
            Some(at) if at >= since => Ok(()),
            _ => Err(Error::new(ErrorKind::Forbidden, "sign in again to do this")
                .with_code("REAUTH_REQUIRED")),
        }
    }
}
