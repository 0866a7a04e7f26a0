//! What users change of themselves.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{ChangePassword, DisplayName, Password, UserPatch};
use workeros_core::Result;
use workeros_core::input::Object;

use super::arrival;
use super::body::{at_new_password, incomplete, read_image, read_locale, read_new_password};
use super::own::Own;
use super::wire::write_user;
use crate::call::Call;
use crate::cookie::Keep;
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;

const UPDATE: Paths = paths!("/update-user");
const PASSWORD: Paths = paths!("/change-password");

pub(super) fn endpoints<P: Wired>() -> Vec<Endpoint> {
    let signed_in = Access::SignedIn;
    vec![
        Endpoint::new(Method::POST, P::path(UPDATE), signed_in, update_user::<P>)
            .with_json()
            .for_guests(),
        Endpoint::new(
            Method::POST,
            P::path(PASSWORD),
            signed_in,
            change_password::<P>,
        )
        .with_json(),
    ]
}

async fn update_user<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    let patch = read_patch(call.json())?;
    own.auth.update_user(call.tenant(), own.user, patch).await?;
    Ok(Reply::json(&json!({"status": true})))
}

async fn change_password<P: Wired>(call: Call) -> Result<Reply> {
    let Own { auth, user, .. } = Own::<P>::of(&call).await?;
    let form = read_change(call.json())?;
    if !form.revokes_others {
        let user = auth.change_password(user, &form.change).await;
        let user = user.map_err(at_new_password)?;
        let answer = json!({"token": null, "user": write_user(&user, None)});
        return Ok(Reply::json(&answer));
    }
    let request = arrival(&call, &auth).await?;
    let signed_in = auth
        .change_password_everywhere(user, &form.change, &request)
        .await
        .map_err(at_new_password)?;
    let answer = json!({"user": write_user(&signed_in.user, None)});
    P::hand_over(&auth, &signed_in, answer, Keep::Session).await
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

/// Reads `{name?, image?, locale?}`, at least one of them. Null is no picture, and
/// no language of his own.
fn read_patch(body: &Json) -> Result<UserPatch> {
    let mut object = Object::read(body, "")?;
    if !["locale", "image"].iter().any(|key| object.contains(key)) {
        object.require("name");
    }
    let name = object.string("name").map(|text| DisplayName::parse(&text));
    let name = name.and_then(|name| object.keep(name));
    let image = read_image(&mut object);
    let locale = read_locale(&mut object);
    object.finish()?;
    let patch = UserPatch::new().with_name(name).with_image(image);
    Ok(patch.with_locale(locale))
}
