use http::Method;
use workeros_core::Result;
use workeros_schema::Adoption;

use super::collections::write;
use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const TABLES: &str = "/api/admin/adopt/tables";
    const INSPECT: &str = "/api/admin/adopt/inspect";
    const ADOPT: &str = "/api/admin/adopt";
    vec![
        Endpoint::new(Method::GET, TABLES, Access::Operator, list_tables),
        Endpoint::new(Method::POST, INSPECT, Access::Operator, inspect_table).with_json(),
        Endpoint::new(Method::POST, ADOPT, Access::Operator, adopt_table).with_json(),
    ]
}

async fn list_tables(call: Call) -> Result<Reply> {
    Ok(Reply::data(adoption(&call).tables().await?))
}

async fn inspect_table(call: Call) -> Result<Reply> {
    Ok(Reply::data(adoption(&call).inspect(call.json()).await?))
}

async fn adopt_table(call: Call) -> Result<Reply> {
    let collection = adoption(&call).adopt(call.json()).await?;
    Ok(Reply::data(write(&collection)).created())
}

fn adoption(call: &Call) -> Adoption {
    call.plane().adoption(call.subject())
}
