use http::Method;
use serde_json::{Value as Json, json};
use workeros_auth::{Activity, Auth, Plane};
use workeros_core::{Error, Result};

use super::app_users::app;
use super::paging::Paging;
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const OF_TEAM: &str = "/api/auth-activity";
    const OF_APP: &str = "/api/app-activity";
    let endpoints = [
        Endpoint::new(Method::GET, OF_TEAM, Access::Operator, list_activity),
        Endpoint::new(Method::GET, OF_APP, Access::Admin, list_app_activity),
    ];
    let parameters = &["limit", "cursor", "user"];
    let endpoints = endpoints.into_iter();
    endpoints
        .map(|endpoint| endpoint.with_parameters(parameters))
        .collect()
}

/// Of the users of the instance, so for who runs it.
async fn list_activity(call: Call) -> Result<Reply> {
    list(&call, &call.auth()?).await
}

/// Of the end users of the workspace.
async fn list_app_activity(call: Call) -> Result<Reply> {
    list(&call, &app(&call).await?).await
}

async fn list<P: Plane>(call: &Call, auth: &Auth<P>) -> Result<Reply> {
    let paging = Paging::read(call)?;
    let user = call.parameter("user").map(str::parse).transpose();
    let user = user.map_err(|_| Error::validation("user", "invalid_value", "must be an id"))?;
    let page = auth.activity(paging.limit, paging.before, user).await?;
    let last = page.rows.last().map(|row| row.id);
    Ok(paging.reply(page.rows.iter().map(write).collect(), last, page.has_more))
}

fn write(row: &Activity) -> Json {
    json!({
        "id": row.id.to_string(),
        "at": row.at.to_string(),
        "action": row.action,
        "actor": row.actor,
        "user_id": row.user_id.map(|user| user.to_string()),
        "ip": row.ip,
        "user_agent": row.user_agent,
        "request_id": row.request_id,
        "detail": row.detail,
    })
}
