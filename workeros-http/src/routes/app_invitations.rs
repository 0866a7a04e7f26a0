//! Invitations to be an end user of the workspace a request acts in, for its
//! admins.

use http::Method;
use serde_json::Value as Json;
use workeros_auth::{App, Auth, LinkToken, NewInvitation};
use workeros_core::Result;
use workeros_core::input::Object;
use workeros_schema::WorkspaceDetails;

use super::app_users::app;
use super::auth::body::{incomplete, read_callback, read_email, read_locale, read_name};
use super::auth::invitation::ACCEPT;
use super::auth::link::{callback, link};
use super::workspaces::invitations::write;
use super::workspaces::standing::team_user;
use crate::call::Call;
use crate::callback::{CallbackUrl, Places};
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/app-invitations";
    const ONE: &str = "/api/app-invitations/{id}";
    const RESEND: &str = "/api/app-invitations/{id}/resend";
    let admin = Access::Admin;
    vec![
        Endpoint::new(Method::GET, ALL, admin, list_invitations),
        Endpoint::new(Method::POST, ALL, admin, create_invitation).with_json(),
        Endpoint::new(Method::DELETE, ONE, admin, revoke_invitation),
        Endpoint::new(Method::POST, RESEND, admin, resend_invitation).with_json(),
    ]
}

async fn list_invitations(call: Call) -> Result<Reply> {
    let list = app(&call).await?.invitations(call.tenant()).await?;
    Ok(Reply::data(list.iter().map(write).collect::<Json>()))
}

async fn create_invitation(call: Call) -> Result<Reply> {
    let auth = app(&call).await?;
    let (new, page) = read_new(call.json(), places(&call, &auth))?;
    let new = new.with_invited_by(team_user(&call)?);
    let to = workspace(&call).await?;
    let url = link_of(&call, &to.workspace.slug, page);
    let made = auth.invite(call.tenant(), new, &to.name, url).await?;
    Ok(Reply::data(write(&made)).created())
}

/// Takes `{callbackURL?}`.
async fn resend_invitation(call: Call) -> Result<Reply> {
    let auth = app(&call).await?;
    let mut object = Object::read(call.json(), "")?;
    let page = read_callback(&mut object, "callbackURL", places(&call, &auth));
    object.finish()?;
    let to = workspace(&call).await?;
    let url = link_of(&call, &to.workspace.slug, page);
    let sent = auth.resend_invitation(call.tenant(), call.id()?, &to.name, url);
    Ok(Reply::data(write(&sent.await?)))
}

async fn revoke_invitation(call: Call) -> Result<Reply> {
    let auth = app(&call).await?;
    auth.revoke_invitation(call.tenant(), call.id()?).await?;
    Ok(Reply::ok())
}

/// Where end users of the workspace may be sent to.
fn places<'a>(call: &'a Call, auth: &'a Auth<App>) -> Places<'a> {
    Places {
        backend: &call.backend,
        app: Some(auth.settings()),
    }
}

/// The workspace that somebody is invited to.
async fn workspace(call: &Call) -> Result<WorkspaceDetails> {
    let workspaces = call.plane().workspaces(call.subject());
    workspaces.get(call.tenant()).await
}

/// Makes the link that leads on to a page.
fn link_of(
    call: &Call,
    slug: &str,
    page: Option<CallbackUrl>,
) -> impl FnOnce(&LinkToken) -> String + Send + use<> {
    let (backend, path) = (call.backend.clone(), ACCEPT.replace("{workspace}", slug));
    move |token| {
        let mut query = vec![("token", token.expose())];
        query.extend(callback(page.as_ref()));
        link(&backend, &path, &query)
    }
}

/// Reads `{email, roles?, name?, locale?, callbackURL?}`.
fn read_new(body: &Json, places: Places<'_>) -> Result<(NewInvitation, Option<CallbackUrl>)> {
    let mut object = Object::read(body, "")?;
    let email = read_email(&mut object);
    let roles = object.strings("roles").unwrap_or_default();
    let name = read_name(&mut object);
    let locale = read_locale(&mut object).flatten();
    let page = read_callback(&mut object, "callbackURL", places);
    object.finish()?;
    let new = NewInvitation::new(email.ok_or_else(incomplete)?)
        .with_roles(roles)
        .with_name(name)
        .with_locale(locale);
    Ok((new, page))
}
