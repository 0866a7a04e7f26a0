//! Who is in a workspace.

use http::Method;
use workeros_core::{Error, Result, UserId};

use super::standing::{Standing, own_session};
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;
use crate::routes::paging::{self, Paging};
use crate::routes::users::{read_roles, write, write_page};

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/workspaces/{id}/members";
    const ONE: &str = "/api/workspaces/{id}/members/{user}";
    let signed_in = Access::SignedIn;
    vec![
        Endpoint::new(Method::GET, ALL, signed_in, list_members)
            .with_parameters(paging::PARAMETERS),
        Endpoint::new(Method::PUT, ONE, signed_in, set_member).with_json(),
        Endpoint::new(Method::DELETE, ONE, signed_in, remove_member),
    ]
}

async fn list_members(call: Call) -> Result<Reply> {
    let standing = Standing::of_admin(&call).await?;
    let paging = Paging::read(&call)?;
    let page = call
        .auth()?
        .members(standing.tenant, paging.limit, paging.before)
        .await?;
    Ok(write_page(&paging, &page))
}

/// Sets the roles of a member. Who runs the instance makes members as well; an
/// admin of the workspace invites them, and knows of nobody else.
async fn set_member(call: Call) -> Result<Reply> {
    let standing = Standing::of_admin(&call).await?;
    let (auth, tenant, user) = (call.auth()?, standing.tenant, named(&call)?);
    let roles = read_roles(call.json())?;
    if standing.is_operator(&call) {
        auth.add_member(tenant, user, &roles).await?;
    } else {
        auth.set_roles(tenant, user, &roles).await?;
    }
    Ok(Reply::data(write(&auth.member(tenant, user).await?)))
}

/// An admin takes anybody out; everybody may leave.
async fn remove_member(call: Call) -> Result<Reply> {
    let standing = Standing::of(&call).await?;
    let user = named(&call)?;
    let leaves = own_session(&call).is_ok_and(|(himself, _)| himself == user);
    if !leaves {
        standing.require_admin(&call).await?;
    }
    call.auth()?.remove_member(standing.tenant, user).await?;
    Ok(Reply::ok())
}

fn named(call: &Call) -> Result<UserId> {
    call.segment("user").parse().map_err(|_| Error::not_found())
}
