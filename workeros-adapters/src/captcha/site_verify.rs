//! What the services have in common: a form with a secret and a response, and
//! JSON that says `success`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use form_urlencoded::Serializer;
use serde_json::Value as Json;
use workeros_core::{
    CaptchaResponse, CaptchaSolution, Error, ErrorKind, HttpClient, HttpLimits, HttpRequest,
    HttpResponse, Result, input,
};

/// How long a service may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The most bytes of an answer.
const MAX_BYTES: usize = 64 * 1024;

/// Findings that are about us, and not about the response.
const OURS: [&str; 4] = [
    "missing-input-secret",
    "invalid-input-secret",
    "invalid-keys",
    "sitekey-secret-mismatch",
];
/// The service has a fault of its own.
const FAULT: &str = "internal-error";

/// The endpoint of a service, with what it is asked and held to.
#[derive(Clone)]
pub(super) struct SiteVerify {
    client: Arc<dyn HttpClient>,
    secret: String,
    pub(super) endpoint: String,
    pub(super) site_key: Option<String>,
    pub(super) hostnames: Vec<String>,
    pub(super) action: Option<String>,
}

impl SiteVerify {
    pub(super) fn new(
        client: Arc<dyn HttpClient>,
        secret: impl Into<String>,
        endpoint: &str,
    ) -> Result<Self> {
        let secret = secret.into();
        if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "must be printable ascii without spaces";
            return Err(Error::validation("secret", "invalid_value", message));
        }
        Ok(Self {
            client,
            secret,
            endpoint: endpoint.to_owned(),
            site_key: None,
            hostnames: Vec::new(),
            action: None,
        })
    }

    /// What the service says of a response that holds.
    pub(super) async fn verify(&self, solution: &CaptchaSolution) -> Result<Json> {
        let request = self.request(solution)?;
        let response = self.client.send(request).await.map_err(unreachable)?;
        let answer = read(&response)?;
        match answer.get("success") {
            Some(Json::Bool(true)) => {}
            _ => return Err(refusal(&answer)),
        }
        if !self.hostnames.is_empty() {
            let said = answer.get("hostname").and_then(Json::as_str);
            let mut ours = self.hostnames.iter();
            if !said.is_some_and(|said| ours.any(|name| name.eq_ignore_ascii_case(said))) {
                return Err(refused("it was solved on another site"));
            }
        }
        if let Some(action) = &self.action
            && answer.get("action").and_then(Json::as_str) != Some(action)
        {
            return Err(refused("it was solved for something else"));
        }
        Ok(answer)
    }

    fn request(&self, solution: &CaptchaSolution) -> Result<HttpRequest> {
        let mut form = Serializer::new(String::new());
        form.append_pair("secret", &self.secret);
        form.append_pair("response", solution.response.expose());
        if let Some(site_key) = &self.site_key {
            form.append_pair("sitekey", site_key);
        }
        if let Some(address) = solution.remote_ip {
            form.append_pair("remoteip", &address.to_string());
        }
        let limits = HttpLimits::default()
            .with_timeout(TIMEOUT)
            .with_response_bytes(MAX_BYTES)
            .with_redirects(0);
        let request = HttpRequest::post(&self.endpoint)
            .with_header("content-type", "application/x-www-form-urlencoded")?
            .with_header("accept", "application/json")?;
        Ok(request.with_body(form.finish()).with_limits(limits))
    }
}

/// An answer that can be understood. What it says of us must not look like
/// something that goes away by itself, and the other way round.
fn read(response: &HttpResponse) -> Result<Json> {
    let status = response.status;
    if status.is_server_error() || status.as_u16() == 429 {
        return Err(unavailable(format!("it answers with {status}")));
    }
    let answer = input::parse(&response.body);
    let answer = answer.ok().filter(|answer| answer.get("success").is_some());
    match answer {
        Some(answer) => Ok(answer),
        None if status.is_success() => Err(unavailable("it answers with something else")),
        None => Err(Error::internal(format!(
            "the captcha's service answers with {status}"
        ))),
    }
}

fn refusal(answer: &Json) -> Error {
    let codes = answer.get("error-codes").and_then(Json::as_array);
    let codes: Vec<&str> = codes
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    if let Some(code) = codes.iter().find(|code| OURS.contains(code)) {
        return Error::internal(format!("the captcha's service says `{code}`"));
    }
    if codes.contains(&FAULT) {
        return unavailable("it has a fault");
    }
    refused("the service says so")
}

pub(super) fn refused(why: &'static str) -> Error {
    CaptchaResponse::refused().with_source(why)
}

fn unavailable(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let message = "the captcha's service is not available";
    Error::new(ErrorKind::Unavailable, message).with_source(why)
}

/// Only what goes away by itself: an address that may not be reached does not.
fn unreachable(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unavailable | ErrorKind::PayloadTooLarge => unavailable(error),
        _ => Error::internal(error),
    }
}

impl fmt::Debug for SiteVerify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SiteVerify")
            .field("endpoint", &self.endpoint)
            .field("hostnames", &self.hostnames)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}
