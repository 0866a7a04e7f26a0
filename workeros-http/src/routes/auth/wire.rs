//! Users and sessions as clients of better-auth read them.

use serde_json::{Value as Json, json};
use workeros_auth::{Session, User};

pub(super) fn write_user(user: &User, roles: Option<&[String]>) -> Json {
    let mut json = json!({
        "id": user.id.to_string(),
        "email": user.email,
        "name": user.name,
        "image": null,
        "emailVerified": user.email_verified,
        "createdAt": user.created_at.to_string(),
        "updatedAt": user.updated_at.to_string(),
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
        "expiresAt": session.expires_at.to_string(),
        "createdAt": session.created_at.to_string(),
        "updatedAt": session.last_seen_at.to_string(),
        "ipAddress": session.ip,
        "userAgent": session.user_agent,
    })
}
