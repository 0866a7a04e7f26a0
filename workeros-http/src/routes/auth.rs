use http::Method;
use http::header::SET_COOKIE;
use serde_json::{Value as Json, json};
use workeros_auth::{ActiveSession, SignIn, SignUp, SignedIn};
use workeros_core::{ErrorKind, Result};

use self::body::{read_sign_in, read_sign_up};
use self::wire::{write_session, write_user};
use crate::call::Call;
use crate::callback::CallbackUrl;
use crate::cookie::{self, Keep};
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

mod account;
mod body;
mod link;
mod own;
mod reset;
mod sessions;
mod verification;
mod wire;

/// In the shape of better-auth, whose clients work unchanged. Where one signs in
/// or out nobody is asked who he is: a session that has ended must not keep
/// anybody from it.
pub(super) fn endpoints() -> Vec<Endpoint> {
    const SIGN_UP: &str = "/api/auth/sign-up/email";
    const SIGN_IN: &str = "/api/auth/sign-in/email";
    const SIGN_OUT: &str = "/api/auth/sign-out";
    const SESSION: &str = "/api/auth/get-session";
    let endpoints = [
        Endpoint::new(Method::POST, SIGN_UP, Access::Open, sign_up).with_json(),
        Endpoint::new(Method::POST, SIGN_IN, Access::Open, sign_in).with_json(),
        Endpoint::new(Method::POST, SIGN_OUT, Access::Open, sign_out),
        Endpoint::new(Method::GET, SESSION, Access::Open, read_session),
    ];
    endpoints
        .into_iter()
        .chain(sessions::endpoints())
        .chain(account::endpoints())
        .chain(reset::endpoints())
        .chain(verification::endpoints())
        .map(Endpoint::for_better_auth)
        .collect()
}

async fn sign_up(call: Call) -> Result<Reply> {
    let form = read_sign_up(call.json(), &call.backend)?;
    let sign_up =
        SignUp::new(form.email, form.password, form.name).with_setup_token(form.setup_token);
    let signed_in = call
        .auth()?
        .sign_up_email(sign_up, &call.request_info())
        .await?;
    welcome(&call, &signed_in, json!({}), form.keep)
}

async fn sign_in(call: Call) -> Result<Reply> {
    let form = read_sign_in(call.json(), &call.backend)?;
    let sign_in = SignIn::new(form.email, form.password);
    let signed_in = call
        .auth()?
        .sign_in_email(sign_in, &call.request_info())
        .await?;
    let url = form.callback.as_ref().map(CallbackUrl::as_str);
    let redirect = json!({"redirect": url.is_some(), "url": url});
    welcome(&call, &signed_in, redirect, form.keep)
}

async fn sign_out(call: Call) -> Result<Reply> {
    let auth = call.auth()?;
    if let Some(token) = call.request_info().replaces {
        auth.sign_out(&token).await?;
    }
    Ok(Reply::json(&json!({"success": true})).with_header(SET_COOKIE, cookie::clear(auth)?))
}

/// Who is signed in: null when nobody is, also when he no longer is.
async fn read_session(call: Call) -> Result<Reply> {
    let auth = call.auth()?;
    let credentials = match auth.credentials(call.headers()) {
        Ok(credentials) => credentials,
        Err(error) if error.kind() == ErrorKind::Unauthorized => None,
        Err(error) => return Err(error),
    };
    let Some(token) = credentials
        .as_ref()
        .and_then(|credentials| credentials.session())
    else {
        return Ok(Reply::json(&Json::Null));
    };
    match auth.session(token).await? {
        Some(ActiveSession {
            session,
            user,
            roles,
            ..
        }) => {
            let session = write_session(&session, token.expose());
            Ok(Reply::json(
                &json!({"session": session, "user": write_user(&user, Some(&roles))}),
            ))
        }
        None => Ok(Reply::json(&Json::Null).with_header(SET_COOKIE, cookie::clear(auth)?)),
    }
}

/// What somebody gets who is now signed in.
fn welcome(call: &Call, signed_in: &SignedIn, mut answer: Json, keep: Keep) -> Result<Reply> {
    if let Some(members) = answer.as_object_mut() {
        members.insert("token".to_owned(), json!(signed_in.token.expose()));
        members.insert("user".to_owned(), write_user(&signed_in.user, None));
    }
    let cookie = cookie::set(call.auth()?, &signed_in.token, keep)?;
    Ok(Reply::json(&answer).with_header(SET_COOKIE, cookie))
}
