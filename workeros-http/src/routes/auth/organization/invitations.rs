//! Invitations to an organization.
//!
//! Where the client of better-auth says `invitationId` it may send what the link
//! in the mail proves, or, once the address is verified, the invitation's id.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{
    App, InvitationName, LinkToken, NewOrganizationInvitation, OrganizationInvitation, Organizer,
};
use workeros_core::Result;
use workeros_core::input::Object;

use super::members::read_role;
use super::wire::{write_answered, write_invitation, write_member};
use super::{NAMES, Name, below};
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::plane::Wired as _;
use crate::reply::Reply;
use crate::routes::auth::body::{incomplete, read_callback, read_email};
use crate::routes::auth::link::{callback, follow_invitation, link};
use crate::routes::auth::own::Own;

const ACCEPT: &str = below!("/accept-invitation");

pub(super) fn endpoints() -> Vec<Endpoint> {
    let signed_in = Access::SignedIn;
    vec![
        Endpoint::new(Method::POST, below!("/invite-member"), signed_in, invite).with_json(),
        Endpoint::new(Method::GET, ACCEPT, Access::Open, follow)
            .with_parameters(&["token", "callbackURL"]),
        Endpoint::new(Method::POST, ACCEPT, signed_in, accept).with_json(),
        Endpoint::new(
            Method::POST,
            below!("/reject-invitation"),
            signed_in,
            reject,
        )
        .with_json(),
        Endpoint::new(
            Method::POST,
            below!("/cancel-invitation"),
            signed_in,
            cancel,
        )
        .with_json(),
        Endpoint::new(Method::GET, below!("/get-invitation"), signed_in, read)
            .with_parameters(&["id"]),
        Endpoint::new(Method::GET, below!("/list-invitations"), signed_in, list)
            .with_parameters(NAMES),
        Endpoint::new(
            Method::GET,
            below!("/list-user-invitations"),
            signed_in,
            list_own,
        ),
    ]
}

/// Takes `{email, role, organizationId?, resend?, callbackURL?}`. The newest
/// invitation holds, so sending it again is what is always done.
async fn invite(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let mut object = Object::read(call.json(), "")?;
    let name = Name::in_body(&mut object);
    let (email, role) = (read_email(&mut object), read_role(&mut object));
    object.boolean("resend");
    let page = read_callback(&mut object, "callbackURL", call.places());
    object.finish()?;
    let (Some(email), Some(role)) = (email, role) else {
        return Err(incomplete());
    };
    let id = name.required(&call, &own).await?;
    let path = ACCEPT.replace("{workspace}", call.segment("workspace"));
    let url = |token: &LinkToken| {
        let mut query = vec![("token", token.expose())];
        query.extend(callback(page.as_ref()));
        link(&call.backend, &path, &query)
    };
    let new = NewOrganizationInvitation::new(email, role);
    let by = Organizer::User(own.user);
    let made = own.auth.invite_to_organization(id, by, new, url).await?;
    Ok(Reply::json(&write_invitation(&made)))
}

async fn follow(call: Call) -> Result<Reply> {
    let auth = App::auth(&call).await?;
    let found = match LinkToken::parse(call.parameter("token").unwrap_or_default()) {
        Ok(link) => auth.check_organization_invitation(&link).await.map(drop),
        Err(_) => Err(OrganizationInvitation::not_there()),
    };
    follow_invitation(&call, found)
}

/// Takes `{invitationId}`.
async fn accept(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let name = read_invitation(call.json())?;
    let session = Some(own.session);
    let accepted = own
        .auth
        .accept_organization_invitation(own.user, &name, session);
    let (invitation, member) = accepted.await?;
    Ok(Reply::json(&json!({
        "invitation": write_answered(&invitation, "accepted"),
        "member": write_member(&member),
    })))
}

/// Takes `{invitationId}`.
async fn reject(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let name = read_invitation(call.json())?;
    let rejected = own.auth.reject_organization_invitation(own.user, &name);
    let invitation = write_answered(&rejected.await?, "rejected");
    Ok(Reply::json(
        &json!({"invitation": invitation, "member": null}),
    ))
}

/// Takes `{invitationId}`, which is the id: the link is not for who invites.
async fn cancel(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let InvitationName::Id(id) = read_invitation(call.json())? else {
        return Err(OrganizationInvitation::not_there());
    };
    let by = Organizer::User(own.user);
    let canceled = own.auth.cancel_organization_invitation(by, id).await?;
    Ok(Reply::json(&write_answered(&canceled, "canceled")))
}

/// Takes `id`.
async fn read(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let name = parse_invitation(call.parameter("id").unwrap_or_default())?;
    let invitation = own.auth.organization_invitation(own.user, &name).await?;
    Ok(Reply::json(&write_invitation(&invitation)))
}

async fn list(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let id = Name::in_query(&call).required(&call, &own).await?;
    let by = Organizer::User(own.user);
    let list = own.auth.organization_invitations(id, by).await?;
    Ok(Reply::json(&list.iter().map(write_invitation).collect()))
}

async fn list_own(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let list = own.auth.organization_invitations_of(own.user).await?;
    Ok(Reply::json(&list.iter().map(write_invitation).collect()))
}

/// Reads `{invitationId}`.
fn read_invitation(body: &Json) -> Result<InvitationName> {
    let mut object = Object::read(body, "")?;
    let text = object.required_string("invitationId");
    object.finish()?;
    parse_invitation(&text)
}

/// What cannot name an invitation names none.
fn parse_invitation(text: &str) -> Result<InvitationName> {
    InvitationName::parse(text).ok_or_else(OrganizationInvitation::not_there)
}
