//! Organizations of the end users of a workspace, in the shape of the plugin of
//! better-auth.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{
    App, DisplayName, MemberQuery, NewOrganization, Organization, OrganizationMember,
    OrganizationPatch, OrganizationSlug, Organizer,
};
use workeros_core::input::Object;
use workeros_core::{Error, ErrorKind, OrganizationId, Result};

use self::wire::{write_invitation, write_member, write_organization};
use super::body::incomplete;
use super::own::Own;
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

mod invitations;
mod members;
mod wire;

/// The path of what stands below `/organization` of a workspace.
macro_rules! below {
    ($path:literal) => {
        concat!("/api/t/{workspace}/auth/organization", $path)
    };
}
use below;

/// What names an organization in a query, in place of the one that is acted for.
const NAMES: &[&str] = &["organizationId", "organizationSlug"];
/// As many members come with an organization where nothing is said.
const DEFAULT_MEMBERS: u32 = 100;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const FULL: &[&str] = &["organizationId", "organizationSlug", "membersLimit"];
    let signed_in = Access::SignedIn;
    let endpoints = vec![
        Endpoint::new(Method::POST, below!("/create"), signed_in, create).with_json(),
        Endpoint::new(Method::POST, below!("/check-slug"), signed_in, check_slug).with_json(),
        Endpoint::new(Method::GET, below!("/list"), signed_in, list),
        Endpoint::new(Method::POST, below!("/set-active"), signed_in, set_active).with_json(),
        Endpoint::new(Method::GET, below!("/get-organization"), signed_in, read)
            .with_parameters(NAMES),
        Endpoint::new(
            Method::GET,
            below!("/get-full-organization"),
            signed_in,
            read_full,
        )
        .with_parameters(FULL),
        Endpoint::new(Method::POST, below!("/update"), signed_in, update).with_json(),
        Endpoint::new(Method::POST, below!("/delete"), signed_in, delete).with_json(),
    ];
    let endpoints = endpoints
        .into_iter()
        .chain(members::endpoints())
        .chain(invitations::endpoints());
    endpoints.map(Endpoint::for_better_auth).collect()
}

/// Takes `{name, slug, logo?, metadata?, keepCurrentActiveOrganization?}`.
async fn create(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let mut object = Object::read(call.json(), "")?;
    object.require("name");
    object.require("slug");
    let (name, slug) = (read_name(&mut object), read_slug(&mut object));
    let logo = object.string("logo");
    let metadata = object.object("metadata");
    let keeps = object.boolean("keepCurrentActiveOrganization");
    object.finish()?;
    let (Some(name), Some(slug)) = (name, slug) else {
        return Err(incomplete());
    };
    let new = NewOrganization::new(name, slug)
        .with_logo(logo)
        .with_metadata(metadata);
    let session = (keeps != Some(true)).then_some(own.session);
    let made = own.auth.create_organization(own.user, new, session).await?;
    let (organization, member) = made;
    let mut answer = write_organization(&organization);
    if let Some(members) = answer.as_object_mut() {
        members.insert("members".to_owned(), json!([write_member(&member)]));
    }
    Ok(Reply::json(&answer))
}

/// Takes `{slug}`.
async fn check_slug(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let mut object = Object::read(call.json(), "")?;
    object.require("slug");
    let slug = read_slug(&mut object);
    object.finish()?;
    let slug = slug.ok_or_else(incomplete)?;
    if own.auth.is_organization_slug_free(&slug).await? {
        return Ok(Reply::json(&json!({"status": true})));
    }
    let code = "ORGANIZATION_SLUG_ALREADY_TAKEN";
    Err(Error::validation("/slug", code, "is already in use").with_code(code))
}

async fn list(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let list = own.auth.organizations_of(own.user).await?;
    Ok(Reply::json(&list.iter().map(write_organization).collect()))
}

/// Takes `{organizationId?, organizationSlug?}`; null as the id is none.
async fn set_active(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let mut object = Object::read(call.json(), "")?;
    let is_none = call.json().get("organizationId").is_some_and(Json::is_null);
    let name = Name {
        id: object.string("organizationId"),
        slug: object.string("organizationSlug"),
    };
    object.finish()?;
    let id = if is_none {
        None
    } else {
        name.find(&call, &own).await?
    };
    let switched = own.auth.switch_organization(own.user, own.session, id);
    switched.await?;
    answer(&own, id).await
}

/// Takes `organizationId` or `organizationSlug`.
async fn read(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let id = Name::in_query(&call).find(&call, &own).await?;
    answer(&own, id).await
}

