use http::Method;
use workeros_core::Result;
use workeros_schema::Query;

use crate::call::Call;
use crate::conditional::{idempotency_key, is_known, precondition};
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

const LIST_PARAMETERS: &[&str] = &[
    "filter", "q", "sort", "fields", "limit", "offset", "cursor", "meta",
];
const ITEM_PARAMETERS: &[&str] = &["fields"];

/// What anybody may do is decided by his grant: every one of these is open to
/// the role `public` too.
pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/items/{slug}";
    const ONE: &str = "/api/items/{slug}/{id}";
    const QUERY: &str = "/api/items/{slug}/query";
    const BATCH: &str = "/api/items/{slug}/batch";
    const BULK_UPDATE: &str = "/api/items/{slug}/bulk-update";
    let public = Access::Public;
    vec![
        Endpoint::new(Method::GET, ALL, public, list_items).with_parameters(LIST_PARAMETERS),
        Endpoint::new(Method::POST, QUERY, public, query_items).with_json(),
        Endpoint::new(Method::POST, ALL, public, create_item).with_json(),
        Endpoint::new(Method::GET, ONE, public, read_item).with_parameters(ITEM_PARAMETERS),
        Endpoint::new(Method::PATCH, ONE, public, update_item).with_json(),
        Endpoint::new(Method::DELETE, ONE, public, delete_item),
        Endpoint::new(Method::POST, BATCH, public, batch_items).with_json(),
        Endpoint::new(Method::POST, BULK_UPDATE, public, bulk_update_items).with_json(),
    ]
}

async fn list_items(call: Call) -> Result<Reply> {
    let query = Query::from_params(&call.query)?;
    Ok(Reply::list(&call.items().list(&query).await?))
}

async fn query_items(call: Call) -> Result<Reply> {
    let query = Query::from_json(call.json())?;
    Ok(Reply::list(&call.items().list(&query).await?))
}

async fn create_item(call: Call) -> Result<Reply> {
    let items = call.items();
    let item = match idempotency_key(call.headers())? {
        Some(key) => items.create_once(call.json(), key).await?,
        None => items.create(call.json()).await?,
    };
    Ok(Reply::item(&item).created())
}

async fn read_item(call: Call) -> Result<Reply> {
    let query = Query::from_params(&call.query)?;
    let item = call.items().get(call.segment("id"), &query).await?;
    let reply = Reply::item(&item);
    Ok(if is_known(call.headers(), &item)? {
        reply.not_modified()
    } else {
        reply
    })
}

async fn update_item(call: Call) -> Result<Reply> {
    let precondition = precondition(call.headers())?;
    let item = call
        .items()
        .update(call.segment("id"), call.json(), &precondition)
        .await?;
    Ok(Reply::item(&item))
}

async fn delete_item(call: Call) -> Result<Reply> {
    let precondition = precondition(call.headers())?;
    call.items()
        .delete(call.segment("id"), &precondition)
        .await?;
    Ok(Reply::ok())
}

async fn batch_items(call: Call) -> Result<Reply> {
    let outcomes = call.items().batch(call.json()).await?;
    Ok(Reply::outcomes(&outcomes))
}

async fn bulk_update_items(call: Call) -> Result<Reply> {
    let items = call.items().bulk_update(call.json()).await?;
    Ok(Reply::items(&items))
}
