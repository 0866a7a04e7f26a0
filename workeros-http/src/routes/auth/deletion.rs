//! Leaving for good.

use http::Method;
use serde_json::json;
use workeros_auth::{Password, StillMe};
use workeros_core::input::Object;
use workeros_core::{Error, ErrorKind, Result};

use super::body::read_callback;
use super::own::Own;
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;

const DELETE: Paths = paths!("/delete-user");

pub(super) fn endpoints<P: Wired>() -> Vec<Endpoint> {
    let delete = P::path(DELETE);
    let delete = Endpoint::new(Method::POST, delete, Access::SignedIn, delete_user::<P>);
    vec![delete.with_json()]
}

/// Takes `{password?, callbackURL?}`. A password that cannot be one is a wrong
/// one.
async fn delete_user<P: Wired>(call: Call) -> Result<Reply> {
    let Own {
        auth,
        user,
        session,
    } = Own::<P>::of(&call).await?;
    let mut object = Object::read(call.json(), "")?;
    let password = object.string("password");
    read_callback(&mut object, "callbackURL", call.places());
    object.finish()?;
    let password = password.map(|text| Password::parse(&text).map_err(|_| wrong_password()));
    let still_me = StillMe::new(user, session, password.transpose()?);
    auth.delete_own_account(&still_me, &call.request_info())
        .await?;
    let gone = json!({"success": true, "message": "User deleted"});
    P::forget(Reply::json(&gone), &auth)
}

fn wrong_password() -> Error {
    Error::new(ErrorKind::Forbidden, "the password is wrong").with_code("INVALID_PASSWORD")
}
