use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{Auth, Entered, RequestInfo, SignIn, SignUp, SignedUp};
use workeros_core::{Error, Result};

use self::body::{read_sign_in, read_sign_up};
use self::social::SocialPlane;
use self::wire::{write_session, write_user};
use crate::call::Call;
use crate::callback::CallbackUrl;
use crate::cookie::Keep;
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;

mod account;
mod anonymous;
pub(super) mod body;
mod change_email;
mod deletion;
mod email_otp;
pub(super) mod impersonation;
pub(super) mod invitation;
pub(super) mod link;
mod magic_link;
mod organization;
mod own;
#[cfg(feature = "passkey")]
mod passkeys;
mod reset;
mod sessions;
mod social;
mod tokens;
mod two_factor;
mod verification;
pub(super) mod wire;

const SIGN_UP: Paths = paths!("/sign-up/email");
const SIGN_IN: Paths = paths!("/sign-in/email");
const SIGN_OUT: Paths = paths!("/sign-out");
const SESSION: Paths = paths!("/get-session");

/// What a client asks for that has remembered sessions before: it is always read
/// anew here.
const UNCACHED: &[&str] = &["disableCookieCache", "disableRefresh"];

/// In the shape of better-auth, whose clients work unchanged. Where one signs in
/// or out nobody is asked who he is: a session that has ended must not keep
/// anybody from it.
pub(super) fn endpoints<P: SocialPlane>() -> Vec<Endpoint> {
    let open = Access::Open;
    let endpoints = [
        Endpoint::new(Method::POST, P::path(SIGN_UP), open, sign_up::<P>).with_json(),
        Endpoint::new(Method::POST, P::path(SIGN_IN), open, sign_in::<P>).with_json(),
        Endpoint::new(Method::POST, P::path(SIGN_OUT), open, sign_out::<P>),
        Endpoint::new(Method::GET, P::path(SESSION), open, read_session::<P>)
            .with_parameters(UNCACHED),
    ];
    let endpoints = endpoints
        .into_iter()
        .chain(sessions::endpoints::<P>())
        .chain(account::endpoints::<P>())
        .chain(anonymous::endpoints::<P>())
        .chain(impersonation::endpoints::<P>())
        .chain(change_email::endpoints::<P>())
        .chain(deletion::endpoints::<P>())
        .chain(reset::endpoints::<P>())
        .chain(social::endpoints::<P>())
        .chain(verification::endpoints::<P>())
        .chain(magic_link::endpoints::<P>())
        .chain(email_otp::endpoints::<P>())
        .chain(two_factor::endpoints::<P>());
    #[cfg(feature = "passkey")]
    let endpoints = endpoints.chain(passkeys::endpoints::<P>());
    endpoints.map(Endpoint::for_better_auth).collect()
}

/// What only end users have, and what is published about their tokens.
pub(super) fn app_endpoints() -> Vec<Endpoint> {
    let mut endpoints = tokens::endpoints();
    endpoints.extend(social::app_endpoints());
    endpoints.extend(organization::endpoints());
    endpoints.extend(invitation::endpoints());
    endpoints
}

async fn sign_up<P: Wired>(call: Call) -> Result<Reply> {
    let form = read_sign_up(call.json(), call.places())?;
    let auth = P::auth(&call).await?;
    let sign_up = SignUp::new(form.email, form.password, form.name)
        .with_image(form.image)
        .with_locale(form.locale)
        .with_setup_token(form.setup_token)
        .with_invitation(form.invitation);
    let request = arrival(&call, &auth).await?;
    let link = verification::link_for::<P>(&call, form.callback.as_ref());
    let home = call.backend.public_url().to_string();
    match auth.sign_up(sign_up, &request, &home, link).await? {
        SignedUp::SignedIn(signed_in) => {
            enter(&auth, Entered::SignedIn(signed_in), json!({}), form.keep).await
        }
        SignedUp::ToVerify(user) => {
            let answer = json!({"token": null, "user": write_user(&user, None)});
            Ok(Reply::json(&answer))
        }
    }
}

async fn sign_in<P: Wired>(call: Call) -> Result<Reply> {
    let form = read_sign_in(call.json(), call.places())?;
    let auth = P::auth(&call).await?;
    let sign_in = SignIn::new(form.email, form.password);
    let request = arrival(&call, &auth).await?;
    let entered = auth.sign_in_email(sign_in, &request).await?;
    let url = form.callback.as_ref().map(CallbackUrl::as_str);
    let redirect = json!({"redirect": url.is_some(), "url": url});
    enter(&auth, entered, redirect, form.keep).await
}

async fn sign_out<P: Wired>(call: Call) -> Result<Reply> {
    let auth = P::auth(&call).await?;
    if let Some(key) = P::presented(&call, &auth).await? {
        auth.end_session(&key).await?;
    }
    P::forget(Reply::json(&json!({"success": true})), &auth)
}

/// Who is signed in: null when nobody is, also when he no longer is.
async fn read_session<P: Wired>(call: Call) -> Result<Reply> {
    let auth = P::auth(&call).await?;
    let Some(key) = P::presented(&call, &auth).await? else {
        return Ok(Reply::json(&Json::Null));
    };
    match auth.session_by_key(&key).await? {
        Some(active) => {
            let token = P::token_of(&call, &active.session);
            let session = write_session(&active.session, &token);
            let mut user = write_user(&active.user, Some(&active.roles));
            if let Some(members) = user.as_object_mut() {
                members.insert("twoFactorEnabled".to_owned(), json!(active.two_factor));
            }
            Ok(Reply::json(&json!({"session": session, "user": user})))
        }
        None => P::forget(Reply::json(&Json::Null), &auth),
    }
}

/// What is known of who signs in, with the session he comes with: it ends when
/// another one opens.
pub(super) async fn arrival<P: Wired>(call: &Call, auth: &Auth<P>) -> Result<RequestInfo> {
    let presented = P::presented(call, auth).await?;
    Ok(call.request_info().with_replaced(presented))
}

/// What somebody is answered who has proved who he is.
pub(super) async fn enter<P: Wired>(
    auth: &Auth<P>,
    entered: Entered<P>,
    mut answer: Json,
    keep: Keep,
) -> Result<Reply> {
    let signed_in = match entered {
        Entered::SignedIn(signed_in) => signed_in,
        Entered::SecondFactor(pending) => return two_factor::ask(auth, &pending, keep),
        _ => return Err(Error::internal("an outcome that is not known here")),
    };
    if let Some(members) = answer.as_object_mut() {
        members.insert("user".to_owned(), write_user(&signed_in.user, None));
    }
    P::hand_over(auth, &signed_in, answer, keep).await
}
