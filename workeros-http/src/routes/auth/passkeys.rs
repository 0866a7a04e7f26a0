//! Passkeys: what a browser asks a device for, and what it answered.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{Attachment, DisplayName, Entered, Passkey};
use workeros_core::input::Object;
use workeros_core::{Error, PasskeyId, Result};

use super::body::incomplete;
use super::own::Own;
use super::wire::{write_instant, write_session};
use super::{arrival, enter};
use crate::call::Call;
use crate::cookie::Keep;
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;

mod browser;

const BEGIN_REGISTRATION: Paths = paths!("/passkey/generate-register-options");
const FINISH_REGISTRATION: Paths = paths!("/passkey/verify-registration");
const BEGIN_SIGN_IN: Paths = paths!("/passkey/generate-authenticate-options");
const FINISH_SIGN_IN: Paths = paths!("/passkey/verify-authentication");
const LIST: Paths = paths!("/passkey/list-user-passkeys");
const RENAME: Paths = paths!("/passkey/update-passkey");
const DELETE: Paths = paths!("/passkey/delete-passkey");

pub(super) fn endpoints<P: Wired>() -> Vec<Endpoint> {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (open, signed_in) = (Access::Open, Access::SignedIn);
    let begin = P::path(BEGIN_REGISTRATION);
    let finish = P::path(FINISH_REGISTRATION);
    let answer = P::path(FINISH_SIGN_IN);
    vec![
        Endpoint::new(get(), begin, signed_in, begin_registration::<P>)
            .with_parameters(&["authenticatorAttachment", "name"])
            .for_guests(),
        Endpoint::new(post(), finish, signed_in, finish_registration::<P>)
            .with_json()
            .for_guests(),
        Endpoint::new(get(), P::path(BEGIN_SIGN_IN), open, begin_sign_in::<P>),
        Endpoint::new(post(), answer, open, finish_sign_in::<P>).with_json(),
        Endpoint::new(get(), P::path(LIST), signed_in, list_passkeys::<P>),
        Endpoint::new(post(), P::path(RENAME), signed_in, rename_passkey::<P>).with_json(),
        Endpoint::new(post(), P::path(DELETE), signed_in, delete_passkey::<P>).with_json(),
    ]
}

/// What somebody has who could sign in by it is for him to choose alone, so he
/// has to have signed in just now.
async fn begin_registration<P: Wired>(call: Call) -> Result<Reply> {
    let Own { auth, session, .. } = Own::<P>::of(&call).await?;
    let attachment = read_attachment(&call)?;
    let who = auth.require_fresh(session).await?;
    let browser = browser::new(&auth)?;
    let options = auth
        .begin_passkey_registration(who, attachment, browser.as_ref(), &call.request_info())
        .await?;
    browser::keep(Reply::json(&options), &auth, browser.as_ref())
}

async fn finish_registration<P: Wired>(call: Call) -> Result<Reply> {
    let Own { auth, session, .. } = Own::<P>::of(&call).await?;
    let form = read_registration(call.json())?;
    let who = auth.require_fresh(session).await?;
    let browser = browser::presented(&call, &auth);
    let passkey = auth
        .finish_passkey_registration(who, browser.as_ref(), &form.response, form.name)
        .await?;
    Ok(Reply::json(&write_passkey(&passkey)))
}

async fn begin_sign_in<P: Wired>(call: Call) -> Result<Reply> {
    let auth = P::auth(&call).await?;
    let browser = browser::new(&auth)?;
    let options = auth
        .begin_passkey_sign_in(browser.as_ref(), &call.request_info())
        .await?;
    browser::keep(Reply::json(&options), &auth, browser.as_ref())
}

async fn finish_sign_in<P: Wired>(call: Call) -> Result<Reply> {
    let response = read_answer(call.json())?;
    let auth = P::auth(&call).await?;
    let browser = browser::presented(&call, &auth);
    let request = arrival(&call, &auth).await?;
    let entered = auth
        .finish_passkey_sign_in(browser.as_ref(), &response, &request)
        .await?;
    let session = match &entered {
        Entered::SignedIn(signed_in) => {
            write_session(&signed_in.session, &signed_in.session.id.to_string())
        }
        _ => Json::Null,
    };
    enter(&auth, entered, json!({"session": session}), Keep::Session).await
}

async fn list_passkeys<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    let passkeys = own.auth.passkeys(own.user).await?;
    Ok(Reply::json(&passkeys.iter().map(write_passkey).collect()))
}

async fn rename_passkey<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    let (id, name) = read_new_name(call.json())?;
    let passkey = own.auth.rename_passkey(own.user, id, name).await?;
    Ok(Reply::json(&json!({"passkey": write_passkey(&passkey)})))
}

async fn delete_passkey<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    let mut object = Object::read(call.json(), "")?;
    let id = object.required_string("id");
    object.finish()?;
    own.auth.delete_passkey(own.user, read_id(&id)?).await?;
    Ok(Reply::json(&json!({"status": true})))
}

fn read_attachment(call: &Call) -> Result<Option<Attachment>> {
    const NAME: &str = "authenticatorAttachment";
    let refused = || Error::validation(NAME, "invalid_value", "is `platform` or `cross-platform`");
    call.parameter(NAME)
        .map(|text| Attachment::parse(text).ok_or_else(refused))
        .transpose()
}

struct Registration {
    response: Json,
    name: Option<DisplayName>,
}

/// Reads `{response, name?}`.
fn read_registration(body: &Json) -> Result<Registration> {
    let mut object = Object::read(body, "")?;
    object.require("response");
    let response = object.json("response");
    let name = object.string("name").map(|text| DisplayName::parse(&text));
    let name = name.and_then(|name| object.keep(name));
    object.finish()?;
    Ok(Registration {
        response: response.ok_or_else(incomplete)?,
        name,
    })
}

/// Reads `{response}`.
fn read_answer(body: &Json) -> Result<Json> {
    let mut object = Object::read(body, "")?;
    object.require("response");
    let response = object.json("response");
    object.finish()?;
    response.ok_or_else(incomplete)
}

/// Reads `{id, name}`.
fn read_new_name(body: &Json) -> Result<(PasskeyId, DisplayName)> {
    let mut object = Object::read(body, "")?;
    let id = object.required_string("id");
    let name = DisplayName::parse(&object.required_string("name"));
    let name = object.keep(name);
    object.finish()?;
    Ok((read_id(&id)?, name.ok_or_else(incomplete)?))
}

/// What cannot be an id is nobody's.
fn read_id(text: &str) -> Result<PasskeyId> {
    let unknown = |_| Error::not_found().with_code("PASSKEY_NOT_FOUND");
    text.parse().map_err(unknown)
}

fn write_passkey(passkey: &Passkey) -> Json {
    let device = if passkey.backup_eligible {
        "multiDevice"
    } else {
        "singleDevice"
    };
    json!({
        "id": passkey.id.to_string(),
        "name": passkey.name,
        "userId": passkey.user_id.to_string(),
        "credentialID": URL_SAFE_NO_PAD.encode(&passkey.credential_id),
        "publicKey": STANDARD.encode(passkey.public_key()),
        "counter": passkey.counter,
        "deviceType": device,
        "backedUp": passkey.backed_up,
        "transports": passkey.transports.join(","),
        "aaguid": passkey.model.map(|model| model.to_string()),
        "createdAt": write_instant(passkey.created_at),
        "lastUsedAt": passkey.last_used_at.map(write_instant),
    })
}
