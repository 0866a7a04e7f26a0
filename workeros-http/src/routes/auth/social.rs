//! Signing in with an account at a provider.

use http::{HeaderValue, Method};
use serde_json::json;
use workeros_auth::oauth::{
    AuthorizationRequest, Callback, OAuthReturn, OAuthStart, PresentedIdToken,
};
use workeros_auth::{Auth, BrowserToken, FreshSession, RequestInfo};
use workeros_core::{Error, ErrorKind, Result};

use self::body::{SocialForm, read_social};
use self::landing::{Landing, Lands, Leaving};
use super::link::link;
use super::own::Own;
use super::{arrival, enter};
use crate::call::Call;
use crate::callback::CallbackUrl;
use crate::cookie::{self, Keep};
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;

mod accounts;
mod body;
mod departures;
mod landing;
mod one_time_token;

pub(super) use landing::Lands as SocialPlane;

const SIGN_IN: Paths = paths!("/sign-in/social");
const LINK: Paths = paths!("/link-social");
const CALLBACK: Paths = paths!("/callback/{provider}");
const PROVIDERS: Paths = paths!("/providers");

/// The cookie beside the session's by which a browser is known that is away.
const COOKIE: &str = "oauth";
/// What a provider may send a browser back with. Many send more.
const ANSWER: &[&str] = &["code", "state", "iss", "error", "user"];
/// Where a browser is sent to in the end that named no place.
const HOME: &str = "/";

/// Those there are for end users alone.
pub(super) fn app_endpoints() -> Vec<Endpoint> {
    let mut endpoints = one_time_token::endpoints();
    endpoints.push(departures::endpoint());
    endpoints
}

pub(super) fn endpoints<P: Lands>() -> Vec<Endpoint> {
    let (get, post) = (|| Method::GET, || Method::POST);
    let (open, signed_in) = (Access::Open, Access::SignedIn);
    let mut endpoints = vec![
        Endpoint::new(post(), P::path(SIGN_IN), open, sign_in::<P>).with_json(),
        Endpoint::new(post(), P::path(LINK), signed_in, link_account::<P>).with_json(),
        Endpoint::new(get(), P::path(CALLBACK), open, call_back::<P>)
            .with_foreign_parameters(ANSWER),
        // It comes from a page of the provider's, and acts for nobody.
        Endpoint::new(post(), P::path(CALLBACK), open, take_form::<P>)
            .with_form(ANSWER)
            .without_cookies(),
        Endpoint::new(get(), P::path(PROVIDERS), open, list_providers::<P>),
    ];
    endpoints.extend(accounts::endpoints::<P>());
    endpoints
}

async fn list_providers<P: Wired>(call: Call) -> Result<Reply> {
    let auth = P::auth(&call).await?;
    Ok(Reply::json(&json!({"providers": auth.oauth_providers()})))
}

async fn sign_in<P: Lands>(call: Call) -> Result<Reply> {
    let form = read_social(call.json(), call.places())?;
    let auth = P::auth(&call).await?;
    let request = arrival(&call, &auth).await?;
    let Some(presented) = &form.id_token else {
        return depart(&call, &auth, &form, &request, None).await;
    };
    let presented = PresentedIdToken {
        token: &presented.token,
        nonce: presented.nonce.as_deref(),
        user: presented.user.as_deref(),
    };
    let arrived = auth
        .sign_in_id_token(&form.provider, presented, &request)
        .await?;
    let answer = json!({"redirect": false, "url": null});
    enter(&auth, arrived.entered, answer, Keep::Session).await
}

/// What somebody could sign in by is for him to say alone, so he has to have
/// signed in just now.
async fn link_account<P: Lands>(call: Call) -> Result<Reply> {
    let form = read_social(call.json(), call.places())?;
    let Own { auth, session, .. } = Own::<P>::of(&call).await?;
    let who = auth.require_fresh(session).await?;
    if form.id_token.is_some() {
        let why = "an account is added by going there";
        return Err(Error::validation("/idToken", "unsupported", why));
    }
    let request = call.request_info();
    depart(&call, &auth, &form, &request, Some(who)).await
}

/// Sends a browser to a provider.
async fn depart<P: Lands>(
    call: &Call,
    auth: &Auth<P>,
    form: &SocialForm,
    arriving: &RequestInfo,
    adds_to: Option<FreshSession>,
) -> Result<Reply> {
    let request = AuthorizationRequest::new(redirect_uri::<P>(call, &form.provider))
        .with_scopes(form.scopes.iter().map(String::as_str))?
        .with_login_hint(form.login_hint.clone());
    let mut start = OAuthStart::new(&form.provider, request).with_pages(form.pages());
    if let Some(who) = adds_to {
        start = start.with_link(who);
    }
    let leaving = Leaving {
        start,
        arriving,
        redirects: form.redirects,
    };
    P::depart(call, auth, leaving).await
}

