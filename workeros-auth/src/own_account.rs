use workeros_core::Result;

use crate::{Auth, Plane, RequestInfo, StillMe};

impl<P: Plane> Auth<P> {
    /// Deletes a user who wants it, with all there is to sign in by. It takes
    /// his password, or that he has just signed in.
    ///
    /// # Errors
    ///
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) with code `INVALID_PASSWORD`, or,
    ///   where none is given, `REAUTH_REQUIRED`.
    /// * [`Conflict`](workeros_core::ErrorKind::Conflict) when a workspace would lose its last
    ///   admin.
    /// * [`RateLimited`](workeros_core::ErrorKind::RateLimited) after too many wrong passwords.
    pub async fn delete_own_account(
        &self,
        still_me: &StillMe,
        request: &RequestInfo,
    ) -> Result<()> {
        match still_me.password {
            Some(_) => self.check_still(still_me, request).await.map(drop)?,
            None => self.require_fresh(still_me.session).await.map(drop)?,
        }
        self.delete_user(still_me.user).await
    }
}
