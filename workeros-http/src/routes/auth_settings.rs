//! The settings of the workspace a request acts in, for its end users.

use http::header::ETAG;
use http::{HeaderValue, Method};
use serde_json::{Value as Json, json};
use workeros_auth::{
    App, Auth, Languages, Locale, MailTemplate, MailText, SettingsPatch, StoredSettings,
};
use workeros_core::input::Object;
use workeros_core::{Credential, Error, ErrorKind, Result, Workspace, Workspaces as _};

use crate::call::Call;
use crate::conditional;
use crate::endpoint::{Access, Endpoint};
use crate::reply::Reply;

pub(super) fn endpoints() -> Vec<Endpoint> {
    const PATH: &str = "/api/auth-settings";
    const PREVIEW: &str = "/api/auth-settings/mail/preview";
    let admin = Access::Admin;
    vec![
        Endpoint::new(Method::GET, PATH, admin, read_settings),
        Endpoint::new(Method::PATCH, PATH, admin, change_settings).with_json(),
        Endpoint::new(Method::POST, PREVIEW, admin, preview_mail).with_json(),
    ]
}

async fn read_settings(call: Call) -> Result<Reply> {
    let settings = app(&call).await?.stored_settings().await?;
    let etag = etag(&settings);
    let known = conditional::is_known_tag(call.headers(), &etag)?;
    let reply = reply(&settings, &etag)?;
    Ok(if known { reply.not_modified() } else { reply })
}

/// Providers open accounts, so it takes somebody who has signed in just now.
async fn change_settings(call: Call) -> Result<Reply> {
    let Credential::Session(session) = call.identity()?.credential else {
        return Err(Error::new(ErrorKind::Forbidden, "sign in to do this"));
    };
    call.auth()?.require_fresh(session).await?;
    let mut patch = SettingsPatch::new(call.json().clone());
    if let Some(tags) = conditional::if_match(call.headers())? {
        patch = patch.if_version(tags.iter().filter_map(|tag| version(tag)));
    }
    let settings = app(&call).await?.change_settings(&patch).await?;
    reply(&settings, &etag(&settings))
}

/// What a mail looks like, with words that are not stored yet, if some are
/// given.
async fn preview_mail(call: Call) -> Result<Reply> {
    let mut object = Object::read(call.json(), "")?;
    let name = object.required_string("template");
    let locale = object.string("locale").map(|text| Locale::parse(&text));
    let locale = locale.and_then(|locale| object.keep(locale));
    let text = MailText::new();
    let text = object
        .string("subject")
        .into_iter()
        .fold(text, MailText::with_subject);
    let text = object
        .string("text")
        .into_iter()
        .fold(text, MailText::with_text);
    let text = object
        .string("html")
        .into_iter()
        .fold(text, MailText::with_html);
    let template = MailTemplate::parse(&name);
    if template.is_none() {
        object.complain("template", "invalid_value", "is no mail");
    }
    object.finish()?;
    let template = template.ok_or_else(Error::not_found)?;
    let languages = locale.map(Languages::from).unwrap_or_default();
    let mail = app(&call).await?.preview_mail(template, &languages, text)?;
    Ok(Reply::data(json!({
        "locale": mail.locale,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "sender_name": mail.sender_name,
        "reply_to": mail.reply_to,
    })))
}

async fn app(call: &Call) -> Result<Auth<App>> {
    let workspace = call.plane().by_id(call.tenant()).await?;
    let workspace = workspace.ok_or_else(Workspace::not_there)?;
    call.auth()?.app_to_set_up(workspace).await
}

fn reply(settings: &StoredSettings, etag: &str) -> Result<Reply> {
    let etag = HeaderValue::try_from(etag).map_err(Error::internal)?;
    Ok(Reply::data(write(settings)).with_header(ETAG, etag))
}

fn write(settings: &StoredSettings) -> Json {
    json!({
        "version": settings.version,
        "updated_at": settings.updated_at.map(|at| at.to_string()),
        "stored": settings.stored,
        "effective": settings.effective,
        "unreadable_secrets": settings.unreadable_secrets,
    })
}

fn etag(settings: &StoredSettings) -> String {
    format!("\"{}\"", settings.version)
}

/// The version a tag is of, if it is one of ours.
fn version(tag: &str) -> Option<u64> {
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}
