//! A new password by mail.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{EmailAddress, LinkToken, Password};
use workeros_core::input::Object;
use workeros_core::{ErrorKind, Result};

use super::body::{at_new_password, incomplete, read_callback, read_email, read_new_password};
use super::link::{callback, link};
use crate::Backend;
use crate::call::Call;
use crate::callback::CallbackUrl;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

/// Where the link leads to that names no place.
const PAGE: &str = "/reset-password";

/// The same whether there is such a user or not.
const ASKED: &str = "If this email exists in our system, check your email for the reset link";

pub(super) fn endpoints() -> Vec<Endpoint> {
    const REQUEST: &str = "/api/auth/request-password-reset";
    const FOLLOW: &str = "/api/auth/reset-password/{token}";
    const RESET: &str = "/api/auth/reset-password";
    vec![
        Endpoint::new(Method::POST, REQUEST, Access::Open, request_reset).with_json(),
        Endpoint::new(Method::GET, FOLLOW, Access::Open, follow_link)
            .with_parameters(&["callbackURL"]),
        Endpoint::new(Method::POST, RESET, Access::Open, reset_password)
            .with_json()
            .with_parameters(&["token"]),
    ]
}

async fn request_reset(call: Call) -> Result<Reply> {
    let form = read_request(call.json(), &call.backend)?;
    let url = |token: &LinkToken| {
        let path = format!("/api/auth/reset-password/{}", token.expose());
        let query: Vec<_> = callback(form.redirect.as_ref()).into_iter().collect();
        link(&call.backend, &path, &query)
    };
    call.auth()?
        .request_password_reset(&form.email, &call.request_info(), url)
        .await?;
    Ok(Reply::json(&json!({"status": true, "message": ASKED})))
}

/// Sends whoever followed the link to the page that asks for the password.
/// Nothing is used up: programs that look into mails follow links too.
async fn follow_link(call: Call) -> Result<Reply> {
    let page = call.parameter("callbackURL").unwrap_or(PAGE);
    let page = CallbackUrl::parse(page, &call.backend, "callbackURL")?;
    let token = call.segment("token");
    match check(&call, token).await {
        Ok(()) => Reply::redirect(&page.with("token", token)),
        Err(error) if error.kind() == ErrorKind::BadRequest => {
            Reply::redirect(&page.with("error", "INVALID_TOKEN"))
        }
        Err(error) => Err(error),
    }
}

async fn check(call: &Call, token: &str) -> Result<()> {
    let token = LinkToken::parse(token)?;
    call.auth()?.check_password_reset(&token).await
}

async fn reset_password(call: Call) -> Result<Reply> {
    let form = read_reset(call.json(), call.parameter("token"))?;
    let token = LinkToken::parse(&form.token)?;
    call.auth()?
        .reset_password(&token, &form.new)
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
fn read_request(body: &Json, backend: &Backend) -> Result<RequestForm> {
    let mut object = Object::read(body, "")?;
    let email = read_email(&mut object);
    let redirect = read_callback(&mut object, "redirectTo", backend);
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
