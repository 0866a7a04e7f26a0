//! Users without an account.

use http::Method;
use serde_json::json;
use workeros_auth::Entered;
use workeros_core::Result;

use super::own::Own;
use super::{arrival, enter};
use crate::call::Call;
use crate::cookie::Keep;
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;

const SIGN_IN: Paths = paths!("/sign-in/anonymous");
const DELETE: Paths = paths!("/delete-anonymous-user");

pub(super) fn endpoints<P: Wired>() -> Vec<Endpoint> {
    let (post, signed_in) = (|| Method::POST, Access::SignedIn);
    vec![
        Endpoint::new(post(), P::path(SIGN_IN), Access::Open, sign_in::<P>),
        Endpoint::new(post(), P::path(DELETE), signed_in, delete::<P>).for_guests(),
    ]
}

async fn sign_in<P: Wired>(call: Call) -> Result<Reply> {
    let auth = P::auth(&call).await?;
    let request = arrival(&call, &auth).await?;
    let signed_in = auth.sign_in_anonymous(&request).await?;
    enter(
        &auth,
        Entered::SignedIn(signed_in),
        json!({}),
        Keep::Session,
    )
    .await
}

async fn delete<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    own.auth.delete_anonymous_user(own.user).await?;
    P::forget(Reply::json(&json!({"success": true})), &own.auth)
}
