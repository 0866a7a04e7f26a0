use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value as Json};
use workeros_core::input::Object;
use workeros_core::webhook::{WebhookKeys, WebhookSecret};
use workeros_core::{Error, Result};
use zeroize::Zeroizing;

use super::setting::{Said, Setting};
use super::shape::Shape;
use crate::{
    Admission, AuthHooks, ClaimsRequest, ComingUser, HookEvent, MailHandling, PasswordCheck,
    PasswordVerdict, RealmSettings, RenderedMail, WebhookHooks,
};

/// `{"url", "secret", "previous_secret", "events", "optional_claims"}`: who is
/// asked by webhook besides the hooks of the builder, which stay. While a secret
/// is changed, requests are signed with both.
#[derive(Debug)]
pub(super) struct Hooks;

const SECRETS: [&str; 2] = ["secret", "previous_secret"];
const MAX_URL_BYTES: usize = 2048;

impl Setting for Hooks {
    fn name(&self) -> &'static str {
        "hooks"
    }

    fn shape(&self) -> &'static Shape {
        &Shape::Members(&[
            ("url", Shape::Value),
            ("secret", Shape::Secret),
            ("previous_secret", Shape::Secret),
            ("events", Shape::Value),
            ("optional_claims", Shape::Value),
        ])
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let mut object = said.object()?;
        let url = object.required_string("url");
        if url.len() > MAX_URL_BYTES || url.starts_with("http:") {
            let message = "must be a URL of at most 2048 bytes that begins with `https://`";
            object.complain("url", "invalid_value", message);
        }
        let events = read_events(&mut object);
        let optional_claims = object.boolean("optional_claims").unwrap_or_default();
        object.require("secret");
        for name in SECRETS {
            object.json(name);
        }
        object.finish()?;
        rules.hooks.push(open(said, url, events, optional_claims)?);
        Ok(())
    }

    /// How many are asked, those of the builder included.
    fn show(&self, rules: &RealmSettings) -> Json {
        rules.hooks.len().into()
    }
}

fn read_events(object: &mut Object) -> Vec<HookEvent> {
    object.require("events");
    let names = object.strings("events").unwrap_or_default();
    let mut events = Vec::new();
    for name in names {
        match HookEvent::parse(&name) {
            Some(event) => events.push(event),
            None => {
                let message = format!("`{name}` is nothing that is asked about");
                object.complain("events", "not_a_choice", message);
            }
        }
    }
    events
}

/// Who cannot be asked any more has not agreed to anything.
fn open(
    said: &Said<'_>,
    url: String,
    events: Vec<HookEvent>,
    optional_claims: bool,
) -> Result<Arc<dyn AuthHooks>> {
    let opened = read_keys(said).and_then(|keys| {
        let client = said.instance.http.as_ref();
        let client =
            client.ok_or_else(|| said.refuse("unsupported", "this instance sends no requests"))?;
        let hooks = WebhookHooks::new(Arc::clone(client), url, keys, events.iter().copied());
        hooks.map_err(|error| below(said, &error, "url"))
    });
    let hooks = match opened {
        Err(error) if said.is_new => return Err(error),
        Err(error) => return Ok(Arc::new(Unreadable::because(&error, events))),
        Ok(hooks) => hooks
            .with_clock(Arc::clone(&said.instance.clock))
            .with_ids(Arc::clone(&said.instance.ids)),
    };
    Ok(Arc::new(match optional_claims {
        true => hooks.with_optional_claims(),
        false => hooks,
    }))
}

fn read_keys(said: &Said<'_>) -> Result<WebhookKeys> {
    let read = |name: &str| -> Result<Option<WebhookSecret>> {
        let text: Option<Zeroizing<String>> = said.secret(name)?;
        let secret = text.map(|text| WebhookSecret::parse(&text));
        secret
            .transpose()
            .map_err(|error| below(said, &error, name))
    };
    let [secret, previous] = SECRETS.map(read);
    let secret = secret?.ok_or_else(|| said.refuse("required", "has no secret"))?;
    let keys = WebhookKeys::new(secret);
    Ok(match previous? {
        Some(previous) => keys.with_previous(previous),
        None => keys,
    })
}

fn below(said: &Said<'_>, error: &Error, name: &str) -> Error {
    let pointer = format!("{}/{name}", said.pointer);
    let message = error.details().first().map(|detail| detail.message.clone());
    Error::validation(pointer, "invalid_value", message.unwrap_or_default())
}

/// The hooks of a workspace that cannot be asked about what they should be.
#[derive(Debug)]
struct Unreadable(Vec<HookEvent>);

impl Unreadable {
    fn because(error: &Error, events: Vec<HookEvent>) -> Self {
        let error = error as &dyn std::error::Error;
        tracing::error!(error, "the hooks of a workspace agree to nothing");
        Self(events)
    }

    fn answer<T>(&self, event: HookEvent, otherwise: T) -> Result<T> {
        match self.0.contains(&event) {
            true => Err(Error::internal(
                "the hooks of this workspace cannot be asked",
            )),
            false => Ok(otherwise),
        }
    }
}

#[async_trait]
impl AuthHooks for Unreadable {
    async fn before_user(&self, _: &ComingUser) -> Result<Admission> {
        self.answer(HookEvent::BeforeUser, Admission::admit())
    }

    async fn access_claims(&self, _: &ClaimsRequest) -> Result<Map<String, Json>> {
        self.answer(HookEvent::AccessClaims, Map::new())
    }

    async fn password_checked(&self, _: &PasswordCheck) -> Result<PasswordVerdict> {
        self.answer(HookEvent::PasswordChecked, PasswordVerdict::Accept)
    }

    async fn send_mail(&self, _: &RenderedMail) -> Result<MailHandling> {
        self.answer(HookEvent::SendMail, MailHandling::Mailer)
    }
}
