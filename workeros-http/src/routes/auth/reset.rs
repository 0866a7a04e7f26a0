//! A new password by mail.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{EmailAddress, LinkToken, Password};
use workeros_core::input::Object;
use workeros_core::{ErrorKind, Result};

use super::body::{at_new_password, incomplete, read_callback, read_email, read_new_password};
use super::link::{callback, link};
use crate::call::Call;
use crate::callback::{CallbackUrl, Places};
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;

/// Where the link leads to that names no place.
const PAGE: &str = "/reset-password";

/// The same whether there is such a user or not.
const ASKED: &str = "If this email exists in our system, check your email for the reset link";

const REQUEST: Paths = paths!("/request-password-reset");
const FOLLOW: Paths = paths!("/reset-password/{token}");
const RESET: Paths = paths!("/reset-password");

pub(super) fn endpoints<P: Wired>() -> Vec<Endpoint> {
    let open = Access::Open;
    vec![
        Endpoint::new(Method::POST, P::path(REQUEST), open, request_reset::<P>).with_json(),
        Endpoint::new(Method::GET, P::path(FOLLOW), open, follow_link::<P>)
            .with_parameters(&["callbackURL"]),
        Endpoint::new(Method::POST, P::path(RESET), open, reset_password::<P>)
            .with_json()
            .with_parameters(&["token"]),
    ]
}

async fn request_reset<P: Wired>(call: Call) -> Result<Reply> {
    let form = read_request(call.json(), call.places())?;
    let auth = P::auth(&call).await?;
    let path = P::link_path(&call, RESET);
    let url = |token: &LinkToken| {
        let path = format!("{path}/{}", token.expose());
        let query: Vec<_> = callback(form.redirect.as_ref()).into_iter().collect();
        link(&call.backend, &path, &query)
    };
    auth.request_password_reset(&form.email, &call.request_info(), url)
        .await?;
    Ok(Reply::json(&json!({"status": true, "message": ASKED})))
}

/// Sends whoever followed the link to the page that asks for the password.
/// Nothing is used up: programs that look into mails follow links too.
async fn follow_link<P: Wired>(call: Call) -> Result<Reply> {
    let page = call.parameter("callbackURL").unwrap_or(PAGE);
    let page = CallbackUrl::parse(page, call.places(), "callbackURL")?;
    let token = call.segment("token");
    match check::<P>(&call, token).await {
        Ok(()) => Reply::redirect(&page.with("token", token)),
        Err(error) if error.kind() == ErrorKind::BadRequest => {
            Reply::redirect(&page.with("error", "INVALID_TOKEN"))
        }
        Err(error) => Err(error),
    }
}

async fn check<P: Wired>(call: &Call, token: &str) -> Result<()> {
    let auth = P::auth(call).await?;
    auth.check_password_reset(&LinkToken::parse(token)?).await
}

async fn reset_password<P: Wired>(call: Call) -> Result<Reply> {
    let form = read_reset(call.json(), call.parameter("token"))?;
    let token = LinkToken::parse(&form.token)?;
    let auth = P::auth(&call).await?;
    auth.reset_password(&token, &form.new)
        .await
        .map_err(at_new_password)?;
    Ok(Reply::json(&json!({"status": true})))
}

struct RequestForm {
    email: EmailAddress,
    redirect: Option<CallbackUrl>,
}

struct ResetForm {
    new: Password,
    token: String,
}

/// Reads `{email, redirectTo?}`. Where it is to lead to is checked before
/// anybody is looked up.
fn read_request(body: &Json, places: Places<'_>) -> Result<RequestForm> {
    let mut object = Object::read(body, "")?;
    let email = read_email(&mut object);
    let redirect = read_callback(&mut object, "redirectTo", places);
    object.finish()?;
    Ok(RequestForm {
        email: email.ok_or_else(incomplete)?,
        redirect,
    })
}

/// Reads `{newPassword, token?}`; the token may stand in the URL instead.
fn read_reset(body: &Json, parameter: Option<&str>) -> Result<ResetForm> {
    let mut object = Object::read(body, "")?;
    let new = read_new_password(&mut object);
    let token = object.string("token");
    object.finish()?;
    Ok(ResetForm {
        new: new.ok_or_else(incomplete)?,
        token: token
            .or_else(|| parameter.map(ToOwned::to_owned))
            .unwrap_or_default(),
    })
}
