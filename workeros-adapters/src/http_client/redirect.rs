use bytes::Bytes;
use reqwest::{Method, StatusCode, header};
use workeros_core::{HttpRequest, Result};

use super::policy::EgressPolicy;
use super::target::Target;

/// What may go to another origin than the one it was meant for.
const PASSED_ON: [header::HeaderName; 4] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_TYPE,
    header::USER_AGENT,
];

/// Where a response sends us on, if it does.
pub(super) fn next(
    response: &reqwest::Response,
    from: &Target,
    policy: &EgressPolicy,
) -> Result<Option<Target>> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(header::LOCATION);
    match location.map(|location| location.to_str()) {
        Some(Ok(location)) if is_redirect => from.join(location, policy).map(Some),
        _ => Ok(None),
    }
}

/// Makes of a request the one that is sent on.
pub(super) fn adapt(request: &mut HttpRequest, status: StatusCode, from: &Target, to: &Target) {
    let is_form_sent = request.method == Method::POST && matches!(status.as_u16(), 301 | 302);
    let is_elsewhere = status == StatusCode::SEE_OTHER && request.method != Method::HEAD;
    if is_form_sent || is_elsewhere {
        request.method = Method::GET;
        request.body = Bytes::new();
        for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING] {
            request.headers.remove(name);
        }
    }
    if from.url.origin() != to.url.origin() {
        let headers = std::mem::take(&mut request.headers);
        for name in PASSED_ON {
            if let Some(value) = headers.get(&name) {
                request.headers.insert(name, value.clone());
            }
        }
    }
}
