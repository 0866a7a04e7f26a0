use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{ApiKey, KeyLimits, NewApiKey};
use workeros_core::input::Object;
use workeros_core::{Error, ErrorKind, Identity, Result, Scope, Timestamp};

use super::paging::{self, Paging};
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/api-keys";
    const ONE: &str = "/api/api-keys/{id}";
    let signed_in = Access::SignedIn;
    vec![
        Endpoint::new(Method::GET, ALL, signed_in, list_api_keys)
            .with_parameters(paging::PARAMETERS),
        Endpoint::new(Method::POST, ALL, signed_in, create_api_key).with_json(),
        Endpoint::new(Method::GET, ONE, signed_in, read_api_key),
        Endpoint::new(Method::DELETE, ONE, signed_in, revoke_api_key),
    ]
}

async fn list_api_keys(call: Call) -> Result<Reply> {
    let paging = Paging::read(&call)?;
    let (caller, tenant) = (call.identity()?, call.tenant());
    let page = call
        .auth()?
        .api_keys(caller, tenant, paging.limit, paging.before)
        .await?;
    let last = page.keys.last().map(|key| key.id);
    Ok(paging.reply(page.keys.iter().map(write).collect(), last, page.has_more))
}

/// The one time the key itself is shown.
async fn create_api_key(call: Call) -> Result<Reply> {
    let caller = call.identity()?;
    let new = read_new(call.json(), caller)?;
    let created = call
        .auth()?
        .create_api_key(caller, call.tenant(), new)
        .await?;
    let mut json = write(&created.key);
    if let Some(members) = json.as_object_mut() {
        members.insert("key".to_owned(), json!(created.secret.expose()));
    }
    Ok(Reply::data(json).created())
}

async fn read_api_key(call: Call) -> Result<Reply> {
    let key = call
        .auth()?
        .api_key_by_id(call.identity()?, call.tenant(), call.id()?)
        .await?;
    Ok(Reply::data(write(&key)))
}

async fn revoke_api_key(call: Call) -> Result<Reply> {
    call.auth()?
        .revoke_api_key(call.identity()?, call.tenant(), call.id()?)
        .await?;
    Ok(Reply::ok())
}

/// Reads `{name, roles?, collections?, read_only?, mcp_tools?,
/// requests_per_minute?, requests_per_day?, expires_at?}`. A key acts as who makes it: another
/// `user_id` is refused.
fn read_new(body: &Json, caller: &Identity) -> Result<NewApiKey> {
    let mut object = Object::read(body, "")?;
    object.alias("expires_at", "expiresAt");
    object.alias("user_id", "userId");
    object.alias("read_only", "readOnly");
    object.alias("mcp_read_only", "mcpReadOnly");
    object.alias("mcp_tools", "mcpTools");
    object.alias("requests_per_minute", "requestsPerMinute");
    object.alias("requests_per_day", "requestsPerDay");
    let name = object.required_string("name");
    let roles = object.strings("roles");
    let expires_at = object.string("expires_at").map(|text| {
        Timestamp::parse(&text).ok_or_else(|| {
            let path = object.pointer("expires_at");
            Error::validation(path, "invalid_value", "must be a timestamp")
        })
    });
    let expires_at = expires_at.and_then(|expires_at| object.keep(expires_at));
    // What reads alone through MCP reads alone everywhere.
    let flags = ["read_only", "mcp_read_only"].map(|name| object.boolean(name));
    let read_only = flags.contains(&Some(true));
    let scope = Scope::default()
        .with_collections(object.strings("collections"))
        .with_read_only(read_only)
        .with_tools(object.strings("mcp_tools"));
    let per_minute = read_limit(&mut object, "requests_per_minute");
    let limits = KeyLimits::new(per_minute, read_limit(&mut object, "requests_per_day"));
    let user_id = object.string("user_id");
    object.finish()?;
    if user_id.is_some_and(|user_id| user_id != caller.user_id) {
        let message = "a key can be made for oneself only";
        return Err(Error::new(ErrorKind::Forbidden, message));
    }
    Ok(NewApiKey::new(name)
        .with_roles(roles)
        .with_scope(scope)
        .with_limits(limits)
        .with_expires_at(expires_at))
}

fn read_limit(object: &mut Object, key: &str) -> Option<u32> {
    let limit = object.integer(key)?;
    let fit = u32::try_from(limit).ok();
    if fit.is_none() {
        object.complain(key, "out_of_range", "must be 1 to 4294967295");
    }
    fit
}

fn write(key: &ApiKey) -> Json {
    json!({
        "id": key.id.to_string(),
        "user_id": key.user_id.to_string(),
        "name": key.name,
        "prefix": key.prefix,
        "last4": key.last4,
        "roles": key.roles,
        "collections": key.scope.collections,
        "read_only": key.scope.read_only,
        "mcp_tools": key.scope.tools,
        "requests_per_minute": key.limits.per_minute,
        "requests_per_day": key.limits.per_day,
        "created_at": key.created_at.to_string(),
        "expires_at": key.expires_at.map(|at| at.to_string()),
        "last_used_at": key.last_used_at.map(|at| at.to_string()),
    })
}
