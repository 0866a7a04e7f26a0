//! One's own sessions.
//!
//! Of a session's token only the hash is kept. Where a client of better-auth
//! looks for the token of another session it finds the session's id, which
//! names it and proves nothing.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::SessionName;
use workeros_core::input::Object;
use workeros_core::{Error, Result};

use super::own::Own;
use super::wire::write_session;
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;

const LIST: Paths = paths!("/list-sessions");
const REVOKE: Paths = paths!("/revoke-session");
const REVOKE_ALL: Paths = paths!("/revoke-sessions");
const REVOKE_OTHERS: Paths = paths!("/revoke-other-sessions");

pub(super) fn endpoints<P: Wired>() -> Vec<Endpoint> {
    let signed_in = Access::SignedIn;
    let (list, revoke) = (P::path(LIST), P::path(REVOKE));
    let (revoke_all, revoke_others) = (P::path(REVOKE_ALL), P::path(REVOKE_OTHERS));
    let endpoints = vec![
        Endpoint::new(Method::GET, list, signed_in, list_sessions::<P>),
        Endpoint::new(Method::POST, revoke, signed_in, revoke_session::<P>).with_json(),
        Endpoint::new(Method::POST, revoke_all, signed_in, revoke_sessions::<P>),
        Endpoint::new(
            Method::POST,
            revoke_others,
            signed_in,
            revoke_other_sessions::<P>,
        ),
    ];
    endpoints.into_iter().map(Endpoint::for_guests).collect()
}

async fn list_sessions<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    let sessions = own.auth.sessions(own.user).await?;
    let written = sessions.iter().map(|session| {
        if session.id == own.session {
            write_session(session, &P::token_of(&call, session))
        } else {
            write_session(session, &session.id.to_string())
        }
    });
    Ok(Reply::json(&written.collect()))
}

async fn revoke_session<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    let name = read_name(call.json())?;
    own.auth.revoke_session(own.user, &name).await?;
    if own.is(&call, &name).await? {
        return P::forget(done(), &own.auth);
    }
    Ok(done())
}

async fn revoke_sessions<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    own.auth.revoke_sessions(own.user).await?;
    P::forget(done(), &own.auth)
}

async fn revoke_other_sessions<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    own.auth
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