/// Lets the browser set out that asks: where it is sent to, and the cookie that it
/// will be known by.
async fn set_out<P: Wired>(
    call: &Call,
    auth: &Auth<P>,
    start: &OAuthStart,
    arriving: &RequestInfo,
) -> Result<(String, HeaderValue)> {
    let browser = known_or_new(call, auth)?;
    let url = auth.begin_oauth(start, &browser, arriving).await?;
    Ok((url, known_by(call, &browser)?))
}

/// What a browser that is away is known by. It is told to no page: whoever knows
/// it could have another browser end what he has begun.
fn known_or_new<P: Wired>(call: &Call, auth: &Auth<P>) -> Result<BrowserToken> {
    match presented(call)? {
        Some(browser) => Ok(browser),
        None => auth.new_browser_token(),
    }
}

/// The cookie of a browser that is away.
fn known_by(call: &Call, browser: &BrowserToken) -> Result<HeaderValue> {
    let (policy, token) = (call.auth()?, browser.expose());
    cookie::set_beside(policy.cookie(), COOKIE, token, BrowserToken::LIFETIME)
}

/// Apple answers by a form. A page of somebody else's that sends a form has no
/// cookies of ours with it, so it is asked to come by a link, which has.
async fn take_form<P: Wired>(call: Call) -> Result<Reply> {
    let answer: Vec<_> = ANSWER
        .iter()
        .filter_map(|name| Some((*name, call.parameter(name)?)))
        .collect();
    let path = callback_path::<P>(&call, call.segment("provider"));
    Reply::see_other(&link(&call.backend, &path, &answer))
}

/// Somebody is back. From here on the state is used, whatever comes of it.
async fn call_back<P: Lands>(call: Call) -> Result<Reply> {
    let auth = P::auth(&call).await?;
    let provider = call.segment("provider");
    let state = call.parameter("state").unwrap_or_default();
    let browser = presented(&call)?.ok_or_else(nobody_left)?;
    let back = auth.resume_oauth(provider, state, &browser).await?;
    match finish(&call, &auth, &back).await {
        Ok(reply) => Ok(reply),
        Err(error) => fail(&call, &back, error),
    }
}

async fn finish<P: Lands>(call: &Call, auth: &Auth<P>, back: &OAuthReturn) -> Result<Reply> {
    let text = |name| call.parameter(name).map(ToOwned::to_owned);
    let callback = Callback::new()
        .with_code(text("code"))
        .with_error(text("error"))
        .with_issuer(text("iss"))
        .with_user(text("user"));
    let redirect_uri = redirect_uri::<P>(call, call.segment("provider"));
    if back.is_link() && !back.is_by_ticket() {
        auth.finish_oauth_link(back, &callback, &redirect_uri)
            .await?;
        let page = page(call, back.pages.done.as_deref())?;
        return Reply::redirect(page.as_str());
    }
    let landing = Landing {
        back,
        callback,
        redirect_uri,
    };
    P::land(call, auth, landing).await
}

/// Tells the page that was named for it what went wrong, by a word of ours; if
/// none was, the answer does.
fn fail(call: &Call, back: &OAuthReturn, error: Error) -> Result<Reply> {
    let (Some(named), Some(code)) = (&back.pages.error, error.code()) else {
        return Err(error);
    };
    if error.kind() == ErrorKind::Unavailable {
        let error = &error as &dyn std::error::Error;
        tracing::error!(error, "a provider cannot be signed in with");
    }
    let page = page(call, Some(named))?;
    Reply::redirect(&page.with("error", code))
}

/// A page that was named when the browser set out. It must still be one.
fn page(call: &Call, named: Option<&str>) -> Result<CallbackUrl> {
    CallbackUrl::parse(named.unwrap_or(HOME), call.places(), "callbackURL")
}

/// Where providers send browsers back to: what the instance was told that it is
/// called, whatever the request says.
fn redirect_uri<P: Wired>(call: &Call, provider: &str) -> String {
    link(&call.backend, &callback_path::<P>(call, provider), &[])
}

fn callback_path<P: Wired>(call: &Call, provider: &str) -> String {
    P::link_path(call, CALLBACK).replace("{provider}", provider)
}

fn presented(call: &Call) -> Result<Option<BrowserToken>> {
    let team = call.auth()?;
    let token = cookie::read_beside(call.headers(), team.cookie(), COOKIE);
    Ok(token.and_then(BrowserToken::parse))
}

fn nobody_left() -> Error {
    let message = "this browser has not set out to sign in there, or was away for too long";
    Error::new(ErrorKind::BadRequest, message).with_code("STATE_MISMATCH")
}
