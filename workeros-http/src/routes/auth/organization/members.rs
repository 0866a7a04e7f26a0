//! Who is in an organization, and as what.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{
    App, EmailAddress, MemberField, MemberFilter, MemberName, MemberQuery, OrganizationMember,
    OrganizationRole, Organizer,
};
use workeros_core::input::Object;
use workeros_core::{Error, Result};

use super::wire::write_member;
use super::{DEFAULT_MEMBERS, Name, below, own_member, read_count, read_organization};
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;
use crate::routes::auth::own::Own;

const LIST: &[&str] = &[
    "limit",
    "offset",
    "sortBy",
    "sortDirection",
    "filterField",
    "filterOperator",
    "filterValue",
    "organizationId",
    "organizationSlug",
];
const ROLE: &[&str] = &["userId", "organizationId", "organizationSlug"];

pub(super) fn endpoints() -> Vec<Endpoint> {
    let signed_in = Access::SignedIn;
    vec![
        Endpoint::new(Method::GET, below!("/list-members"), signed_in, list)
            .with_parameters(LIST)
            .with_lists(&["filterValue"]),
        Endpoint::new(Method::POST, below!("/remove-member"), signed_in, remove).with_json(),
        Endpoint::new(
            Method::POST,
            below!("/update-member-role"),
            signed_in,
            set_role,
        )
        .with_json(),
        Endpoint::new(Method::POST, below!("/leave"), signed_in, leave).with_json(),
        Endpoint::new(
            Method::GET,
            below!("/get-active-member"),
            signed_in,
            read_own,
        ),
        Endpoint::new(
            Method::GET,
            below!("/get-active-member-role"),
            signed_in,
            read_role_of,
        )
        .with_parameters(ROLE),
        Endpoint::new(
            Method::POST,
            below!("/has-permission"),
            signed_in,
            has_permission,
        )
        .with_json(),
    ]
}

async fn list(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let id = Name::in_query(&call).required(&call, &own).await?;
    let query = MemberQuery::new()
        .with_limit(read_count(&call, "limit")?.unwrap_or(DEFAULT_MEMBERS))
        .with_offset(read_count(&call, "offset")?.unwrap_or(0))
        .sorted_by(read_field(&call, "sortBy")?.unwrap_or(MemberField::Id))
        .with_descending(read_is_descending(&call)?)
        .with_filter(read_filter(&call)?);
    let by = Organizer::User(own.user);
    let page = own.auth.organization_members(id, by, &query).await?;
    let members: Json = page.members.iter().map(write_member).collect();
    Ok(Reply::json(
        &json!({"members": members, "total": page.total}),
    ))
}

/// Takes `{memberIdOrEmail, organizationId?}`.
async fn remove(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let mut object = Object::read(call.json(), "")?;
    let name = Name::in_body(&mut object);
    let member = object.required_string("memberIdOrEmail");
    object.finish()?;
    let id = name.required(&call, &own).await?;
    let member = if member.contains('@') {
        let email = EmailAddress::parse(&member);
        MemberName::Email(email.map_err(|_| OrganizationMember::not_there())?)
    } else {
        parse_member(&member)?
    };
    let by = Organizer::User(own.user);
    let gone = own.auth.remove_organization_member(id, by, &member).await?;
    Ok(Reply::json(&json!({"member": write_member(&gone)})))
}

/// Takes `{role, memberId, organizationId?}`.
async fn set_role(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let mut object = Object::read(call.json(), "")?;
    let name = Name::in_body(&mut object);
    let member = object.required_string("memberId");
    let role = read_role(&mut object);
    object.finish()?;
    let role = role.ok_or_else(super::incomplete)?;
    let id = name.required(&call, &own).await?;
    let member = parse_member(&member)?;
    let by = Organizer::User(own.user);
    let changed = own.auth.set_organization_role(id, by, &member, &role);
    Ok(Reply::json(&write_member(&changed.await?)))
}

