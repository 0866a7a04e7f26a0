use serde_json::json;
use workeros::{ErrorKind, Result, Workeros};

/// Defines what the shop keeps, and who may do what with it, where that has
/// not been done.
pub(crate) async fn define(backend: &Workeros) -> Result<()> {
    let plane = backend.plane();
    let collections = plane.collections(backend.system());
    match collections.get("orders").await {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        found => return found.map(drop),
    }
    let clerk = json!({"name": "clerk", "description": "Packs what was ordered"});
    plane.roles(backend.system()).create(&clerk).await?;
    let orders = json!({"slug": "orders", "owner_scoped": true, "fields": [
        {"name": "item", "type": "text", "required": true},
        {"name": "status", "type": "text", "choices": ["open", "sent"], "default": "open"},
    ]});
    collections.create(&orders).await?;
    // The owner of an order is the shop's user who made it.
    let own = json!({"owner_id": "$user.id"});
    let open = json!({"status": "open"});
    let permissions = plane.permissions(backend.system());
    for row in [
        json!({"role": "authenticated", "collection": "orders", "action": "create",
            "condition": own, "fields": ["item"]}),
        json!({"role": "authenticated", "collection": "orders", "action": "read",
            "condition": own}),
        json!({"role": "clerk", "collection": "orders", "action": "read", "condition": open}),
        json!({"role": "clerk", "collection": "orders", "action": "update",
            "fields": ["status"]}),
    ] {
        permissions.create(&row).await?;
    }
    Ok(())
}
