use sha2::{Digest as _, Sha256};
use workeros_core::{SessionId, Value};

use crate::SessionToken;
use crate::changes::SecretHash;

/// What a session is found by, and what is stored of it: on the platform the
/// SHA-256 of its token, in an app that of its id, which only counts where an
/// access token that we signed carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKey(pub(crate) SecretHash);

impl SessionKey {
    /// The key of a session of the platform.
    #[must_use]
    pub fn of_token(token: &SessionToken) -> Self {
        Self(token.hash())
    }

    /// The key of a session of an app.
    pub(crate) fn of_id(session: SessionId) -> Self {
        let id = session.uuid();
        Self(Sha256::digest([b"session ".as_slice(), id.as_bytes()].concat()).into())
    }
}

impl From<SessionKey> for Value {
    fn from(key: SessionKey) -> Self {
        Self::Bytes(key.0.to_vec())
    }
}
