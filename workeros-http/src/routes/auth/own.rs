use workeros_auth::{Auth, SessionName};
use workeros_core::{Error, ErrorKind, Result, SessionId, UserId};

use crate::call::Call;
use crate::plane::{Wired, not_signed_in};

/// The session a request came with, whose it is, and among which users.
pub(super) struct Own<P: Wired> {
    pub(super) auth: Auth<P>,
    pub(super) user: UserId,
    pub(super) session: SessionId,
}

impl<P: Wired> Own<P> {
    /// A key or a user of the host's own has no session; one of the other plane
    /// or of another workspace is nobody here.
    pub(super) async fn of(call: &Call) -> Result<Self> {
        let auth = P::auth(call).await?;
        let identity = call.identity()?;
        let session = P::session_of(call, identity, &auth).ok_or_else(|| refused(call))?;
        Ok(Self {
            user: identity.user_id.parse().map_err(|_| not_signed_in())?,
            session,
            auth,
        })
    }

    /// Whether this session is the one that is named.
    pub(super) async fn is(&self, call: &Call, name: &SessionName) -> Result<bool> {
        match name {
            SessionName::Id(id) => Ok(*id == self.session),
            SessionName::Token(token) => {
                let presented = P::presented(call, &self.auth).await?;
                Ok(presented == Some(workeros_auth::SessionKey::of_token(token)))
            }
        }
    }
}

/// Somebody is known, and yet has no session here.
fn refused(call: &Call) -> Error {
    use workeros_core::Credential::{AppSession, Session};
    let credential = call.identity().map(|identity| identity.credential);
    match credential {
        Ok(Session(_) | AppSession(_)) | Err(_) => not_signed_in(),
        Ok(_) => Error::new(ErrorKind::Forbidden, "sign in to do this"),
    }
}
