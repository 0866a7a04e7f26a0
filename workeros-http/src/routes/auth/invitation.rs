//! Invitations to be an end user, for whoever was invited. Who is not one yet signs
//! up with what the link brings.

use http::Method;
use serde_json::json;
use workeros_auth::{App, LinkToken};
use workeros_core::Result;
use workeros_core::input::Object;

use super::link::follow_invitation;
use super::own::Own;
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::plane::Wired as _;
use crate::reply::Reply;

/// Where the link in the mail leads.
pub(in crate::routes) const ACCEPT: &str = "/api/t/{workspace}/auth/accept-invitation";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let signed_in = Access::SignedIn;
    vec![
        Endpoint::new(Method::GET, ACCEPT, Access::Open, follow)
            .with_parameters(&["token", "callbackURL"]),
        Endpoint::new(Method::POST, ACCEPT, signed_in, accept).with_json(),
    ]
}

async fn follow(call: Call) -> Result<Reply> {
    let auth = App::auth(&call).await?;
    let token = LinkToken::parse(call.parameter("token").unwrap_or_default());
    let found = match token {
        Ok(token) => auth.check_invitation(&token).await.map(drop),
        Err(error) => Err(error),
    };
    follow_invitation(&call, found)
}

/// Takes `{token}`, of somebody who has become a user otherwise meanwhile.
async fn accept(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let mut object = Object::read(call.json(), "")?;
    let token = object.required_string("token");
    object.finish()?;
    let token = LinkToken::parse(&token)?;
    own.auth.accept_invitation(own.user, &token).await?;
    Ok(Reply::json(&json!({"status": true})))
}
