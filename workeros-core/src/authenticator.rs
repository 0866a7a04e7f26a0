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
/// * Nothing but the credentials decides who it is: no other header, no query
///   parameter.
/// * The identity is [bound](Identity::with_tenant) to the workspace it acts in,
///   and its roles are those it has there; without one it acts in the default
///   workspace. If the request names a workspace and the identity does not act in
///   it, the request is refused. Somebody who may act in several acts in the one
///   that is named; where he is no member the answer is
///   [`Workspace::not_there`](crate::Workspace::not_there).
/// * It is asked on every request; what it caches it must drop when a session
///   is revoked.
#[async_trait]
pub trait Authenticator: Debug + Send + Sync + 'static {
    /// Reads the credentials of a request. `named` is the workspace the request
    /// names, if it does.
    async fn authenticate(
        &self,
        request: &Parts,
        named: Option<TenantId>,
    ) -> Result<Option<Identity>>;
}
