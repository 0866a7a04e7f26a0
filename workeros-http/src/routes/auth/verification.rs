//! Whether somebody reads mail at his address.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{EmailAddress, LinkToken};
use workeros_core::input::Object;
use workeros_core::{Error, ErrorKind, Result};

use super::body::{incomplete, read_callback, read_email};
use super::link::{callback, link};
use crate::call::Call;
use crate::callback::{CallbackUrl, Places};
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;

const SEND: Paths = paths!("/send-verification-email");
const VERIFY: Paths = paths!("/verify-email");

pub(super) fn endpoints<P: Wired>() -> Vec<Endpoint> {
    let open = Access::Open;
    vec![
        Endpoint::new(Method::POST, P::path(SEND), open, send_verification::<P>).with_json(),
        Endpoint::new(Method::GET, P::path(VERIFY), open, verify_email::<P>)
            .with_parameters(&["token", "callbackURL"]),
    ]
}

/// The same whether there is such a user or not.
async fn send_verification<P: Wired>(call: Call) -> Result<Reply> {
    let form = read_form(call.json(), call.places())?;
    let auth = P::auth(&call).await?;
    let url = link_for::<P>(&call, form.callback.as_ref());
    auth.send_verification_email(&form.email, &call.request_info(), url)
        .await?;
    Ok(Reply::json(&json!({"status": true})))
}

/// Makes the link that verifies an address and then leads on.
pub(super) fn link_for<'a, P: Wired>(
    call: &'a Call,
    next: Option<&'a CallbackUrl>,
) -> impl FnOnce(&LinkToken) -> String + Send + use<'a, P> {
    let path = P::link_path(call, VERIFY);
    move |token| {
        let mut query = vec![("token", token.expose())];
        query.extend(callback(next));
        link(&call.backend, &path, &query)
    }
}

async fn verify_email<P: Wired>(call: Call) -> Result<Reply> {
    let page = call
        .parameter("callbackURL")
        .map(|url| CallbackUrl::parse(url, call.places(), "callbackURL"))
        .transpose()?;
    // Who only asks for the head looks where a link leads, and does not follow.
    let verified = if call.parts.method == Method::HEAD {
        Ok(())
    } else {
        verify::<P>(&call).await
    };
    match (verified, page) {
        (Ok(()), Some(page)) => Reply::redirect(page.as_str()),
        (Ok(()), None) => Ok(Reply::json(&json!({"status": true, "user": null}))),
        (Err(error), Some(page)) => redirect_error(&page, error),
        (Err(error), None) => Err(error),
    }
}

async fn verify<P: Wired>(call: &Call) -> Result<()> {
    let auth = P::auth(call).await?;
    let token = LinkToken::parse(call.parameter("token").unwrap_or_default())?;
    auth.verify_email(&token).await
}

/// A link that does not hold is told to the page; a fault of ours is not.
fn redirect_error(page: &CallbackUrl, error: Error) -> Result<Reply> {
    if error.kind() == ErrorKind::BadRequest {
        Reply::redirect(&page.with("error", "INVALID_TOKEN"))
    } else {
        Err(error)
    }
}

struct Form {
    email: EmailAddress,
    callback: Option<CallbackUrl>,
}

/// Reads `{email, callbackURL?}`.
fn read_form(body: &Json, places: Places<'_>) -> Result<Form> {
    let mut object = Object::read(body, "")?;
    let email = read_email(&mut object);
    let callback = read_callback(&mut object, "callbackURL", places);
    object.finish()?;
    Ok(Form {
        email: email.ok_or_else(incomplete)?,
        callback,
    })
}
