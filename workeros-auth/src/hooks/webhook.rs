//! Hooks that are asked by signed requests.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::Uri;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;
use workeros_core::webhook::WebhookKeys;
use workeros_core::{
    Clock, Error, HttpClient, HttpLimits, HttpRequest, IdGenerator, Result, SystemClock, SystemIds,
};

use super::{
    Admission, AuthHooks, ClaimsRequest, ComingUser, MailHandling, PasswordCheck, PasswordVerdict,
    RenderedMail,
};

mod wire;

/// Asks somebody else by webhook. Each question is a POST of
/// `{"type", "timestamp", "data"}`, signed as the
/// [Standard Webhooks](workeros_core::webhook) specification has it; an answer is
/// JSON of at most 64 KiB, within five seconds. Redirects are not followed.
///
/// Whatever is not an answer is a failure: nothing is done, see [`AuthHooks`].
#[derive(Clone)]
pub struct WebhookHooks {
    client: Arc<dyn HttpClient>,
    url: String,
    keys: WebhookKeys,
    events: Vec<HookEvent>,
    needs_claims: bool,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
}

/// What can be asked by webhook; its `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HookEvent {
    /// `user.before_create`; see [`AuthHooks::before_user`]. The answer is `{}`,
    /// `{"name": "…"}` or `{"refuse": {"message", "code"?}}`.
    BeforeUser,
    /// `token.claims`; see [`AuthHooks::access_claims`]. The answer is
    /// `{"claims": {…}}`.
    AccessClaims,
    /// `password.checked`; see [`AuthHooks::password_checked`]. The answer is
    /// `{}` or `{"refuse": {"message", "code"?}}`.
    PasswordChecked,
    /// `mail.send`; see [`AuthHooks::send_mail`]. Any answer of a status 2xx says
    /// that the mail was taken.
    SendMail,
}

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 64 * 1024;

impl HookEvent {
    /// All there are.
    pub const ALL: [Self; 4] = [
        Self::BeforeUser,
        Self::AccessClaims,
        Self::PasswordChecked,
        Self::SendMail,
    ];

    /// Its `type`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeUser => "user.before_create",
            Self::AccessClaims => "token.claims",
            Self::PasswordChecked => "password.checked",
            Self::SendMail => "mail.send",
        }
    }

    /// The one of that `type`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|event| event.name() == name)
    }
}

impl WebhookHooks {
    /// Asks at a URL about these events and no others.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `url` when it does
    /// not begin with `https://`; for this machine `http://` will do.
    pub fn new(
        client: Arc<dyn HttpClient>,
        url: impl Into<String>,
        keys: WebhookKeys,
        events: impl IntoIterator<Item = HookEvent>,
    ) -> Result<Self> {
        let url = url.into();
        check_url(&url)?;
        Ok(Self {
            client,
            url,
            keys,
            events: events.into_iter().collect(),
            needs_claims: true,
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
        })
    }

    /// Goes on without claims when nobody answers for them. Whoever reads the
    /// tokens must not take a claim that is missing for a permission.
    #[must_use]
    pub fn with_optional_claims(mut self) -> Self {
        self.needs_claims = false;
        self
    }

    /// Sets the clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets what messages get their ids from.
    #[must_use]
    pub fn with_ids(mut self, ids: Arc<dyn IdGenerator>) -> Self {
        self.ids = ids;
        self
    }

    fn asks(&self, event: HookEvent) -> bool {
        self.events.contains(&event)
    }

    /// What somebody answers.
    async fn ask(&self, event: HookEvent, data: Json) -> Result<Json> {
        let body = self.send(event, self.ids.next_id(), data).await?;
        wire::read(&body)
    }

    async fn send(&self, event: HookEvent, id: Uuid, data: Json) -> Result<Vec<u8>> {
        let now = self.clock.now();
        let body = json!({"type": event.name(), "timestamp": now.to_string(), "data": data});
        let body = body.to_string();
        let signed = self.keys.sign(&format!("msg_{id}"), now, body.as_bytes())?;
        let limits = HttpLimits::default()
            .with_timeout(TIMEOUT)
            .with_response_bytes(MAX_BYTES)
            .with_redirects(0);
        let request = HttpRequest::post(&self.url)
            .with_header("content-type", "application/json")?
            .with_header("user-agent", "workeros")?
            .with_body(body)
            .with_limits(limits);
        let response = self.client.send(signed.put_on(request)?).await?;
        if !response.status.is_success() {
            let status = response.status;
            return Err(Error::internal(format!(
                "the webhook answers with {status}"
            )));
        }
        Ok(response.body.into())
    }
}

#[async_trait]
impl AuthHooks for WebhookHooks {
    async fn before_user(&self, user: &ComingUser) -> Result<Admission> {
        if !self.asks(HookEvent::BeforeUser) {
            return Ok(Admission::admit());
        }
        let answer = self
            .ask(HookEvent::BeforeUser, wire::coming_user(user))
            .await?;
        wire::read_admission(&answer)
    }

    async fn access_claims(&self, request: &ClaimsRequest) -> Result<Map<String, Json>> {
        if !self.asks(HookEvent::AccessClaims) {
            return Ok(Map::new());
        }
        let answer = self
            .ask(HookEvent::AccessClaims, wire::claims_request(request))
            .await;
        match answer.and_then(|answer| wire::read_claims(&answer)) {
            Err(error) if !self.needs_claims => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "an access token goes out without its claims");
                Ok(Map::new())
            }
            claims => claims,
        }
    }

    async fn password_checked(&self, check: &PasswordCheck) -> Result<PasswordVerdict> {
        if !self.asks(HookEvent::PasswordChecked) {
            return Ok(PasswordVerdict::Accept);
        }
        let data = wire::password_check(check);
        let answer = self.ask(HookEvent::PasswordChecked, data).await?;
        wire::read_verdict(&answer)
    }

    async fn send_mail(&self, mail: &RenderedMail) -> Result<MailHandling> {
        if !self.asks(HookEvent::SendMail) {
            return Ok(MailHandling::Mailer);
        }
        self.send(HookEvent::SendMail, mail.id, wire::mail(mail))
            .await?;
        Ok(MailHandling::Sent)
    }
}

/// What goes there holds addresses, links and codes.
fn check_url(url: &str) -> Result<()> {
    let read = url.parse::<Uri>().ok();
    let is_fit = read
        .as_ref()
        .is_some_and(|url| match (url.scheme_str(), url.host()) {
            (Some("https"), Some(_)) => true,
            (Some("http"), Some(host)) => ["localhost", "127.0.0.1", "[::1]"].contains(&host),
            _ => false,
        });
    if is_fit {
        return Ok(());
    }
    let message = "must be a URL that begins with `https://`";
    Err(Error::validation("url", "invalid_value", message))
}

/// A URL may hold a secret.
impl fmt::Debug for WebhookHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookHooks")
            .field("events", &self.events)
            .field("needs_claims", &self.needs_claims)
            .finish_non_exhaustive()
    }
}
