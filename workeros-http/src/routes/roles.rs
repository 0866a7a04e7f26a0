use http::Method;
use serde_json::Value as Json;
use workeros_core::Result;
use workeros_schema::{Role, Roles};

use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/roles";
    const ONE: &str = "/api/roles/{name}";
    vec![
        Endpoint::new(Method::GET, ALL, Access::Admin, list_roles),
        Endpoint::new(Method::POST, ALL, Access::Admin, create_role).with_json(),
        Endpoint::new(Method::PATCH, ONE, Access::Admin, update_role).with_json(),
        Endpoint::new(Method::DELETE, ONE, Access::Admin, delete_role),
    ]
}

async fn list_roles(call: Call) -> Result<Reply> {
    let list = roles(&call).list().await?;
    Ok(Reply::data(
        list.iter().map(Role::to_json).collect::<Json>(),
    ))
}

async fn create_role(call: Call) -> Result<Reply> {
    let role = roles(&call).create(call.json()).await?;
    Ok(Reply::data(role.to_json()).created())
}

async fn update_role(call: Call) -> Result<Reply> {
    let role = roles(&call)
        .update(call.segment("name"), call.json())
        .await?;
    // Who acts as a user may do so by this role.
    if let (false, Ok(auth)) = (role.admin, call.auth()) {
        auth.end_impersonations(call.tenant()).await?;
    }
    Ok(Reply::data(role.to_json()))
}

async fn delete_role(call: Call) -> Result<Reply> {
    let name = call.segment("name");
    let delete = async |taken_away| roles(&call).delete(name, taken_away).await;
    match call.auth() {
        Ok(auth) => {
            auth.remove_role_everywhere(call.tenant(), name, delete)
                .await?;
        }
        Err(_) => delete(Vec::new()).await?,
    }
    Ok(Reply::ok())
}

fn roles(call: &Call) -> Roles {
    call.plane().roles(call.subject())
}
