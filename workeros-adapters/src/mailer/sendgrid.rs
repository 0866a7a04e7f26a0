use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use workeros_core::{Email, HttpClient, Mailer, Result, Sender};

use super::api::{Key, deliver, headers, object, post_json};

/// Sends mail through the API of SendGrid.
#[derive(Debug, Clone)]
pub struct SendgridMailer {
    client: Arc<dyn HttpClient>,
    key: Key,
    sender: Sender,
    endpoint: String,
}

impl SendgridMailer {
    /// A mailer with an API key (`SG.…`).
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
            endpoint: "https://api.sendgrid.com".to_owned(),
        })
    }

    /// Sets the origin of the API: `https://api.eu.sendgrid.com` for an account
    /// in the European Union.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = endpoint.into();
        self
    }
}

#[async_trait]
impl Mailer for SendgridMailer {
    async fn send(&self, email: Email) -> Result<()> {
        // The order of the parts is the order of preference.
        let mut content = vec![json!({"type": "text/plain", "value": email.text()})];
        if let Some(html) = email.html() {
            content.push(json!({"type": "text/html", "value": html}));
        }
        let from = object([
            ("email", Some(self.sender.address().into())),
            ("name", self.sender.name_for(&email).map(Json::from)),
        ]);
        let to = json!([{"to": [{"email": email.to()}]}]);
        let reply_to = email.reply_to().map(|address| json!({"email": address}));
        let body = object([
            ("personalizations", Some(to)),
            ("from", Some(from)),
            ("reply_to", reply_to),
            ("subject", Some(email.subject().into())),
            ("content", Some(content.into())),
            ("headers", headers(&email)),
        ]);
        let request = post_json(&format!("{}/v3/mail/send", self.endpoint), &body)?
            .with_header("authorization", &format!("Bearer {}", self.key.reveal()))?;
        deliver(&self.client, request).await
    }
}
