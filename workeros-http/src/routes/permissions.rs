use http::Method;
use serde_json::Value as Json;
use workeros_core::Result;
use workeros_schema::{PermissionFilter, PermissionView, Permissions};

use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/permissions";
    const ONE: &str = "/api/permissions/{id}";
    const SIMULATE: &str = "/api/permissions/simulate";
    const FILTERS: &[&str] = &["role", "collection"];
    vec![
        Endpoint::new(Method::GET, ALL, Access::Admin, list_permissions).with_parameters(FILTERS),
        Endpoint::new(Method::POST, ALL, Access::Admin, create_permission).with_json(),
        Endpoint::new(Method::POST, SIMULATE, Access::Admin, simulate_permissions).with_json(),
        Endpoint::new(Method::GET, ONE, Access::Admin, read_permission),
        Endpoint::new(Method::PATCH, ONE, Access::Admin, update_permission).with_json(),
        Endpoint::new(Method::DELETE, ONE, Access::Admin, delete_permission),
    ]
}

async fn list_permissions(call: Call) -> Result<Reply> {
    let mut filter = PermissionFilter::default();
    if let Some(role) = call.parameter("role") {
        filter = filter.with_role(role);
    }
    if let Some(collection) = call.parameter("collection") {
        filter = filter.with_collection(collection);
    }
    let list = permissions(&call).list(&filter).await?;
    Ok(Reply::data(
        list.iter().map(PermissionView::to_json).collect::<Json>(),
    ))
}

async fn create_permission(call: Call) -> Result<Reply> {
    let permission = permissions(&call).create(call.json()).await?;
    Ok(Reply::data(permission.to_json()).created())
}

async fn simulate_permissions(call: Call) -> Result<Reply> {
    let simulation = permissions(&call).simulate(call.json()).await?;
    Ok(Reply::data(simulation.to_json()))
}

async fn read_permission(call: Call) -> Result<Reply> {
    let permission = permissions(&call).get(call.id()?).await?;
    Ok(Reply::data(permission.to_json()))
}

async fn update_permission(call: Call) -> Result<Reply> {
    let permission = permissions(&call).update(call.id()?, call.json()).await?;
    Ok(Reply::data(permission.to_json()))
}

async fn delete_permission(call: Call) -> Result<Reply> {
    permissions(&call).delete(call.id()?).await?;
    Ok(Reply::ok())
}

fn permissions(call: &Call) -> Permissions {
    call.plane().permissions(call.subject())
}
