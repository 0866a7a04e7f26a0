use workeros_auth::SessionToken;
use workeros_core::{Credential, Error, ErrorKind, Result, SessionId, UserId};

use crate::call::Call;

/// The session a request came with, and whose it is.
pub(super) struct Own {
    pub(super) user: UserId,
    pub(super) session: SessionId,
    pub(super) token: SessionToken,
}

impl Own {
    /// A key or a user of the host's own has no session.
    pub(super) fn of(call: &Call) -> Result<Self> {
        let identity = call.identity()?;
        let refused = || Error::new(ErrorKind::Forbidden, "sign in to do this");
        let Credential::Session(session) = identity.credential else {
            return Err(refused());
        };
        Ok(Self {
            user: identity.user_id.parse().map_err(|_| refused())?,
            session,
            token: call.request_info().replaces.ok_or_else(refused)?,
        })
    }
}
