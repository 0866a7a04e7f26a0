use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use serde_json::Value as Json;
use workeros_core::{Error, ErrorKind, Result, input};

use crate::body::RequestBody;

/// How long a client may pause while it sends a body.
const IDLE: Duration = Duration::from_secs(15);

/// Reads the body of a request as JSON.
///
/// # Errors
///
/// * [`BadRequest`](ErrorKind::BadRequest) when there is none, when it breaks
///   off or pauses for too long, and when it is not JSON.
/// * [`UnsupportedMediaType`](ErrorKind::UnsupportedMediaType) when it is
///   called something else than JSON, or compressed.
/// * [`PayloadTooLarge`](ErrorKind::PayloadTooLarge) beyond the limit.
/// * [`Validation`](ErrorKind::Validation) for JSON we do not take.
pub(crate) async fn read(headers: &HeaderMap, body: RequestBody, limit: usize) -> Result<Json> {
    let bytes = match body.0 {
        None => return Err(Error::new(ErrorKind::BadRequest, "a JSON body is missing")),
        Some(body) => {
            check_type(headers, "application/json")?;
            collect(body, limit).await?
        }
    };
    input::parse(&bytes)
}

/// The largest form that is read, in bytes.
const MAX_FORM_BYTES: usize = 64 * 1024;

/// Reads the body of a request as a form, as it was sent.
///
/// # Errors
///
/// As [`read`].
pub(crate) async fn read_form(headers: &HeaderMap, body: RequestBody) -> Result<String> {
    let Some(body) = body.0 else {
        return Err(Error::new(ErrorKind::BadRequest, "a form is missing"));
    };
    check_type(headers, "application/x-www-form-urlencoded")?;
    let bytes = collect(body, MAX_FORM_BYTES).await?;
    String::from_utf8(bytes.into())
        .map_err(|error| broken("the form is not UTF-8").with_source(error))
}

fn check_type(headers: &HeaderMap, expected: &str) -> Result<()> {
    let refuse = |why| Err(Error::new(ErrorKind::UnsupportedMediaType, why));
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = media_type
        .and_then(|text| text.split(';').next())
        .unwrap_or_default()
        .trim();
    if !essence.eq_ignore_ascii_case(expected) {
        return refuse(format!("send the body as `content-type: {expected}`"));
    }
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| encoding != "identity")
    {
        return refuse("send the body without a `content-encoding`".to_owned());
    }
    Ok(())
}

type Incoming = http_body_util::combinators::UnsyncBoxBody<Bytes, crate::body::BoxError>;

async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes> {
    // Said beforehand, it need not be read at all.
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    let first = next(&mut body).await?.unwrap_or_default();
    let Some(second) = next(&mut body).await? else {
        return if first.len() > limit {
            Err(too_large(limit))
        } else {
            Ok(first)
        };
    };
    let mut whole = BytesMut::from(first);
    let mut chunk = Some(second);
    while let Some(bytes) = chunk {
        if whole.len() + bytes.len() > limit {
            return Err(too_large(limit));
        }
        whole.extend_from_slice(&bytes);
        chunk = next(&mut body).await?;
    }
    Ok(whole.freeze())
}

/// The next bytes; trailers are passed over.
async fn next(body: &mut Incoming) -> Result<Option<Bytes>> {
    loop {
        let frame = tokio::time::timeout(IDLE, body.frame()).await;
        let frame =
            frame.map_err(|elapsed| broken("the body did not arrive").with_source(elapsed))?;
        let Some(frame) = frame else {
            return Ok(None);
        };
        let frame = frame.map_err(|error| broken("the body broke off").with_source(error))?;
        if let Ok(bytes) = frame.into_data() {
            return Ok(Some(bytes));
        }
    }
}

fn broken(why: &'static str) -> Error {
    Error::new(ErrorKind::BadRequest, why)
}

fn too_large(limit: usize) -> Error {
    let message = format!("the body is larger than {limit} bytes");
    Error::new(ErrorKind::PayloadTooLarge, message)
}
