use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use workeros_core::{
    Clock, Email, Error, HttpClient, HttpResponse, Mailer, Result, Sender, SystemClock,
};

use super::api::{Key, deliver_unless, mailbox, object, post_json, quoted};

mod signature;

use signature::{Scope, Signed};

const PATH: &str = "/v2/email/outbound-emails";

/// Who calls Amazon SES. Debug prints no secret.
#[derive(Debug, Clone)]
pub struct SesCredentials {
    access_key_id: Key,
    secret_access_key: Key,
    session_token: Option<Key>,
}

impl SesCredentials {
    /// The credentials of a user that may `ses:SendEmail`.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) when one is empty
    /// or holds a space, a line break or letters beyond ASCII.
    pub fn new(
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<String>,
    ) -> Result<Self> {
        Ok(Self {
            access_key_id: Key::new(access_key_id)?,
            secret_access_key: Key::new(secret_access_key)?,
            session_token: None,
        })
    }

    /// Adds the token of temporary credentials.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_session_token(mut self, token: impl Into<String>) -> Result<Self> {
        self.session_token = Some(Key::new(token)?);
        Ok(self)
    }
}

/// Sends mail through the API of Amazon SES, version 2.
#[derive(Debug, Clone)]
pub struct SesMailer {
    client: Arc<dyn HttpClient>,
    credentials: SesCredentials,
    region: String,
    sender: Sender,
    clock: Arc<dyn Clock>,
    endpoint: String,
}

impl SesMailer {
    /// A mailer of a region such as `eu-central-1`.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) when the region is
    /// no such name.
    pub fn new(
        client: Arc<dyn HttpClient>,
        credentials: SesCredentials,
        region: impl Into<String>,
        sender: Sender,
    ) -> Result<Self> {
        let region = region.into();
        let is_region_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if region.is_empty() || !region.bytes().all(is_region_byte) {
            let message = "must be the name of a region";
            return Err(Error::validation("region", "invalid_value", message));
        }
        Ok(Self {
            client,
            credentials,
            endpoint: format!("https://email.{region}.amazonaws.com"),
            region,
            sender,
            clock: Arc::new(SystemClock),
        })
    }

    /// Sets the clock that requests are signed by.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the origin of the API.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = endpoint.into();
        self
    }

    fn body(&self, email: &Email) -> Json {
        let text = |data: &str| json!({"Data": data, "Charset": "UTF-8"});
        let header = |(name, value): &(String, String)| json!({"Name": name, "Value": value});
        let headers: Vec<Json> = email.headers().iter().map(header).collect();
        let simple = object([
            ("Subject", Some(text(email.subject()))),
            (
                "Body",
                Some(object([
                    ("Text", Some(text(email.text()))),
                    ("Html", email.html().map(text)),
                ])),
            ),
            ("Headers", (!headers.is_empty()).then(|| headers.into())),
        ]);
        object([
            (
                "FromEmailAddress",
                Some(mailbox(&self.sender, email, ascii).into()),
            ),
            ("Destination", Some(json!({"ToAddresses": [email.to()]}))),
            ("ReplyToAddresses", email.reply_to().map(|it| json!([it]))),
            ("Content", Some(json!({"Simple": simple}))),
        ])
    }
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, email: Email) -> Result<()> {
        let request = post_json(&format!("{}{PATH}", self.endpoint), &self.body(&email))?;
        let stamp = signature::stamp(self.clock.now());
        let mut headers = vec![
            ("content-type", "application/json"),
            ("host", host(&self.endpoint)),
            ("x-amz-date", &stamp),
        ];
        if let Some(token) = &self.credentials.session_token {
            headers.push(("x-amz-security-token", token.reveal()));
        }
        let scope = Scope {
            stamp: &stamp,
            region: &self.region,
            service: "ses",
        };
        let signed = Signed {
            method: "POST",
            path: PATH,
            headers: &headers,
            body: &request.body,
        };
        let (id, secret) = (
            &self.credentials.access_key_id,
            &self.credentials.secret_access_key,
        );
        let authorization = scope.authorization(id.reveal(), secret.reveal(), &signed);
        let mut request = request.with_header("authorization", &authorization)?;
        for (name, value) in headers.into_iter().filter(|(name, _)| *name != "host") {
            request = request.with_header(name, value)?;
        }
        deliver_unless(&self.client, request, is_about_the_account).await
    }
}

/// Whether it is not the mail that is refused. Amazon answers with 400 to both.
fn is_about_the_account(response: &HttpResponse) -> bool {
    const PASSING: [&str; 4] = [
        "AccountSuspendedException",
        "LimitExceededException",
        "MailFromDomainNotVerifiedException",
        "SendingPausedException",
    ];
    let kind = response.header("x-amzn-errortype").unwrap_or_default();
    // A namespace may stand behind it.
    let kind = kind.split(':').next().unwrap_or_default();
    PASSING.contains(&kind)
}

/// The host of an origin, with its port if that is not the usual one.
fn host(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}

/// A name in ASCII: quoted, or as encoded words (RFC 2047) if it holds more.
fn ascii(name: &str) -> String {
    // What fits into a word of 75 characters.
    const WORD_BYTES: usize = 45;
    if name.is_ascii() {
        return quoted(name);
    }
    let mut words = vec![String::new()];
    for char in name.chars() {
        match words.last_mut() {
            Some(word) if word.len() + char.len_utf8() <= WORD_BYTES => word.push(char),
            _ => words.push(char.to_string()),
        }
    }
    let words = words
        .iter()
        .map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::ascii;

    #[test]
    fn names_are_written_in_ascii() {
        assert_eq!(ascii("Acme"), "\"Acme\"");
        assert_eq!(ascii("A \"B\" <c@d>"), "\"A \\\"B\\\" <c@d>\"");
        assert_eq!(ascii("Grüße"), "=?UTF-8?B?R3LDvMOfZQ==?=");
        let long = ascii(&"ü".repeat(40));
        assert!(long.split(' ').all(|word| word.len() <= 75));
        assert_eq!(long.split(' ').count(), 2);
    }
}
