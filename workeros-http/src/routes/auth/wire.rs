//! Users and sessions as clients of better-auth read them.

use serde_json::{Value as Json, json};
use workeros_auth::{Locale, Session, User};
use workeros_core::Timestamp;

pub(in crate::routes) fn write_user(user: &User, roles: Option<&[String]>) -> Json {
    let mut json = json!({
        "id": user.id.to_string(),
        "email": user.email,
        "name": user.name,
        "image": user.image,
        "locale": user.locale.as_ref().map(Locale::as_str),
        "emailVerified": user.email_verified,
        "createdAt": write_instant(user.created_at),
        "updatedAt": write_instant(user.updated_at),
    });
    let Some(members) = json.as_object_mut() else {
        return json;
    };
    if user.is_anonymous() {
        members.insert("isAnonymous".to_owned(), json!(true));
    }
    if let Some(roles) = roles {
        members.insert("roles".to_owned(), json!(roles));
    }
    json
}

pub(in crate::routes) fn write_session(session: &Session, token: &str) -> Json {
    let mut json = json!({
        "id": session.id.to_string(),
        "token": token,
        "userId": session.user_id.to_string(),
        "expiresAt": write_instant(session.expires_at),
        "createdAt": write_instant(session.created_at),
        "updatedAt": write_instant(session.last_seen_at),
        "ipAddress": session.ip,
        "userAgent": session.user_agent,
        "activeWorkspaceId": session.active_tenant.map(|tenant| tenant.to_string()),
        "activeOrganizationId": session.active_organization.map(|id| id.to_string()),
    });
    if let (Some(by), Some(members)) = (&session.impersonation, json.as_object_mut()) {
        let admin = by.admin.to_string();
        members.insert("impersonatedBy".to_owned(), json!(admin));
        members.insert("readOnly".to_owned(), json!(by.read_only));
    }
    json
}

/// An instant to the millisecond: whatever stands behind the point, better-auth's
/// client takes for milliseconds.
pub(super) fn write_instant(instant: Timestamp) -> String {
    let mut text = instant.to_string();
    text.truncate("2026-01-02T08:00:00.000".len());
    text.push('Z');
    text
}
