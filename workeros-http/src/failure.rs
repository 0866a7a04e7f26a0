use std::borrow::Cow;

use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::{Map, Value as Json, json};
use workeros_core::{Detail, Error, ErrorKind};

use crate::reply::JSON;
use crate::request_id::RequestId;
use crate::{Body, rate_limit};

/// An error in its wire form.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    details: Vec<Detail>,
    headers: HeaderMap,
}

/// Who reads an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A client of ours.
    Api,
    /// A client of better-auth, which looks for `code` and `message` at the
    /// top.
    BetterAuth,
}

/// The status and the code of a class of errors.
pub(crate) fn wire(kind: ErrorKind) -> (StatusCode, &'static str) {
    match kind {
        ErrorKind::BadRequest => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
        ErrorKind::Unauthorized => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
        ErrorKind::Forbidden => (StatusCode::FORBIDDEN, "FORBIDDEN"),
        ErrorKind::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        ErrorKind::Conflict => (StatusCode::CONFLICT, "CONFLICT"),
        ErrorKind::Gone => (StatusCode::GONE, "GONE"),
        ErrorKind::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, "PRECONDITION_FAILED"),
        ErrorKind::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
        ErrorKind::UnsupportedMediaType => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE")
        }
        ErrorKind::Validation => (StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION"),
        ErrorKind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
        ErrorKind::QuotaExceeded => (StatusCode::TOO_MANY_REQUESTS, "QUOTA_EXCEEDED"),
        ErrorKind::Unsupported => (StatusCode::NOT_IMPLEMENTED, "UNSUPPORTED"),
        ErrorKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
        // A kind this version does not know is a fault like any other.
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
    }
}

impl Failure {
    /// What a client is told of an error. Here, and only here, a fault of ours
    /// is logged.
    pub(crate) fn new(error: &Error) -> Self {
        let (status, code) = wire(error.kind());
        let mut headers = HeaderMap::new();
        if let Some(seconds) = error.retry_after_seconds() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        rate_limit::put(&mut headers, error.quotas());
        let code = error.code().unwrap_or(code).to_owned().into();
        if status.is_server_error() {
            tracing::error!(error = error as &dyn std::error::Error, "a request failed");
            let message = fault(status).into();
            return Self {
                status,
                code,
                message,
                details: Vec::new(),
                headers,
            };
        }
        let message = error.message().to_owned().into();
        Self {
            status,
            code,
            message,
            details: error.details().to_vec(),
            headers,
        }
    }

    /// A path that is there, but not by this method.
    pub(crate) fn method_not_allowed(allow: &HeaderValue) -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            code: "METHOD_NOT_ALLOWED".into(),
            message: "the method is not allowed here; see the header `allow`".into(),
            details: Vec::new(),
            headers: HeaderMap::from_iter([(ALLOW, allow.clone())]),
        }
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// `{"code", "message", "details"?}`.
    pub(crate) fn error(&self) -> Json {
        let mut error = json!({"code": self.code, "message": self.message});
        if let (false, Some(error)) = (self.details.is_empty(), error.as_object_mut()) {
            let details = self.details.iter().map(write_detail).collect();
            error.insert("details".to_owned(), Json::Array(details));
        }
        error
    }

    /// The response.
    pub(crate) fn into_response(self, request_id: &RequestId, reader: Reader) -> Response<Body> {
        let mut body = Map::new();
        if reader == Reader::BetterAuth {
            body.insert("code".to_owned(), json!(self.code));
            body.insert("message".to_owned(), json!(self.message));
        }
        body.insert("error".to_owned(), self.error());
        body.insert("requestId".to_owned(), json!(request_id.as_str()));
        let mut response = Response::new(Body::from(Json::Object(body).to_string().into_bytes()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        response
    }
}

/// What a client is told of a fault of ours: nothing of the inside.
fn fault(status: StatusCode) -> &'static str {
    match status {
        StatusCode::SERVICE_UNAVAILABLE => "not available at the moment; try again",
        StatusCode::NOT_IMPLEMENTED => "this server cannot do that",
        _ => "internal error",
    }
}

fn write_detail(detail: &Detail) -> Json {
    json!({"path": detail.path, "code": detail.code, "message": detail.message})
}
