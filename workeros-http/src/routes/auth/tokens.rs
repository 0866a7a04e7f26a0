//! The tokens of end users.

use http::HeaderValue;
use http::Method;
use http::header::CACHE_CONTROL;
use serde_json::{Value as Json, json};
use workeros_auth::{App, RefreshToken};
use workeros_core::input::Object;
use workeros_core::{Error, ErrorKind, Result};

use super::wire::write_user;
use crate::call::Call;
use crate::cookie::Keep;
use crate::endpoint::{Access, Endpoint};
use crate::plane::Wired;
use crate::reply::Reply;

/// As long a client may keep the public keys: not as long as one is published
/// before it signs.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(super) fn endpoints() -> Vec<Endpoint> {
    const REFRESH: &str = "/api/t/{workspace}/auth/token/refresh";
    const OF_ALL: &str = "/.well-known/jwks.json";
    const OF_ONE: &str = "/api/t/{workspace}/auth/jwks.json";
    let open = Access::Open;
    vec![
        Endpoint::new(Method::POST, REFRESH, open, refresh)
            .with_json()
            .for_better_auth(),
        Endpoint::new(Method::GET, OF_ALL, open, jwks),
        Endpoint::new(Method::GET, OF_ONE, open, jwks_of_one),
    ]
}

async fn refresh(call: Call) -> Result<Reply> {
    let auth = App::auth(&call).await?;
    let token = read_refresh(call.json())?;
    let signed_in = auth.refresh_session(&token).await?;
    let answer = json!({"user": write_user(&signed_in.user, None)});
    App::hand_over(&auth, &signed_in, answer, Keep::Session).await
}

async fn jwks(call: Call) -> Result<Reply> {
    let jwks = call.auth()?.jwks().await?;
    Ok(Reply::json(&jwks).with_header(CACHE_CONTROL, KEPT))
}

/// One ring signs for all workspaces.
async fn jwks_of_one(call: Call) -> Result<Reply> {
    App::auth(&call).await?;
    jwks(call).await
}

/// Reads `{refreshToken}`. What cannot be one is none.
fn read_refresh(body: &Json) -> Result<RefreshToken> {
    let mut object = Object::read(body, "")?;
    object.alias("refreshToken", "refresh_token");
    let text = object.required_string("refreshToken");
    object.finish()?;
    RefreshToken::parse(&text)
        .ok_or_else(|| Error::new(ErrorKind::Unauthorized, "the credentials are not valid"))
}
