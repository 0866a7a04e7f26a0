//! Invitations to a workspace.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{EmailAddress, Invitation, LinkToken, Locale, NewInvitation};
use workeros_core::input::Object;
use workeros_core::{Error, Result};

use super::standing::{Standing, own_session, subject_in, team_user};
use crate::call::Call;
use crate::callback::{CallbackUrl, Places};
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;
use crate::routes::auth::link::{callback, follow_invitation, link};

const ACCEPT: &str = "/api/workspaces/accept-invitation";

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/workspaces/{id}/invitations";
    const ONE: &str = "/api/workspaces/{id}/invitations/{invitation}";
    let signed_in = Access::SignedIn;
    vec![
        Endpoint::new(Method::GET, ALL, signed_in, list_invitations),
        Endpoint::new(Method::POST, ALL, signed_in, create_invitation).with_json(),
        Endpoint::new(Method::DELETE, ONE, signed_in, revoke_invitation),
        Endpoint::new(Method::GET, ACCEPT, Access::Open, follow_link)
            .with_parameters(&["token", "callbackURL"]),
        Endpoint::new(Method::POST, ACCEPT, signed_in, accept_invitation).with_json(),
    ]
}

async fn list_invitations(call: Call) -> Result<Reply> {
    let standing = Standing::of_admin(&call).await?;
    let list = call.auth()?.invitations(standing.tenant).await?;
    Ok(Reply::data(list.iter().map(write).collect::<Json>()))
}

async fn create_invitation(call: Call) -> Result<Reply> {
    let standing = Standing::of_admin(&call).await?;
    let form = read_new(call.json(), call.places())?;
    let called = standing.details(&call).await?.name;
    let new = NewInvitation::new(form.email)
        .with_roles(form.roles)
        .with_invited_by(team_user(&call)?);
    let url = |token: &LinkToken| {
        let mut query = vec![("token", token.expose())];
        query.extend(callback(form.page.as_ref()));
        link(&call.backend, ACCEPT, &query)
    };
    let auth = call.auth()?;
    let made = auth.invite(standing.tenant, new, &called, url).await?;
    Ok(Reply::data(write(&made)).created())
}

async fn revoke_invitation(call: Call) -> Result<Reply> {
    let standing = Standing::of_admin(&call).await?;
    let id = call.segment("invitation").parse();
    let id = id.map_err(|_| Error::not_found())?;
    call.auth()?.revoke_invitation(standing.tenant, id).await?;
    Ok(Reply::ok())
}

async fn follow_link(call: Call) -> Result<Reply> {
    let token = LinkToken::parse(call.parameter("token").unwrap_or_default());
    let found = match token {
        Ok(token) => call.auth()?.check_invitation(&token).await.map(drop),
        Err(error) => Err(error),
    };
    follow_invitation(&call, found)
}

async fn accept_invitation(call: Call) -> Result<Reply> {
    let (user, _) = own_session(&call)?;
    let mut object = Object::read(call.json(), "")?;
    let token = object.required_string("token");
    object.finish()?;
    let token = LinkToken::parse(&token)?;
    let tenant = call.auth()?.accept_invitation(user, &token).await?;
    let subject = subject_in(&call, tenant).await?;
    let details = call.plane().workspaces(subject).get(tenant).await?;
    Ok(Reply::data(details.to_json()))
}

struct NewForm {
    email: EmailAddress,
    roles: Vec<String>,
    page: Option<CallbackUrl>,
}

/// Reads `{email, roles?, callbackURL?}`.
fn read_new(body: &Json, places: Places<'_>) -> Result<NewForm> {
    let mut object = Object::read(body, "")?;
    let text = object.required_string("email");
    let email = object.keep(EmailAddress::parse(&text));
    let roles = object.strings("roles").unwrap_or_default();
    let page = object.string("callbackURL").map(|text| {
        let pointer = object.pointer("callbackURL");
        CallbackUrl::parse(&text, places, &pointer)
    });
    let page = page.and_then(|page| object.keep(page));
    object.finish()?;
    let required = || Error::validation("/email", "required", "is required");
    Ok(NewForm {
        email: email.ok_or_else(required)?,
        roles,
        page,
    })
}

pub(in crate::routes) fn write(invitation: &Invitation) -> Json {
    json!({
        "id": invitation.id.to_string(),
        "email": invitation.email,
        "roles": invitation.roles,
        "name": invitation.name,
        "locale": invitation.locale.as_ref().map(Locale::as_str),
        "invited_by": invitation.invited_by.map(|user| user.to_string()),
        "created_at": invitation.created_at.to_string(),
        "expires_at": invitation.expires_at.to_string(),
    })
}
