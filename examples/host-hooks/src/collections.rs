use serde_json::json;
use workeros::{ErrorKind, Result, Workeros};

/// Defines the posts, and who may do what with them, where that has not been
/// done.
pub(crate) async fn define(backend: &Workeros) -> Result<()> {
    let collections = backend.plane().collections(backend.system());
    match collections.get("posts").await {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        found => return found.map(drop),
    }
    let posts = json!({"slug": "posts", "owner_scoped": true, "fields": [
        {"name": "title", "type": "text", "required": true},
        {"name": "slug", "type": "text", "required": true, "unique": true},
        {"name": "text", "type": "longtext"},
        {"name": "published", "type": "boolean", "default": false},
    ]});
    collections.create(&posts).await?;
    let permissions = backend.plane().permissions(backend.system());
    for action in ["create", "read", "update"] {
        let own = json!({"role": "authenticated", "collection": "posts", "action": action,
            "condition": {"owner_id": "$user.id"}});
        permissions.create(&own).await?;
    }
    Ok(())
}
