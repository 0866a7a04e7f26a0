//! The second factor.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{
    Auth, BackupCode, Entered, OneTimeCode, Password, RequestInfo, SecondFactor, SignedIn, StillMe,
    TotpSecret,
};
use workeros_core::input::Object;
use workeros_core::{Error, ErrorKind, Result};

use self::waiting::Waiting;
use super::own::Own;
use super::{arrival, enter};
use crate::call::Call;
use crate::cookie::Keep;
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;

mod waiting;

pub(super) use waiting::ask;

const ENABLE: Paths = paths!("/two-factor/enable");
const DISABLE: Paths = paths!("/two-factor/disable");
const URI: Paths = paths!("/two-factor/get-totp-uri");
const BACKUP_CODES: Paths = paths!("/two-factor/generate-backup-codes");
const VERIFY_TOTP: Paths = paths!("/two-factor/verify-totp");
const VERIFY_BACKUP_CODE: Paths = paths!("/two-factor/verify-backup-code");

pub(super) fn endpoints<P: Wired>() -> Vec<Endpoint> {
    let (post, signed_in, open) = (Method::POST, Access::SignedIn, Access::Open);
    vec![
        Endpoint::new(post.clone(), P::path(ENABLE), signed_in, enable::<P>).with_json(),
        Endpoint::new(post.clone(), P::path(DISABLE), signed_in, disable::<P>).with_json(),
        Endpoint::new(post.clone(), P::path(URI), signed_in, read_uri::<P>).with_json(),
        Endpoint::new(
            post.clone(),
            P::path(BACKUP_CODES),
            signed_in,
            renew_codes::<P>,
        )
        .with_json(),
        Endpoint::new(post.clone(), P::path(VERIFY_TOTP), open, verify_totp::<P>).with_json(),
        Endpoint::new(
            post,
            P::path(VERIFY_BACKUP_CODE),
            open,
            verify_backup_code::<P>,
        )
        .with_json(),
    ]
}

async fn enable<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    let form = read_enable(call.json())?;
    let still_me = StillMe::new(own.user, own.session, form.password);
    let request = call.request_info();
    let setup = own.auth.begin_two_factor(&still_me, &request).await?;
    let issuer = form.issuer.as_deref().unwrap_or(call.site());
    let uri = setup.secret.uri(issuer, setup.account.as_str());
    let codes = write_codes(&setup.backup_codes);
    Ok(Reply::json(
        &json!({"method": "totp", "totpURI": uri, "backupCodes": codes}),
    ))
}

async fn disable<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    let still_me = read_still_me(&call, &own)?;
    let request = arrival(&call, &own.auth).await?;
    let signed_in = own.auth.end_two_factor(&still_me, &request).await?;
    answer(&own.auth, signed_in, json!({"status": true}), Keep::Session).await
}

async fn read_uri<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    let still_me = read_still_me(&call, &own)?;
    let (secret, account): (TotpSecret, _) = own
        .auth
        .totp_secret(&still_me, &call.request_info())
        .await?;
    let uri = secret.uri(call.site(), account.as_str());
    Ok(Reply::json(&json!({"totpURI": uri})))
}

async fn renew_codes<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    let still_me = read_still_me(&call, &own)?;
    let codes = own
        .auth
        .renew_backup_codes(&still_me, &call.request_info())
        .await?;
    Ok(Reply::json(
        &json!({"status": true, "backupCodes": write_codes(&codes)}),
    ))
}

async fn verify_totp<P: Wired>(call: Call) -> Result<Reply> {
    let form = read_verify(call.json())?;
    let factor = OneTimeCode::parse(&form.code).map(SecondFactor::Totp);
    let factor = factor.ok_or_else(|| invalid("INVALID_CODE"))?;
    verify::<P>(&call, &factor, form.token.as_deref()).await
}

async fn verify_backup_code<P: Wired>(call: Call) -> Result<Reply> {
    let form = read_verify(call.json())?;
    let factor = BackupCode::parse(&form.code).map(SecondFactor::BackupCode);
    let factor = factor.ok_or_else(|| invalid("INVALID_BACKUP_CODE"))?;
    verify::<P>(&call, &factor, form.token.as_deref()).await
}

