//! What webhooks are told, and what they answer.

use serde_json::{Map, Value as Json, json};
use workeros_core::input::{self, Object};
use workeros_core::{Result, Workspace};

use crate::DisplayName;
use crate::hooks::{
    Admission, ClaimsRequest, ComingUser, PasswordCheck, PasswordVerdict, Refusal, RenderedMail,
    UserOrigin,
};

pub(super) fn coming_user(user: &ComingUser) -> Json {
    json!({
        "workspace": user.workspace.as_ref().map(workspace),
        "user": {
            "id": user.id.to_string(),
            "email": user.email,
            "emailVerified": user.email_verified,
            "name": user.name,
        },
        "origin": user.origin.name(),
        "provider": provider(&user.origin),
        "wasAnonymous": user.was_anonymous,
        "ip": user.ip.map(|ip| ip.to_string()),
    })
}

/// Where he has an account by which he comes, if he does.
fn provider(origin: &UserOrigin) -> Json {
    match origin {
        UserOrigin::OAuth { provider, kind } => json!({"id": provider, "kind": kind}),
        _ => Json::Null,
    }
}

pub(super) fn claims_request(request: &ClaimsRequest) -> Json {
    let user = &request.user;
    json!({
        "workspace": workspace(&request.workspace),
        "user": {
            "id": user.id.to_string(),
            "email": user.email,
            "emailVerified": user.email_verified,
            "name": user.name,
        },
        "session": {"id": request.session.to_string()},
    })
}

pub(super) fn password_check(check: &PasswordCheck) -> Json {
    json!({
        "workspace": check.workspace.as_ref().map(workspace),
        "user": check.user.map(|id| json!({"id": id.to_string()})),
        "email": check.email,
        "isRight": check.is_right,
        "usedFor": check.used_for.name(),
        "ip": check.ip.map(|ip| ip.to_string()),
    })
}

pub(super) fn mail(mail: &RenderedMail) -> Json {
    let email = &mail.email;
    let headers = email.headers().iter();
    let headers = headers.map(|(name, value)| (name.clone(), Json::from(value.as_str())));
    json!({
        "workspace": mail.workspace.as_ref().map(workspace),
        "template": mail.template,
        "mail": {
            "to": email.to(),
            "subject": email.subject(),
            "text": email.text(),
            "html": email.html(),
            "senderName": email.sender_name(),
            "replyTo": email.reply_to(),
            "headers": headers.collect::<Map<_, _>>(),
        },
    })
}

/// The body of an answer: an object, or nothing, which says nothing.
pub(super) fn read(body: &[u8]) -> Result<Json> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    input::parse(body)
}

/// Reads `{name?, refuse?}`.
pub(super) fn read_admission(answer: &Json) -> Result<Admission> {
    let mut object = Object::read(answer, "")?;
    let name = object.string("name");
    let name = name.and_then(|name| object.keep(DisplayName::parse(&name)));
    let refusal = object.json("refuse").map(|json| read_refusal(&json));
    let refusal = refusal.and_then(|refusal| object.keep(refusal));
    object.finish()?;
    Ok(match refusal {
        Some(refusal) => Admission::Refuse(refusal),
        None => Admission::Admit { name },
    })
}

/// Reads `{refuse?}`.
pub(super) fn read_verdict(answer: &Json) -> Result<PasswordVerdict> {
    let mut object = Object::read(answer, "")?;
    let refusal = object.json("refuse").map(|json| read_refusal(&json));
    let refusal = refusal.and_then(|refusal| object.keep(refusal));
    object.finish()?;
    Ok(refusal.map_or(PasswordVerdict::Accept, PasswordVerdict::Refuse))
}

/// Reads `{claims?}`.
pub(super) fn read_claims(answer: &Json) -> Result<Map<String, Json>> {
    let mut object = Object::read(answer, "")?;
    let claims = object.object("claims").unwrap_or_default();
    object.finish()?;
    Ok(claims)
}

/// Reads `{message, code?}`.
fn read_refusal(json: &Json) -> Result<Refusal> {
    let mut object = Object::read(json, "/refuse")?;
    let refusal = Refusal::new(object.required_string("message"));
    let code = object.string("code");
    object.finish()?;
    match code {
        Some(code) => refusal.with_foreign_code(code),
        None => Ok(refusal),
    }
}

fn workspace(workspace: &Workspace) -> Json {
    json!({"id": workspace.id.to_string(), "slug": workspace.slug})
}
