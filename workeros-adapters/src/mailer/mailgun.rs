use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::Serializer;
use workeros_core::{Email, Error, HttpClient, HttpRequest, Mailer, Result, Sender};

use super::api::{Key, deliver, mailbox, quoted};

/// Sends mail through the API of Mailgun.
#[derive(Debug, Clone)]
pub struct MailgunMailer {
    client: Arc<dyn HttpClient>,
    key: Key,
    domain: String,
    sender: Sender,
    endpoint: String,
}

impl MailgunMailer {
    /// A mailer with an API key and the sending domain it is for.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) when the key is
    /// empty or holds a space, a line break or letters beyond ASCII, or the
    /// domain is none.
    pub fn new(
        client: Arc<dyn HttpClient>,
        key: impl Into<String>,
        domain: impl Into<String>,
        sender: Sender,
    ) -> Result<Self> {
        let domain = domain.into();
        let is_domain_byte = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        if !domain.contains('.') || !domain.bytes().all(is_domain_byte) {
            let message = "must be a domain name";
            return Err(Error::validation("domain", "invalid_value", message));
        }
        Ok(Self {
            client,
            key: Key::new(key)?,
            domain,
            sender,
            endpoint: "https://api.mailgun.net".to_owned(),
        })
    }

    /// Sets the origin of the API: `https://api.eu.mailgun.net` for a domain in
    /// the European Union.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = endpoint.into();
        self
    }

    fn form(&self, email: &Email) -> String {
        let mut form = Serializer::new(String::new());
        form.append_pair("from", &mailbox(&self.sender, email, quoted))
            .append_pair("to", email.to())
            .append_pair("subject", email.subject())
            .append_pair("text", email.text());
        if let Some(html) = email.html() {
            form.append_pair("html", html);
        }
        if let Some(reply_to) = email.reply_to() {
            form.append_pair("h:Reply-To", reply_to);
        }
        for (name, value) in email.headers() {
            form.append_pair(&format!("h:{name}"), value);
        }
        form.finish()
    }
}

#[async_trait]
impl Mailer for MailgunMailer {
    async fn send(&self, email: Email) -> Result<()> {
        let credentials = STANDARD.encode(format!("api:{}", self.key.reveal()));
        let url = format!("{}/v3/{}/messages", self.endpoint, self.domain);
        let request = HttpRequest::post(url)
            .with_header("content-type", "application/x-www-form-urlencoded")?
            .with_header("authorization", &format!("Basic {credentials}"))?
            .with_body(self.form(&email));
        deliver(&self.client, request).await
    }
}
