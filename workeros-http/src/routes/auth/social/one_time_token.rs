//! How the page of an app comes to the tokens of somebody who is back from a
//! provider.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{App, BrowserToken, LinkToken};
use workeros_core::input::Object;
use workeros_core::{Error, Result};

use crate::call::Call;
use crate::cookie::Keep;
use crate::endpoint::{Access, Endpoint};
use crate::plane::Wired as _;
use crate::reply::Reply;
use crate::routes::auth::{arrival, enter};

pub(super) fn endpoint() -> Endpoint {
    const VERIFY: &str = "/api/t/{workspace}/auth/one-time-token/verify";
    let verify = Endpoint::new(Method::POST, VERIFY, Access::Open, verify);
    verify.with_json().for_better_auth()
}

async fn verify(call: Call) -> Result<Reply> {
    let (token, browser) = read(call.json())?;
    let auth = App::auth(&call).await?;
    let request = arrival(&call, &auth).await?;
    let entered = auth
        .sign_in_one_time_token(&token, &browser, &request)
        .await?;
    enter(&auth, entered, json!({}), Keep::Session).await
}

/// Reads `{token, browserToken}`: what the page was sent on with, and what it
/// was told when it sent its browser away.
fn read(body: &Json) -> Result<(LinkToken, BrowserToken)> {
    let mut object = Object::read(body, "")?;
    let token = object.required_string("token");
    let browser = object.required_string("browserToken");
    object.finish()?;
    let token = LinkToken::parse(&token)?;
    let browser = BrowserToken::parse(&browser);
    let browser = browser.ok_or_else(|| {
        let message = "the link does not hold, or no longer";
        Error::new(workeros_core::ErrorKind::BadRequest, message).with_code("INVALID_TOKEN")
    })?;
    Ok((token, browser))
}
