//! What users change of themselves.

use http::Method;
use http::header::SET_COOKIE;
use serde_json::{Value as Json, json};
use workeros_auth::{ChangePassword, DisplayName, Password, UserPatch};
use workeros_core::Result;
use workeros_core::input::Object;

use super::body::{at_new_password, incomplete, read_new_password};
use super::own::Own;
use super::wire::write_user;
use crate::call::Call;
use crate::cookie::{self, Keep};
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const UPDATE: &str = "/api/auth/update-user";
    const PASSWORD: &str = "/api/auth/change-password";
    let signed_in = Access::SignedIn;
    vec![
        Endpoint::new(Method::POST, UPDATE, signed_in, update_user).with_json(),
        Endpoint::new(Method::POST, PASSWORD, signed_in, change_password).with_json(),
    ]
}

async fn update_user(call: Call) -> Result<Reply> {
    let own = Own::of(&call)?;
    let patch = read_patch(call.json())?;
    call.auth()?
        .update_user(call.tenant(), own.user, patch)
        .await?;
    Ok(Reply::json(&json!({"status": true})))
}

async fn change_password(call: Call) -> Result<Reply> {
    let (own, auth) = (Own::of(&call)?, call.auth()?);
    let form = read_change(call.json())?;
    if !form.revokes_others {
        let user = auth.change_password(own.user, &form.change).await;
        let user = user.map_err(at_new_password)?;
        let answer = json!({"token": null, "user": write_user(&user, None)});
        return Ok(Reply::json(&answer));
    }
    let signed_in = auth
        .change_password_everywhere(own.user, &form.change, &call.request_info())
        .await
        .map_err(at_new_password)?;
    let user = write_user(&signed_in.user, None);
    let answer = json!({"token": signed_in.token.expose(), "user": user});
    let cookie = cookie::set(auth, &signed_in.token, Keep::Session)?;
    Ok(Reply::json(&answer).with_header(SET_COOKIE, cookie))
}

struct ChangeForm {
    change: ChangePassword,
    revokes_others: bool,
}

/// Reads `{newPassword, currentPassword, revokeOtherSessions?}`. A current
/// password that cannot be one is a wrong one.
fn read_change(body: &Json) -> Result<ChangeForm> {
    let mut object = Object::read(body, "")?;
    let new = read_new_password(&mut object);
    let current = object.string("currentPassword");
    let revokes_others = object.boolean("revokeOtherSessions").unwrap_or(false);
    object.finish()?;
    let new = new.ok_or_else(incomplete)?;
    let current = current.and_then(|text| Password::parse(&text).ok());
    Ok(ChangeForm {
        change: ChangePassword::new(current, new),
        revokes_others,
    })
}

/// Reads `{name}`.
fn read_patch(body: &Json) -> Result<UserPatch> {
    let mut object = Object::read(body, "")?;
    object.require("name");
    let name = object.string("name").map(|text| DisplayName::parse(&text));
    let name = name.and_then(|name| object.keep(name));
    object.finish()?;
    Ok(UserPatch::new().with_name(name))
}
