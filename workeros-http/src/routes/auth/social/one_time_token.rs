//! What the page of an app does with what it is given for somebody who is back
//! from a provider: it changes it for tokens, or for one more account of whoever
//! is signed in.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{App, BrowserToken, LinkToken};
use workeros_core::input::Object;
use workeros_core::{Error, ErrorKind, Result};

use crate::call::Call;
use crate::cookie::Keep;
use crate::endpoint::{Access, Endpoint};
use crate::plane::Wired as _;
use crate::reply::Reply;
use crate::routes::auth::own::Own;
use crate::routes::auth::{arrival, enter};

pub(super) fn endpoints() -> Vec<Endpoint> {
    const VERIFY: &str = "/api/t/{workspace}/auth/one-time-token/verify";
    const COMPLETE: &str = "/api/t/{workspace}/auth/link-social/complete";
    let verify = Endpoint::new(Method::POST, VERIFY, Access::Open, verify);
    let complete = Endpoint::new(Method::POST, COMPLETE, Access::SignedIn, complete_link);
    [verify, complete]
        .map(|endpoint| endpoint.with_json().for_better_auth())
        .into()
}

async fn verify(call: Call) -> Result<Reply> {
    let (token, page) = read(call.json())?;
    let auth = App::auth(&call).await?;
    let request = arrival(&call, &auth).await?;
    let entered = auth.sign_in_one_time_token(&token, &page, &request).await?;
    enter(&auth, entered, json!({}), Keep::Session).await
}

async fn complete_link(call: Call) -> Result<Reply> {
    let (token, page) = read(call.json())?;
    let own = Own::<App>::of(&call).await?;
    own.auth
        .complete_oauth_link(&token, &page, own.user, own.session)
        .await?;
    Ok(Reply::json(&json!({"status": true})))
}

/// Reads `{token, browserToken}`: what the page was sent on with, and what it
/// was told when it sent its browser away.
fn read(body: &Json) -> Result<(LinkToken, BrowserToken)> {
    let mut object = Object::read(body, "")?;
    let token = object.required_string("token");
    let page = object.required_string("browserToken");
    object.finish()?;
    let token = LinkToken::parse(&token)?;
    let page = BrowserToken::parse(&page);
    let page = page.ok_or_else(|| {
        let message = "the link does not hold, or no longer";
        Error::new(ErrorKind::BadRequest, message).with_code("INVALID_TOKEN")
    })?;
    Ok((token, page))
}
