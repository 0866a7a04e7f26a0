//! Workspaces, and who is in them.
//!
//! What somebody may do with one goes by what he is in it, or by his running the
//! instance; the workspace his request acts in plays no part.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::Membership;
use workeros_core::{ErrorKind, Result};
use workeros_schema::WorkspaceDetails;

use self::standing::{Standing, operator, own_session, subject_in, team_user};
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

pub(super) mod invitations;
mod members;
pub(super) mod standing;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/workspaces";
    const ONE: &str = "/api/workspaces/{id}";
    const SWITCH: &str = "/api/workspaces/{id}/switch";
    let signed_in = Access::SignedIn;
    let mut endpoints = vec![
        Endpoint::new(Method::GET, ALL, signed_in, list_workspaces),
        Endpoint::new(Method::POST, ALL, signed_in, create_workspace).with_json(),
        Endpoint::new(Method::GET, ONE, signed_in, read_workspace),
        Endpoint::new(Method::PATCH, ONE, signed_in, update_workspace).with_json(),
        Endpoint::new(Method::DELETE, ONE, signed_in, delete_workspace).with_json(),
        Endpoint::new(Method::POST, SWITCH, signed_in, switch_workspace),
    ];
    endpoints.extend(members::endpoints());
    endpoints.extend(invitations::endpoints());
    endpoints
}

/// All of them for who runs the instance; for others those they are in.
async fn list_workspaces(call: Call) -> Result<Reply> {
    let memberships = match team_user(&call)? {
        Some(user) => call.auth()?.workspaces_of(user).await?,
        None => Vec::new(),
    };
    let all = match operator(&call).await? {
        Some(operator) => call.plane().workspaces(operator).list().await?,
        None => own(&call, &memberships).await?,
    };
    let written = all.iter().map(|details| {
        let mut json = details.to_json();
        let of = |one: &&Membership| one.tenant == details.workspace.id;
        let membership = memberships.iter().find(of);
        if let Some(members) = json.as_object_mut() {
            let roles = membership.map(|membership| &membership.roles);
            members.insert("roles".to_owned(), json!(roles));
        }
        json
    });
    Ok(Reply::data(written.collect::<Json>()))
}

/// Those of the workspaces somebody is in that he can act in by what he sent: a
/// key acts in one.
async fn own(call: &Call, memberships: &[Membership]) -> Result<Vec<WorkspaceDetails>> {
    let mut all = Vec::new();
    for membership in memberships {
        let id = membership.tenant;
        match subject_in(call, id).await {
            Ok(subject) => all.push(call.plane().workspaces(subject).get(id).await?),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// Whoever makes it is its admin.
async fn create_workspace(call: Call) -> Result<Reply> {
    let (auth, founder) = (call.auth()?, team_user(&call)?);
    let subject = operator(&call).await?.unwrap_or_else(|| call.subject());
    let steps = |id| {
        founder
            .map(|founder| auth.founder_steps(id, founder))
            .unwrap_or_default()
    };
    let workspaces = call.plane().workspaces(subject);
    let made = workspaces.create(call.json(), steps).await?;
    Ok(Reply::data(made.to_json()).created())
}

async fn read_workspace(call: Call) -> Result<Reply> {
    let standing = Standing::of(&call).await?;
    Ok(Reply::data(standing.details(&call).await?.to_json()))
}

async fn update_workspace(call: Call) -> Result<Reply> {
    let Standing { tenant, subject } = Standing::of(&call).await?;
    let workspaces = call.plane().workspaces(subject);
    let renamed = workspaces.rename(tenant, call.json()).await?;
    Ok(Reply::data(renamed.to_json()))
}

/// Takes somebody who has just signed in, and names it once more.
async fn delete_workspace(call: Call) -> Result<Reply> {
    let standing = Standing::of_admin(&call).await?;
    let (auth, (_, session)) = (call.auth()?, own_session(&call)?);
    auth.require_fresh(session).await?;
    let details = standing.details(&call).await?;
    let workspaces = call.plane().workspaces(standing.subject);
    let delete = |steps| workspaces.delete(standing.tenant, call.json(), steps);
    auth.end_workspace(&details.workspace, delete).await?;
    Ok(Reply::ok())
}

async fn switch_workspace(call: Call) -> Result<Reply> {
    let (user, session) = own_session(&call)?;
    let tenant = call.id()?;
    call.auth()?.switch_workspace(user, session, tenant).await?;
    let subject = subject_in(&call, tenant).await?;
    let details = call.plane().workspaces(subject).get(tenant).await?;
    Ok(Reply::data(details.to_json()))
}
