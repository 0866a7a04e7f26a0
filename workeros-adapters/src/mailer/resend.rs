use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use workeros_core::{Email, HttpClient, Mailer, Result, Sender};

use super::api::{Key, deliver, headers, mailbox, object, post_json, quoted};

/// Sends mail through the API of Resend.
#[derive(Debug, Clone)]
pub struct ResendMailer {
    client: Arc<dyn HttpClient>,
    key: Key,
    sender: Sender,
    endpoint: String,
}

impl ResendMailer {
    /// A mailer with an API key (`re_…`).
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) when the key is
    /// empty or holds a space, a line break or letters beyond ASCII.
    pub fn new(
        client: Arc<dyn HttpClient>,
        key: impl Into<String>,
        sender: Sender,
    ) -> Result<Self> {
        Ok(Self {
            client,
            key: Key::new(key)?,
            sender,
            endpoint: "https://api.resend.com".to_owned(),
        })
    }

    /// Sets the origin of the API.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = endpoint.into();
        self
    }
}

#[async_trait]
impl Mailer for ResendMailer {
    async fn send(&self, email: Email) -> Result<()> {
        let body = object([
            ("from", Some(mailbox(&self.sender, &email, quoted).into())),
            ("to", Some(json!([email.to()]))),
            ("subject", Some(email.subject().into())),
            ("text", Some(email.text().into())),
            ("html", email.html().map(Json::from)),
            ("reply_to", email.reply_to().map(Json::from)),
            ("headers", headers(&email)),
        ]);
        let request = post_json(&format!("{}/emails", self.endpoint), &body)?
            .with_header("authorization", &format!("Bearer {}", self.key.reveal()))?;
        deliver(&self.client, request).await
    }
}
