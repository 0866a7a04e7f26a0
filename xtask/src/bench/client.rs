use std::time::Duration;

use serde_json::Value as Json;
use ureq::Agent;
use ureq::http::Request as HttpRequest;

use super::workload::Request;
use crate::Result;

/// An answer that takes longer is none.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Speaks JSON with one server, to set it up and to look at its answers.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
}

impl Client {
    pub(crate) fn new(address: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build();
        Self {
            agent: config.into(),
            base: format!("http://{address}"),
        }
    }

    /// Whether a path answers with 200.
    pub(crate) fn is_up(&self, path: &str) -> bool {
        let answer = self.agent.get(format!("{}{path}", self.base)).call();
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Result<Json> {
        self.send(&Request::new("GET", path, token))
    }

    pub(crate) fn post(&self, path: &str, token: &str, body: &Json) -> Result<Json> {
        self.send(&Request::new("POST", path, token).with_body(body))
    }

    pub(crate) fn patch(&self, path: &str, token: &str, body: &Json) -> Result<Json> {
        self.send(&Request::new("PATCH", path, token).with_body(body))
    }

    /// The JSON of an answer; an error unless it is a success.
    pub(crate) fn send(&self, request: &Request) -> Result<Json> {
        let mut builder = HttpRequest::builder()
            .method(request.method)
            .uri(format!("{}{}", self.base, request.path));
        for (name, value) in request.headers() {
            builder = builder.header(name, value);
        }
        let mut answer = match &request.body {
            Some(body) => self.agent.run(builder.body(body.as_bytes())?)?,
            None => self.agent.run(builder.body(())?)?,
        };
        let status = answer.status();
        let body = answer.body_mut().read_to_string()?;
        if !status.is_success() {
            let start: String = body.chars().take(300).collect();
            let Request { method, path, .. } = request;
            return Err(format!("{method} {path}: {status}: {start}").into());
        }
        if body.is_empty() {
            return Ok(Json::Null);
        }
        Ok(serde_json::from_str(&body)?)
    }
}

/// The string at a JSON pointer.
pub(crate) fn text(json: &Json, pointer: &str) -> Result<String> {
    let found = json.pointer(pointer).and_then(Json::as_str);
    let found = found.ok_or_else(|| format!("no text at {pointer} in {json}"))?;
    Ok(found.to_owned())
}

/// The ids of the rows under a key.
pub(crate) fn ids(json: &Json, key: &str) -> Result<Vec<String>> {
    let rows = json.get(key).and_then(Json::as_array);
    let rows = rows.ok_or_else(|| format!("no rows at {key}"))?;
    rows.iter().map(|row| text(row, "/id")).collect()
}
