//! The end users of the workspace a request acts in, for its admins.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{App, Auth, NewImpersonation};
use workeros_core::input::Object;
use workeros_core::{Error, Result, UserId, Workspace, Workspaces as _};

use super::auth::impersonation::read_why;
use super::auth::wire::{write_session, write_user};
use super::paging::{self, Paging};
use super::users::{read_new, read_patch, read_roles, write, write_page};
use crate::call::Call;
use crate::cookie::Keep;
use crate::endpoint::{Access, Endpoint};
use crate::plane::Wired as _;
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/app-users";
    const ONE: &str = "/api/app-users/{id}";
    const ROLES: &str = "/api/app-users/{id}/roles";
    const REVOKE: &str = "/api/app-users/{id}/revoke-sessions";
    const IMPERSONATE: &str = "/api/app-users/{id}/impersonate";
    let (post, admin) = (|| Method::POST, Access::Admin);
    vec![
        Endpoint::new(Method::GET, ALL, admin, list_users).with_parameters(paging::PARAMETERS),
        Endpoint::new(post(), ALL, admin, create_user).with_json(),
        Endpoint::new(Method::GET, ONE, admin, read_user),
        Endpoint::new(Method::PATCH, ONE, admin, update_user).with_json(),
        Endpoint::new(Method::DELETE, ONE, admin, delete_user),
        Endpoint::new(post(), ROLES, admin, set_roles).with_json(),
        Endpoint::new(post(), REVOKE, admin, revoke_sessions),
        Endpoint::new(post(), IMPERSONATE, admin, impersonate).with_json(),
    ]
}

/// The end users of the workspace, asked for by who sent the request.
pub(super) async fn app(call: &Call) -> Result<Auth<App>> {
    let workspace = call.plane().by_id(call.tenant()).await?;
    let workspace = workspace.ok_or_else(Workspace::not_there)?;
    call.auth()?.app(workspace).await
}

async fn list_users(call: Call) -> Result<Reply> {
    let paging = Paging::read(&call)?;
    let auth = app(&call).await?;
    let page = auth
        .users(call.tenant(), paging.limit, paging.before)
        .await?;
    Ok(write_page(&paging, &page))
}

async fn create_user(call: Call) -> Result<Reply> {
    let new = read_new(call.json())?;
    let account = app(&call).await?.create_user(call.tenant(), new).await?;
    Ok(Reply::data(write(&account)).created())
}

async fn read_user(call: Call) -> Result<Reply> {
    let auth = app(&call).await?;
    let account = auth.user(call.tenant(), call.id()?).await?;
    Ok(Reply::data(write(&account)))
}

async fn update_user(call: Call) -> Result<Reply> {
    let patch = read_patch(call.json())?;
    let auth = app(&call).await?;
    let account = auth.update_user(call.tenant(), call.id()?, patch).await?;
    Ok(Reply::data(write(&account)))
}

async fn delete_user(call: Call) -> Result<Reply> {
    app(&call).await?.delete_user(call.id()?).await?;
    Ok(Reply::ok())
}

async fn set_roles(call: Call) -> Result<Reply> {
    let (auth, tenant, user) = (app(&call).await?, call.tenant(), call.id()?);
    auth.set_roles(tenant, user, &read_roles(call.json())?)
        .await?;
    Ok(Reply::data(write(&auth.user(tenant, user).await?)))
}

async fn revoke_sessions(call: Call) -> Result<Reply> {
    let (auth, tenant, user) = (app(&call).await?, call.tenant(), call.id()?);
    auth.user(tenant, user).await?;
    auth.revoke_sessions(user).await?;
    Ok(Reply::ok())
}

/// An admin of the workspace, by a session of his own, gets tokens of the user.
async fn impersonate(call: Call) -> Result<Reply> {
    let new = read_impersonation(call.json(), call.id()?)?;
    let team = call.auth()?;
    let by = team.impersonator(call.identity()?, call.tenant()).await?;
    let auth = app(&call).await?;
    let signed_in = auth.impersonate(&by, &new, &call.request_info()).await?;
    let session = &signed_in.session;
    let answer = json!({
        "session": write_session(session, &session.id.to_string()),
        "user": write_user(&signed_in.user, None),
    });
    App::hand_over(&auth, &signed_in, answer, Keep::UntilClosed).await
}

/// Reads `{reason, write?}`.
fn read_impersonation(body: &Json, user: UserId) -> Result<NewImpersonation> {
    let mut object = Object::read(body, "")?;
    let new = read_why(&mut object, |reason| NewImpersonation::new(user, reason));
    object.finish()?;
    let missing = || Error::validation("/reason", "required", "is required");
    new.ok_or_else(missing)?
}
