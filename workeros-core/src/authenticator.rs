use std::fmt::Debug;

use async_trait::async_trait;
use http::request::Parts;

use crate::{Identity, Result, TenantId};

/// Finds out who sent a request. A host implements it to bring users of its
/// own.
///
/// # Contract
///
/// * No credentials at all: `Ok(None)`; the caller is anonymous.
/// * Credentials that are there but not valid (unknown, expired, revoked):
///   [`Unauthorized`](crate::ErrorKind::Unauthorized), never `Ok(None)`.
///   A header that cannot be read: [`BadRequest`](crate::ErrorKind::BadRequest).
/// * Nothing but the credentials decides: no other header, no query parameter.
/// * It is asked on every request; what it caches it must drop when a session
///   is revoked.
#[async_trait]
pub trait Authenticator: Debug + Send + Sync + 'static {
    /// Reads the credentials of a request. `tenant` is the workspace the
    /// request names, or the default one.
    async fn authenticate(&self, request: &Parts, tenant: TenantId) -> Result<Option<Identity>>;
}
