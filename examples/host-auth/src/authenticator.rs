use async_trait::async_trait;
use axum::http::header::COOKIE as COOKIES;
use axum::http::request::Parts;
use workeros::{Authenticator, Error, ErrorKind, Identity, Result, TenantId};

use crate::{COOKIE, People, Sessions};

/// Tells the backend who somebody is by the shop's own sessions.
#[derive(Debug, Clone)]
pub struct ShopUsers {
    /// The shop's users.
    pub people: People,
    /// Their sessions.
    pub sessions: Sessions,
}

#[async_trait]
impl Authenticator for ShopUsers {
    /// The position is looked up each time: who is promoted or let go need not
    /// sign in again for it to count.
    async fn authenticate(&self, request: &Parts, _: Option<TenantId>) -> Result<Option<Identity>> {
        let Some(session) = session(request)? else {
            return Ok(None);
        };
        let name = self.sessions.name(session);
        let known = name.and_then(|name| Some((name, self.people.position(name)?)));
        let (name, position) =
            known.ok_or_else(|| Error::new(ErrorKind::Unauthorized, "the session has ended"))?;
        let identity = Identity::host(name);
        Ok(Some(match position.role() {
            Some(role) => identity.with_role(role),
            None => identity,
        }))
    }
}

/// The session a request comes with.
fn session(request: &Parts) -> Result<Option<&str>> {
    for cookies in request.headers.get_all(COOKIES) {
        let cookies = cookies.to_str().map_err(|error| {
            Error::new(ErrorKind::BadRequest, "the cookies cannot be read").with_source(error)
        })?;
        for cookie in cookies.split(';') {
            if let Some((COOKIE, session)) = cookie.trim().split_once('=') {
                return Ok(Some(session));
            }
        }
    }
    Ok(None)
}
