//! Somebody of the team who acts as a user.
//!
//! A browser gets the cookie of the other session, and keeps its own beside it
//! until it stops. Whoever sends his token himself keeps it himself.

use std::time::Duration;

use http::header::SET_COOKIE;
use http::{HeaderValue, Method};
use serde_json::{Value as Json, json};
use workeros_auth::{
    ActiveSession, Auth, CookiePolicy, Credentials, Impersonation, NewImpersonation, Platform,
    SessionToken,
};
use workeros_core::input::Object;
use workeros_core::{Error, ErrorKind, Identity, Result, Subject, UserId};

use super::body::incomplete;
use super::wire::{write_session, write_user};
use crate::call::Call;
use crate::cookie::{self, Keep};
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, not_signed_in, paths};
use crate::reply::Reply;

const STOP: Paths = paths!("/admin/stop-impersonating");

/// The cookie beside the session's with the one of who impersonates.
const COOKIE: &str = "admin";
/// As long a browser keeps it: as long as he may act as somebody else.
const KEPT: Duration = Duration::from_hours(1);

pub(super) fn endpoints<P: Wired>() -> Vec<Endpoint> {
    let stop = Endpoint::new(Method::POST, P::path(STOP), Access::Open, stop::<P>);
    vec![stop]
}

/// Who runs the instance acts as somebody of the team.
pub(in crate::routes) fn of_team() -> Vec<Endpoint> {
    const START: &str = "/api/auth/admin/impersonate-user";
    let start = Endpoint::new(Method::POST, START, Access::Operator, start);
    vec![start.with_json().for_better_auth()]
}

async fn start(call: Call) -> Result<Reply> {
    let (auth, tenant) = (call.auth()?, call.tenant());
    let new = read_start(call.json())?;
    let by = auth.impersonator(call.identity()?, tenant).await?;
    require_no_operator(&call, &auth, new.user).await?;
    let request = call.request_info();
    let signed_in = auth.impersonate(&by, &new, &request).await?;
    let token = signed_in.token.expose();
    let answer = json!({
        "session": write_session(&signed_in.session, token),
        "user": write_user(&signed_in.user, None),
    });
    let reply = Platform::hand_over(&auth, &signed_in, answer, Keep::UntilClosed).await?;
    match auth.credentials(call.headers())? {
        Some(Credentials::Cookie(own)) => {
            Ok(reply.with_header(SET_COOKIE, keep(auth.cookie(), own.expose(), KEPT)?))
        }
        _ => Ok(reply),
    }
}

/// Roles may make somebody who runs the instance whatever they are called.
async fn require_no_operator(call: &Call, auth: &Auth, user: UserId) -> Result<()> {
    let tenant = call.tenant();
    let roles = auth.roles_of(tenant, user).await?.into_iter();
    let identity = roles.fold(Identity::host(user.to_string()), Identity::with_role);
    let subject = Subject::identified(tenant, identity);
    match call.plane().require_operator(&subject).await {
        Ok(()) => Err(Error::new(ErrorKind::Forbidden, "nobody acts as this user")
            .with_code("YOU_CANNOT_IMPERSONATE_ADMINS")),
        Err(error) if error.kind() == ErrorKind::Forbidden => Ok(()),
        Err(error) => Err(error),
    }
}

async fn stop<P: Wired>(call: Call) -> Result<Reply> {
    let auth = P::auth(&call).await?;
    let key = P::presented(&call, &auth).await?;
    let stopped = auth
        .stop_impersonating(&key.ok_or_else(not_signed_in)?)
        .await?;
    let Some(policy) = P::cookies(&auth) else {
        return Ok(Reply::json(&json!({"session": null, "user": null})));
    };
    let team = call.auth()?;
    let reply = match own(&call, &team, policy, &stopped).await? {
        Some((token, active)) => {
            let answer = json!({
                "session": write_session(&active.session, token.expose()),
                "user": write_user(&active.user, Some(&active.roles)),
            });
            let cookie = cookie::set(&team, &token, Keep::Session)?;
            Reply::json(&answer).with_header(SET_COOKIE, cookie)
        }
        None => {
            let nobody = json!({"session": null, "user": null});
            P::forget(Reply::json(&nobody), &auth)?
        }
    };
    Ok(reply.with_header(SET_COOKIE, keep(policy, "", Duration::ZERO)?))
}

/// His own session, if the browser has kept it.
async fn own(
    call: &Call,
    team: &Auth,
    policy: &CookiePolicy,
    stopped: &Impersonation,
) -> Result<Option<(SessionToken, ActiveSession)>> {
    let token = cookie::read_beside(call.headers(), policy, COOKIE).and_then(SessionToken::parse);
    let Some(token) = token else {
        return Ok(None);
    };
    let active = team.session(&token).await?;
    let active = active.filter(|active| active.session.id == stopped.admin_session);
    Ok(active.map(|active| (token, active)))
}

fn keep(policy: &CookiePolicy, token: &str, lifetime: Duration) -> Result<HeaderValue> {
    cookie::set_beside(policy, COOKIE, token, lifetime)
}

/// Reads `{userId, reason, write?}`.
fn read_start(body: &Json) -> Result<NewImpersonation> {
    let mut object = Object::read(body, "")?;
    let user = object.required_string("userId");
    let new = read_why(&mut object, |reason| {
        let user = user.parse().map_err(|_| Error::not_found())?;
        NewImpersonation::new(user, reason)
    });
    object.finish()?;
    new.ok_or_else(incomplete)?
}

/// Reads `reason` and `write`.
pub(in crate::routes) fn read_why(
    object: &mut Object,
    new: impl FnOnce(&str) -> Result<NewImpersonation>,
) -> Option<Result<NewImpersonation>> {
    object.require("reason");
    let write = object.boolean("write").unwrap_or(false);
    let new = new(&object.string("reason")?);
    Some(new.map(|new| new.with_read_only(!write)))
}
