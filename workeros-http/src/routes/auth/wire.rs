//! Users and sessions as clients of better-auth read them.

use serde_json::{Value as Json, json};
use workeros_auth::{Session, User};
use workeros_core::Timestamp;

pub(super) fn write_user(user: &User, roles: Option<&[String]>) -> Json {
    let mut json = json!({
        "id": user.id.to_string(),
        "email": user.email,
        "name": user.name,
        "image": null,
        "emailVerified": user.email_verified,
        "createdAt": write_instant(user.created_at),
        "updatedAt": write_instant(user.updated_at),
    });
    if let (Some(roles), Some(members)) = (roles, json.as_object_mut()) {
        members.insert("roles".to_owned(), json!(roles));
    }
    json
}

pub(super) fn write_session(session: &Session, token: &str) -> Json {
    json!({
        "id": session.id.to_string(),
        "token": token,
        "userId": session.user_id.to_string(),
        "expiresAt": write_instant(session.expires_at),
        "createdAt": write_instant(session.created_at),
        "updatedAt": write_instant(session.last_seen_at),
        "ipAddress": session.ip,
        "userAgent": session.user_agent,
        "activeWorkspaceId": session.active_tenant.map(|tenant| tenant.to_string()),
    })
}

/// An instant to the millisecond: whatever stands behind the point, better-auth's
/// client takes for milliseconds.
pub(super) fn write_instant(instant: Timestamp) -> String {
    let mut text = instant.to_string();
    text.truncate("2026-01-02T08:00:00.000".len());
    text.push('Z');
    text
}