/// Takes `organizationId` or `organizationSlug`, and `membersLimit`. Who may not
/// see the invitations sees none.
async fn read_full(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let Some(id) = Name::in_query(&call).find(&call, &own).await? else {
        return Ok(Reply::json(&Json::Null));
    };
    let limit = read_count(&call, "membersLimit")?.unwrap_or(DEFAULT_MEMBERS);
    let by = Organizer::User(own.user);
    let organization = own.auth.organization(id, by).await?;
    let query = MemberQuery::new().with_limit(limit);
    let page = own.auth.organization_members(id, by, &query).await?;
    let invitations = match own.auth.organization_invitations(id, by).await {
        Err(error) if error.kind() == ErrorKind::Forbidden => Vec::new(),
        other => other?,
    };
    let mut answer = write_organization(&organization);
    if let Some(members) = answer.as_object_mut() {
        let of_it = page.members.iter().map(write_member).collect();
        members.insert("members".to_owned(), of_it);
        let pending = invitations.iter().map(write_invitation).collect();
        members.insert("invitations".to_owned(), pending);
    }
    Ok(Reply::json(&answer))
}

/// Takes `{data: {name?, slug?, logo?, metadata?}, organizationId?}`.
async fn update(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let mut object = Object::read(call.json(), "")?;
    let name = Name::in_body(&mut object);
    object.require("data");
    let pointer = object.pointer("data");
    let data = object.json("data").unwrap_or_default();
    object.finish()?;
    let patch = read_patch(&data, &pointer)?;
    let id = name.required(&call, &own).await?;
    let by = Organizer::User(own.user);
    let organization = own.auth.update_organization(id, by, patch).await?;
    Ok(Reply::json(&write_organization(&organization)))
}

/// Takes `{organizationId}`.
async fn delete(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let id = read_organization(call.json())?;
    let by = Organizer::User(own.user);
    let organization = own.auth.delete_organization(id, by).await?;
    Ok(Reply::json(&write_organization(&organization)))
}

/// The organization, or null for none.
async fn answer(own: &Own<App>, id: Option<OrganizationId>) -> Result<Reply> {
    let Some(id) = id else {
        return Ok(Reply::json(&Json::Null));
    };
    let organization = own.auth.organization(id, Organizer::User(own.user));
    Ok(Reply::json(&write_organization(&organization.await?)))
}

/// What names an organization; nothing is the one that is acted for.
#[derive(Debug)]
struct Name {
    id: Option<String>,
    slug: Option<String>,
}

impl Name {
    fn in_query(call: &Call) -> Self {
        let parameter = |name| call.parameter(name).map(ToOwned::to_owned);
        Self {
            id: parameter("organizationId"),
            slug: parameter("organizationSlug"),
        }
    }

    fn in_body(object: &mut Object) -> Self {
        Self {
            id: object.string("organizationId"),
            slug: None,
        }
    }

    async fn find(&self, call: &Call, own: &Own<App>) -> Result<Option<OrganizationId>> {
        if let Some(id) = &self.id {
            return parse_organization(id).map(Some);
        }
        if let Some(slug) = &self.slug {
            return own.auth.organization_by_slug(slug).await.map(Some);
        }
        let active = call.identity()?.organization.as_ref();
        active
            .map(|active| parse_organization(&active.id))
            .transpose()
    }

    async fn required(&self, call: &Call, own: &Own<App>) -> Result<OrganizationId> {
        let found = self.find(call, own).await?;
        found.ok_or_else(|| {
            let why = "name an organization, or set one as active";
            Error::new(ErrorKind::BadRequest, why).with_code("NO_ACTIVE_ORGANIZATION")
        })
    }
}

/// What cannot be an id names none.
fn parse_organization(text: &str) -> Result<OrganizationId> {
    text.parse().map_err(|_| Organization::not_there())
}

/// Reads `{organizationId}`.
fn read_organization(body: &Json) -> Result<OrganizationId> {
    let mut object = Object::read(body, "")?;
    let id = object.required_string("organizationId");
    object.finish()?;
    parse_organization(&id)
}

fn read_name(object: &mut Object) -> Option<DisplayName> {
    let text = object.string("name")?;
    object.keep(DisplayName::parse(&text))
}

fn read_slug(object: &mut Object) -> Option<OrganizationSlug> {
    let text = object.string("slug")?;
    object.keep(OrganizationSlug::parse(&text))
}

/// Reads `{name?, slug?, logo?, metadata?}`; a logo of null and metadata of null
/// are none.
fn read_patch(data: &Json, pointer: &str) -> Result<OrganizationPatch> {
    let mut object = Object::read(data, pointer)?;
    let is_null = |name| data.get(name).is_some_and(Json::is_null);
    let logo = object.string("logo");
    let metadata = object.object("metadata");
    let patch = OrganizationPatch::new()
        .with_name(read_name(&mut object))
        .with_slug(read_slug(&mut object))
        .with_logo(logo.map(Some).or_else(|| is_null("logo").then_some(None)))
        .with_metadata(
            metadata
                .map(Some)
                .or_else(|| is_null("metadata").then_some(None)),
        );
    object.finish()?;
    Ok(patch)
}

fn read_count(call: &Call, name: &'static str) -> Result<Option<u32>> {
    let count = call.parameter(name).map(str::parse).transpose();
    count.map_err(|_| Error::validation(name, "invalid_value", "must be a number"))
}

/// One who acts for an organization, and as what.
async fn own_member(own: &Own<App>, id: OrganizationId) -> Result<OrganizationMember> {
    let by = Organizer::User(own.user);
    own.auth.organization_member(id, by, own.user).await
}
