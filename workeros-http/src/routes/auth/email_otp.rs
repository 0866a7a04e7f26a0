//! Codes by mail.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{CodePurpose, DisplayName, EmailAddress, MailedCode, OneTimeCode, Password};
use workeros_core::input::Object;
use workeros_core::{Error, ErrorKind, Result};

use super::body::{incomplete, read_email, read_name, read_password};
use super::wire::write_user;
use super::{arrival, enter};
use crate::call::Call;
use crate::cookie::Keep;
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;

const SEND: Paths = paths!("/email-otp/send-verification-otp");
const CHECK: Paths = paths!("/email-otp/check-verification-otp");
const VERIFY: Paths = paths!("/email-otp/verify-email");
const REQUEST_RESET: Paths = paths!("/email-otp/request-password-reset");
const RESET: Paths = paths!("/email-otp/reset-password");
const SIGN_IN: Paths = paths!("/sign-in/email-otp");

pub(super) fn endpoints<P: Wired>() -> Vec<Endpoint> {
    let (post, open) = (Method::POST, Access::Open);
    vec![
        Endpoint::new(post.clone(), P::path(SEND), open, send_code::<P>).with_json(),
        Endpoint::new(post.clone(), P::path(CHECK), open, check_code::<P>).with_json(),
        Endpoint::new(post.clone(), P::path(VERIFY), open, verify_email::<P>).with_json(),
        Endpoint::new(
            post.clone(),
            P::path(REQUEST_RESET),
            open,
            request_reset::<P>,
        )
        .with_json(),
        Endpoint::new(post.clone(), P::path(RESET), open, reset_password::<P>).with_json(),
        Endpoint::new(post, P::path(SIGN_IN), open, sign_in::<P>).with_json(),
    ]
}

/// The same whether there is such a user or not.
async fn send_code<P: Wired>(call: Call) -> Result<Reply> {
    let (email, purpose) = read_request(call.json())?;
    send::<P>(&call, &email, purpose).await
}

/// As `send_code` for a new password.
async fn request_reset<P: Wired>(call: Call) -> Result<Reply> {
    let mut object = Object::read(call.json(), "")?;
    let email = read_email(&mut object);
    object.finish()?;
    let email = email.ok_or_else(incomplete)?;
    send::<P>(&call, &email, CodePurpose::ResetPassword).await
}

async fn send<P: Wired>(call: &Call, email: &EmailAddress, purpose: CodePurpose) -> Result<Reply> {
    let auth = P::auth(call).await?;
    auth.send_code(purpose, email, call.site(), &call.request_info())
        .await?;
    Ok(done())
}

async fn check_code<P: Wired>(call: Call) -> Result<Reply> {
    let form = read_check(call.json())?;
    let auth = P::auth(&call).await?;
    auth.check_code(form.purpose, &form.mailed, &call.request_info())
        .await?;
    Ok(done())
}

async fn verify_email<P: Wired>(call: Call) -> Result<Reply> {
    let mut object = Object::read(call.json(), "")?;
    let mailed = read_mailed(&mut object);
    object.finish()?;
    let auth = P::auth(&call).await?;
    let user = auth
        .verify_email_by_code(&mailed?, &call.request_info())
        .await?;
    let user = write_user(&user, None);
    Ok(Reply::json(
        &json!({"status": true, "token": null, "user": user}),
    ))
}

async fn reset_password<P: Wired>(call: Call) -> Result<Reply> {
    let mut object = Object::read(call.json(), "")?;
    let mailed = read_mailed(&mut object);
    let new = read_password(&mut object);
    object.finish()?;
    let (mailed, new): (MailedCode, Password) = (mailed?, new.ok_or_else(incomplete)?);
    let auth = P::auth(&call).await?;
    auth.reset_password_by_code(&mailed, &new, &call.request_info())
        .await?;
    Ok(done())
}

async fn sign_in<P: Wired>(call: Call) -> Result<Reply> {
    let form = read_sign_in(call.json())?;
    let auth = P::auth(&call).await?;
    let request = arrival(&call, &auth).await?;
    let arrived = auth.sign_in_code(&form.mailed, form.name, &request).await?;
    enter(&auth, arrived.entered, json!({}), Keep::Session).await
}

fn done() -> Reply {
    Reply::json(&json!({"success": true}))
}

struct CheckForm {
    purpose: CodePurpose,
    mailed: MailedCode,
}

struct SignInForm {
    mailed: MailedCode,
    name: Option<DisplayName>,
}

/// Reads `{email, type}`.
fn read_request(body: &Json) -> Result<(EmailAddress, CodePurpose)> {
    let mut object = Object::read(body, "")?;
    let email = read_email(&mut object);
    let purpose = read_purpose(&mut object);
    object.finish()?;
    email.zip(purpose).ok_or_else(incomplete)
}

/// Reads `{email, type, otp}`.
fn read_check(body: &Json) -> Result<CheckForm> {
    let mut object = Object::read(body, "")?;
    let purpose = read_purpose(&mut object);
    let mailed = read_mailed(&mut object);
    object.finish()?;
    Ok(CheckForm {
        purpose: purpose.ok_or_else(incomplete)?,
        mailed: mailed?,
    })
}

/// Reads `{email, otp, name?, image?}`. The last one is taken and left: who is new
/// sets his picture by himself.
fn read_sign_in(body: &Json) -> Result<SignInForm> {
    let mut object = Object::read(body, "")?;
    let mailed = read_mailed(&mut object);
    let name = read_name(&mut object);
    object.string("image");
    object.finish()?;
    Ok(SignInForm {
        mailed: mailed?,
        name,
    })
}

/// Reads `email` and `otp`. To be asked for after `Object::finish`: a text that
/// cannot be a code is a wrong code.
fn read_mailed(object: &mut Object) -> Result<MailedCode> {
    let email = read_email(object);
    let code = object.required_string("otp");
    let email = email.ok_or_else(incomplete)?;
    let code = OneTimeCode::parse(&code).ok_or_else(|| {
        Error::new(
            ErrorKind::BadRequest,
            "the code does not hold, or no longer",
        )
        .with_code("INVALID_OTP")
    })?;
    Ok(MailedCode::new(email, code))
}

fn read_purpose(object: &mut Object) -> Option<CodePurpose> {
    let pointer = object.pointer("type");
    object.require("type");
    let text = object.string("type")?;
    object.keep(match text.as_str() {
        "sign-in" => Ok(CodePurpose::SignIn),
        "email-verification" => Ok(CodePurpose::VerifyEmail),
        "forget-password" => Ok(CodePurpose::ResetPassword),
        _ => Err(Error::validation(
            pointer,
            "not_a_choice",
            "must be one of `sign-in`, `email-verification`, `forget-password`",
        )),
    })
}