/// Finishes a sign-in that waits, or else shows the factor of whoever is signed
/// in.
async fn verify<P: Wired>(
    call: &Call,
    factor: &SecondFactor,
    named: Option<&str>,
) -> Result<Reply> {
    let auth = P::auth(call).await?;
    let request = arrival(call, &auth).await?;
    let waits = Waiting::presented(call, &auth, named)?;
    let finished = match &waits {
        Some(waits) => auth.finish_sign_in(&waits.token, factor, &request).await,
        None => Err(nothing_waits()),
    };
    let signed_in = match finished {
        // What waited may be over since long.
        Err(error) if error.code() == Some(NOTHING_WAITS) && request.replaces.is_some() => {
            show(&auth, factor, &request).await?
        }
        finished => finished?,
    };
    let keep = waits.map_or(Keep::Session, |waits| waits.keep);
    let reply = answer(&auth, signed_in, json!({}), keep).await?;
    waiting::forget(reply, &auth)
}

async fn show<P: Wired>(
    auth: &Auth<P>,
    factor: &SecondFactor,
    request: &RequestInfo,
) -> Result<SignedIn<P>> {
    let key = request.replaces.as_ref().ok_or_else(nothing_waits)?;
    let active = auth.session_by_key(key).await?;
    let user = active.ok_or_else(nothing_waits)?.user.id;
    auth.show_second_factor(user, factor, request).await
}

async fn answer<P: Wired>(
    auth: &Auth<P>,
    signed_in: SignedIn<P>,
    answer: Json,
    keep: Keep,
) -> Result<Reply> {
    enter(auth, Entered::SignedIn(signed_in), answer, keep).await
}

fn write_codes(codes: &[BackupCode]) -> Vec<String> {
    codes.iter().map(BackupCode::expose).collect()
}

/// What cannot be a code is a wrong one.
fn invalid(code: &'static str) -> Error {
    let why = "the code does not hold, or no longer";
    Error::new(ErrorKind::Unauthorized, why).with_code(code)
}

const NOTHING_WAITS: &str = "INVALID_TWO_FACTOR_COOKIE";

fn nothing_waits() -> Error {
    let why = "sign in first: nothing waits for a second factor";
    Error::new(ErrorKind::Unauthorized, why).with_code(NOTHING_WAITS)
}

struct EnableForm {
    password: Option<Password>,
    issuer: Option<String>,
}

struct VerifyForm {
    code: String,
    /// What waits, where no cookie says it.
    token: Option<String>,
}

const MAX_ISSUER_CHARS: usize = 64;

/// Reads `{password?, method?, issuer?}`. Codes by mail are no second factor:
/// who reads somebody's mail gets a new password too.
fn read_enable(body: &Json) -> Result<EnableForm> {
    let mut object = Object::read(body, "")?;
    let password = read_password(&mut object);
    let method = object.string("method");
    let issuer = object.string("issuer");
    object.finish()?;
    if method.is_some_and(|method| method != "totp") {
        let why = "codes by mail are no second factor here";
        return Err(Error::new(ErrorKind::BadRequest, why).with_code("OTP_NOT_CONFIGURED"));
    }
    let fits = |name: &String| {
        name.chars().count() <= MAX_ISSUER_CHARS && !name.chars().any(char::is_control)
    };
    if issuer.as_ref().is_some_and(|issuer| !fits(issuer)) {
        let why = "must be one line of at most 64 characters";
        return Err(Error::validation("/issuer", "invalid_value", why));
    }
    Ok(EnableForm { password, issuer })
}

/// Reads `{password?}`.
fn read_still_me<P: Wired>(call: &Call, own: &Own<P>) -> Result<StillMe> {
    let mut object = Object::read(call.json(), "")?;
    let password = read_password(&mut object);
    object.finish()?;
    Ok(StillMe::new(own.user, own.session, password))
}

/// What cannot be a password is a wrong one.
fn read_password(object: &mut Object) -> Option<Password> {
    Password::parse(&object.string("password")?).ok()
}

/// Reads `{code, trustDevice?, disableSession?, twoFactorToken?}`. Devices are
/// not trusted: the factor is asked for each time.
fn read_verify(body: &Json) -> Result<VerifyForm> {
    let mut object = Object::read(body, "")?;
    let code = object.required_string("code");
    let token = object.string("twoFactorToken");
    object.boolean("trustDevice");
    let without_session = object.boolean("disableSession");
    object.finish()?;
    if without_session == Some(true) {
        let why = "a factor that was shown opens a session";
        return Err(Error::validation("/disableSession", "unsupported", why));
    }
    Ok(VerifyForm { code, token })
}
