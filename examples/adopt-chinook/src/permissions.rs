use serde_json::json;
use workeros::{Result, Workeros};

use crate::staff::SUPPORT;

/// Says who may read what. What no row names nobody sees: neither a file's size
/// nor a customer's telephone.
pub(crate) async fn grant(backend: &Workeros) -> Result<()> {
    let plane = backend.plane();
    let support = json!({"name": SUPPORT, "description": "Looks after customers"});
    plane.roles(backend.system()).create(&support).await?;
    let permissions = plane.permissions(backend.system());
    for row in [
        json!({"role": "public", "collection": "artists", "action": "read"}),
        json!({"role": "public", "collection": "albums", "action": "read"}),
        json!({"role": "public", "collection": "tracks", "action": "read",
            "fields": ["name", "album_id", "composer", "milliseconds", "unit_price"]}),
        // The user's id is the employee's.
        json!({"role": SUPPORT, "collection": "customers", "action": "read",
            "condition": {"support_rep_id": "$user.id"},
            "fields": ["first_name", "last_name", "company", "city", "country", "email", "support_rep_id"]}),
        json!({"role": SUPPORT, "collection": "employees", "action": "read",
            "fields": ["first_name", "last_name", "title", "reports_to"]}),
        json!({"role": SUPPORT, "collection": "invoices", "action": "read",
            "fields": ["invoice_date", "billing_country", "total"]}),
    ] {
        permissions.create(&row).await?;
    }
    Ok(())
}
