use http::Method;
use serde_json::json;
use workeros_core::Result;

use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::new(
        Method::GET,
        "/health",
        Access::Open,
        check_health,
    )]
}

async fn check_health(_: Call) -> Result<Reply> {
    Ok(Reply::data(json!({"status": "ok"})))
}
