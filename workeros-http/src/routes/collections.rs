use http::Method;
use serde_json::{Value as Json, json};
use workeros_core::Result;
use workeros_schema::{Collection, Collections};

use crate::call::Call;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/collections";
    const ONE: &str = "/api/collections/{slug}";
    const FIELD: &str = "/api/collections/{slug}/fields/{name}";
    vec![
        Endpoint::new(Method::GET, ALL, Access::Public, list_collections),
        Endpoint::new(Method::POST, ALL, Access::Admin, create_collection).with_json(),
        Endpoint::new(Method::GET, ONE, Access::Public, read_collection),
        Endpoint::new(Method::PATCH, ONE, Access::Admin, update_collection).with_json(),
        Endpoint::new(Method::DELETE, ONE, Access::Admin, delete_collection),
        Endpoint::new(Method::DELETE, FIELD, Access::Admin, drop_field),
    ]
}

async fn list_collections(call: Call) -> Result<Reply> {
    let list = collections(&call).list().await?;
    Ok(Reply::data(
        list.iter().map(|collection| write(collection)).collect(),
    ))
}

async fn create_collection(call: Call) -> Result<Reply> {
    let collection = if call.json().get("adopted") == Some(&Json::Bool(true)) {
        call.plane()
            .adoption(call.subject())
            .adopt(call.json())
            .await?
    } else {
        collections(&call).create(call.json()).await?
    };
    Ok(Reply::data(write(&collection)).created())
}

async fn read_collection(call: Call) -> Result<Reply> {
    let collection = collections(&call).get(call.segment("slug")).await?;
    Ok(Reply::data(write(&collection)))
}

async fn update_collection(call: Call) -> Result<Reply> {
    let collection = collections(&call)
        .update(call.segment("slug"), call.json())
        .await?;
    Ok(Reply::data(write(&collection)))
}

async fn delete_collection(call: Call) -> Result<Reply> {
    collections(&call).delete(call.segment("slug")).await?;
    Ok(Reply::ok())
}

async fn drop_field(call: Call) -> Result<Reply> {
    collections(&call)
        .drop_field(call.segment("slug"), call.segment("name"))
        .await?;
    Ok(Reply::ok())
}

fn collections(call: &Call) -> Collections {
    call.plane().collections(call.subject())
}

/// A collection as a client reads it.
pub(super) fn write(collection: &Collection) -> Json {
    let mut json = collection.to_json();
    if let Some(members) = json.as_object_mut() {
        members.insert("id".to_owned(), json!(collection.id.to_string()));
        members.insert(
            "created_at".to_owned(),
            json!(collection.created_at.to_string()),
        );
        members.insert(
            "updated_at".to_owned(),
            json!(collection.updated_at.to_string()),
        );
    }
    json
}