/// Takes `{organizationId}`.
async fn leave(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let id = read_organization(call.json())?;
    let member = own.auth.leave_organization(id, own.user).await?;
    Ok(Reply::json(&write_member(&member)))
}

async fn read_own(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let id = Name::in_query(&call).required(&call, &own).await?;
    Ok(Reply::json(&write_member(&own_member(&own, id).await?)))
}

async fn read_role_of(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let id = Name::in_query(&call).required(&call, &own).await?;
    let user = match call.parameter("userId") {
        Some(user) => user.parse().map_err(|_| OrganizationMember::not_there())?,
        None => own.user,
    };
    let by = Organizer::User(own.user);
    let member = own.auth.organization_member(id, by, user).await?;
    Ok(Reply::json(&json!({"role": member.role.as_str()})))
}

/// Takes `{permissions: {resource: [action]}, organizationId?}`.
async fn has_permission(call: Call) -> Result<Reply> {
    let own = Own::<App>::of(&call).await?;
    let mut object = Object::read(call.json(), "")?;
    object.alias("permissions", "permission");
    let name = Name::in_body(&mut object);
    object.require("permissions");
    let asked = object.object("permissions").unwrap_or_default();
    let pointer = object.pointer("permissions");
    object.finish()?;
    let mut wanted = Vec::new();
    let mut resources = Object::read(&Json::Object(asked.clone()), pointer)?;
    for resource in asked.keys() {
        let actions = resources.strings(resource).unwrap_or_default();
        wanted.extend(actions.into_iter().map(|action| (resource, action)));
    }
    resources.finish()?;
    let id = name.required(&call, &own).await?;
    let role = own_member(&own, id).await?.role;
    let may = |(resource, action): &(&String, String)| role.may(resource, action);
    let success = !wanted.is_empty() && wanted.iter().all(may);
    Ok(Reply::json(&json!({"error": null, "success": success})))
}

/// Reads `filterField`, `filterOperator`, which is `eq` where nothing is said, and
/// as many `filterValue` as there are.
fn read_filter(call: &Call) -> Result<Option<MemberFilter>> {
    let Some(field) = read_field(call, "filterField")? else {
        return Ok(None);
    };
    let operator = call.parameter("filterOperator").unwrap_or("eq");
    let values = call.parameters("filterValue");
    MemberFilter::parse(field, operator, &values).map(Some)
}

fn read_field(call: &Call, name: &'static str) -> Result<Option<MemberField>> {
    let Some(text) = call.parameter(name) else {
        return Ok(None);
    };
    let why = "must be `id`, `userId`, `role` or `createdAt`";
    let field = MemberField::parse(text);
    let field = field.ok_or_else(|| Error::validation(name, "not_a_choice", why));
    field.map(Some)
}

fn read_is_descending(call: &Call) -> Result<bool> {
    match call.parameter("sortDirection") {
        None | Some("asc") => Ok(false),
        Some("desc") => Ok(true),
        Some(_) => {
            let why = "must be `asc` or `desc`";
            Err(Error::validation("sortDirection", "not_a_choice", why))
        }
    }
}

/// Reads `role`, which must be there: a role, or a list of one.
pub(super) fn read_role(object: &mut Object) -> Option<OrganizationRole> {
    object.require("role");
    let text = match object.json("role")? {
        Json::String(text) => text,
        Json::Array(list) => match list.as_slice() {
            [Json::String(text)] => text.clone(),
            _ => {
                object.complain("role", "invalid_value", "must be one role");
                return None;
            }
        },
        _ => {
            object.complain("role", "type_mismatch", "must be a role");
            return None;
        }
    };
    object.keep(OrganizationRole::parse(&text))
}

fn parse_member(text: &str) -> Result<MemberName> {
    let id = text.parse().map(MemberName::Id);
    id.map_err(|_| -> Error { OrganizationMember::not_there() })
}
