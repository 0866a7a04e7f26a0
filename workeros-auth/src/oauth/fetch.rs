//! The requests to a provider. They leave through the client of the instance,
//! which says where requests may go.

use std::time::Duration;

use serde_json::{Map, Value as Json};
use workeros_core::{HttpClient, HttpLimits, HttpRequest, HttpResponse, Result, input};

use super::refusal::unavailable;

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_BYTES: usize = 1_000_000;

/// Sends a request. Redirects are not followed.
pub(super) async fn send(http: &dyn HttpClient, request: HttpRequest) -> Result<HttpResponse> {
    let limits = HttpLimits::default()
        .with_timeout(TIMEOUT)
        .with_response_bytes(MAX_BYTES)
        .with_redirects(0);
    let request = request
        .with_header("accept", "application/json")?
        .with_header("user-agent", "workeros")?
        .with_limits(limits);
    http.send(request).await.map_err(unavailable)
}

/// Reads what is at a URL, with a token that opens it.
pub(crate) async fn get(http: &dyn HttpClient, url: &str, token: Option<&str>) -> Result<Vec<u8>> {
    let mut request = HttpRequest::get(url);
    if let Some(token) = token {
        let bearer = format!("Bearer {token}");
        request = request
            .with_header("authorization", &bearer)
            .map_err(unavailable)?;
    }
    let response = send(http, request).await?;
    match response.status.as_u16() {
        200 => Ok(response.body.into()),
        status => Err(unavailable(format!("it answers with {status}"))),
    }
}

/// Reads the JSON at a URL.
pub(super) async fn get_json(
    http: &dyn HttpClient,
    url: &str,
    token: Option<&str>,
) -> Result<Json> {
    let body = get(http, url, token).await?;
    input::parse(&body).map_err(unavailable)
}

/// Reads the object at a URL.
pub(super) async fn get_object(
    http: &dyn HttpClient,
    url: &str,
    token: Option<&str>,
) -> Result<Map<String, Json>> {
    match get_json(http, url, token).await? {
        Json::Object(object) => Ok(object),
        _ => Err(unavailable("what it answers is no object")),
    }
}
