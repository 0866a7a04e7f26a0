//! The accounts that users sign in by.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::oauth::LinkedAccount;
use workeros_core::input::Object;
use workeros_core::{Error, LinkedAccountId, Result};

use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::plane::{Paths, Wired, paths};
use crate::reply::Reply;
use crate::routes::auth::own::Own;
use crate::routes::auth::wire::write_instant;

const LIST: Paths = paths!("/list-accounts");
const UNLINK: Paths = paths!("/unlink-account");

pub(super) fn endpoints<P: Wired>() -> Vec<Endpoint> {
    let signed_in = Access::SignedIn;
    vec![
        Endpoint::new(Method::GET, P::path(LIST), signed_in, list_accounts::<P>),
        Endpoint::new(
            Method::POST,
            P::path(UNLINK),
            signed_in,
            unlink_account::<P>,
        )
        .with_json(),
    ]
}

/// With the password, which clients of better-auth take for an account of the
/// provider `credential`.
async fn list_accounts<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    let methods = own.auth.sign_in_methods(own.user).await?;
    let password = methods.has_password.then(|| {
        let id = own.user.to_string();
        let (created, updated) = (methods.user_created_at, methods.user_updated_at);
        json!({
            "id": id, "userId": id, "providerId": "credential", "accountId": id,
            "createdAt": write_instant(created), "updatedAt": write_instant(updated),
            "scopes": [],
        })
    });
    let accounts = methods.accounts.iter().map(write_account);
    Ok(Reply::json(&password.into_iter().chain(accounts).collect()))
}

async fn unlink_account<P: Wired>(call: Call) -> Result<Reply> {
    let own = Own::<P>::of(&call).await?;
    let id = read_id(call.json())?;
    let who = own.auth.require_fresh(own.session).await?;
    own.auth.unlink_account(who, id).await?;
    Ok(Reply::json(&json!({"status": true})))
}

/// Reads `{accountId}`: our id of it. What cannot be one is not found.
fn read_id(body: &Json) -> Result<LinkedAccountId> {
    let mut object = Object::read(body, "")?;
    let id = object.required_string("accountId");
    object.finish()?;
    id.parse()
        .map_err(|_| Error::not_found().with_code("ACCOUNT_NOT_FOUND"))
}

fn write_account(account: &LinkedAccount) -> Json {
    json!({
        "id": account.id.to_string(),
        "userId": account.user_id.to_string(),
        "providerId": account.provider,
        "accountId": account.subject,
        "createdAt": write_instant(account.created_at),
        "updatedAt": write_instant(account.updated_at),
        "scopes": [],
    })
}
