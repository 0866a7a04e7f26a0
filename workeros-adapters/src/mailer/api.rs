//! What the providers with an HTTP API have in common.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use workeros_core::{
    Email, Error, ErrorKind, HttpClient, HttpRequest, HttpResponse, Result, Sender,
};

/// The most bytes of an answer that go into the log.
const EXCERPT_BYTES: usize = 500;

/// A password or key. Nothing prints it.
#[derive(Clone)]
pub(super) struct Key(String);

impl Key {
    /// Takes a key that can stand in a header.
    pub(super) fn new(key: impl Into<String>) -> Result<Self> {
        let key = key.into();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "must be printable ascii without spaces";
            return Err(Error::validation("key", "invalid_value", message));
        }
        Ok(Self(key))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// A POST of JSON.
pub(super) fn post_json(url: &str, body: &Json) -> Result<HttpRequest> {
    let request = HttpRequest::post(url).with_header("content-type", "application/json")?;
    Ok(request.with_body(body.to_string()))
}

/// An object of the members that are there.
pub(super) fn object<const N: usize>(members: [(&str, Option<Json>); N]) -> Json {
    let members = members.into_iter();
    let members = members.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Json::Object(members.collect())
}

/// Who sends a mail, as `Name <address>`. `write_name` writes the name.
pub(super) fn mailbox(
    sender: &Sender,
    email: &Email,
    write_name: impl Fn(&str) -> String,
) -> String {
    match sender.name_for(email) {
        Some(name) => format!("{} <{}>", write_name(name), sender.address()),
        None => sender.address().to_owned(),
    }
}

/// A name in quotes, so that nothing in it reads as an address.
pub(super) fn quoted(name: &str) -> String {
    let mut quoted = String::from('"');
    for char in name.chars() {
        if matches!(char, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(char);
    }
    quoted.push('"');
    quoted
}

/// The headers of a mail as an object, if it has any.
pub(super) fn headers(email: &Email) -> Option<Json> {
    let entries = email.headers().iter();
    let object: Map<String, Json> = entries
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    (!object.is_empty()).then_some(Json::Object(object))
}

/// Sends the request of a mail and reads what became of it.
pub(super) async fn deliver(client: &Arc<dyn HttpClient>, request: HttpRequest) -> Result<()> {
    deliver_unless(client, request, |_| false).await
}

/// The same for a provider that refuses a mail also for what somebody can put
/// right, and says when.
pub(super) async fn deliver_unless(
    client: &Arc<dyn HttpClient>,
    request: HttpRequest,
    is_passing: impl Fn(&HttpResponse) -> bool,
) -> Result<()> {
    let unavailable = || Error::new(ErrorKind::Unavailable, "the mail provider is not available");
    let sent = client.send(request).await;
    let response = sent.map_err(|error| unavailable().with_source(error))?;
    match response.status.as_u16() {
        200..=299 => Ok(()),
        400 | 413 | 422 if !is_passing(&response) => Err(Error::new(
            ErrorKind::Validation,
            "the mail provider refuses the mail",
        )
        .with_source(answer(&response))),
        // Keys that are wrong too: somebody can put that right.
        _ => {
            let error = unavailable().with_source(answer(&response));
            let seconds = response.header("retry-after").map(str::parse);
            Err(match seconds {
                Some(Ok(seconds)) => error.with_retry_after(seconds),
                _ => error,
            })
        }
    }
}

/// What a provider said, as one line for the log.
fn answer(response: &HttpResponse) -> String {
    let excerpt = response.body.get(..EXCERPT_BYTES).unwrap_or(&response.body);
    let excerpt = String::from_utf8_lossy(excerpt).replace(char::is_control, " ");
    format!("{}: {excerpt}", response.status)
}
