//! One's own sessions.
//!
//! Of a session's token only the hash is kept. Where a client of better-auth
//! looks for the token of another session it finds the session's id, which
//! names it and proves nothing.

use http::Method;
use http::header::SET_COOKIE;
use serde_json::{Value as Json, json};
use workeros_auth::SessionName;
use workeros_core::input::Object;
use workeros_core::{Error, Result};

use super::own::Own;
use super::wire::write_session;
use crate::call::Call;
use crate::cookie;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const LIST: &str = "/api/auth/list-sessions";
    const REVOKE: &str = "/api/auth/revoke-session";
    const REVOKE_ALL: &str = "/api/auth/revoke-sessions";
    const REVOKE_OTHERS: &str = "/api/auth/revoke-other-sessions";
    let signed_in = Access::SignedIn;
    vec![
        Endpoint::new(Method::GET, LIST, signed_in, list_sessions),
        Endpoint::new(Method::POST, REVOKE, signed_in, revoke_session).with_json(),
        Endpoint::new(Method::POST, REVOKE_ALL, signed_in, revoke_sessions),
        Endpoint::new(
            Method::POST,
            REVOKE_OTHERS,
            signed_in,
            revoke_other_sessions,
        ),
    ]
}

async fn list_sessions(call: Call) -> Result<Reply> {
    let own = Own::of(&call)?;
    let sessions = call.auth()?.sessions(own.user).await?;
    let written = sessions.iter().map(|session| {
        let id = session.id.to_string();
        let name = if session.id == own.session {
            own.token.expose()
        } else {
            &id
        };
        write_session(session, name)
    });
    Ok(Reply::json(&written.collect()))
}

async fn revoke_session(call: Call) -> Result<Reply> {
    let own = Own::of(&call)?;
    let auth = call.auth()?;
    let name = read_name(call.json())?;
    auth.revoke_session(own.user, &name).await?;
    let reply = done();
    if name == SessionName::Id(own.session) || name == SessionName::Token(own.token) {
        return Ok(reply.with_header(SET_COOKIE, cookie::clear(auth)?));
    }
    Ok(reply)
}

async fn revoke_sessions(call: Call) -> Result<Reply> {
    let (own, auth) = (Own::of(&call)?, call.auth()?);
    auth.revoke_sessions(own.user).await?;
    Ok(done().with_header(SET_COOKIE, cookie::clear(auth)?))
}

async fn revoke_other_sessions(call: Call) -> Result<Reply> {
    let own = Own::of(&call)?;
    call.auth()?
        .revoke_other_sessions(own.user, own.session)
        .await?;
    Ok(done())
}

fn done() -> Reply {
    Reply::json(&json!({"status": true}))
}

/// Reads `{token}`. What cannot name a session names none.
fn read_name(body: &Json) -> Result<SessionName> {
    let mut object = Object::read(body, "")?;
    let text = object.required_string("token");
    object.finish()?;
    SessionName::parse(&text).ok_or_else(Error::not_found)
}
