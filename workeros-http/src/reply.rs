use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION, REFERRER_POLICY};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::{Map, Value as Json, json};
use workeros_core::json::{write_integer, write_string};
use workeros_core::{Error, Result};
use workeros_schema::{Item, List, Meta, Outcome};

use crate::Body;
use crate::failure::Failure;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// What a handler answers.
#[derive(Debug)]
pub(crate) struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    /// A JSON value as it is.
    pub(crate) fn json(value: &Json) -> Self {
        Self::bytes(value.to_string().into_bytes())
    }

    /// `{"data": …}`.
    pub(crate) fn data(data: Json) -> Self {
        Self::json(&Json::Object(Map::from_iter([("data".to_owned(), data)])))
    }

    /// `{"ok": true}`: done, and there is nothing to show.
    pub(crate) fn ok() -> Self {
        Self::bytes(br#"{"ok":true}"#.to_vec())
    }

    /// `{"data": …}` around JSON text, with the item's version.
    pub(crate) fn item(item: &Item) -> Self {
        let mut body = Vec::with_capacity(item.json.len() + 9);
        body.extend_from_slice(b"{\"data\":");
        body.extend_from_slice(&item.json);
        body.push(b'}');
        let reply = Self::bytes(body);
        // INVARIANT: a version tag is visible ASCII.
        match HeaderValue::from_str(&item.etag) {
            Ok(etag) => reply.with_header(ETAG, etag),
            Err(_) => reply,
        }
    }

    /// `{"data": […]}` around JSON text, with where one is in the list.
    pub(crate) fn list(list: &List) -> Self {
        let mut body = Vec::with_capacity(list.json.len() + 128);
        body.extend_from_slice(b"{\"data\":");
        body.extend_from_slice(&list.json);
        member(&mut body, "limit", |body| {
            write_count(body, list.limit as u64)
        });
        if let Some(offset) = list.offset {
            member(&mut body, "offset", |body| write_count(body, offset));
        } else {
            member(&mut body, "next_cursor", |body| match &list.next_cursor {
                Some(cursor) => write_string(body, cursor),
                None => body.extend_from_slice(b"null"),
            });
        }
        let has_more: &[u8] = if list.has_more { b"true" } else { b"false" };
        member(&mut body, "has_more", |body| {
            body.extend_from_slice(has_more)
        });
        if let Some(meta) = &list.meta {
            let meta = write_meta(meta).to_string();
            member(&mut body, "meta", |body| {
                body.extend_from_slice(meta.as_bytes())
            });
        }
        body.push(b'}');
        Self::bytes(body)
    }

    /// `{"data": [{…},…]}`: items, in order.
    pub(crate) fn items(items: &[Item]) -> Self {
        Self::bytes(array(items, |body, item| {
            body.extend_from_slice(&item.json)
        }))
    }

    /// `{"data": [{"status", "data"|"error"},…]}`: what became of each
    /// operation, in order.
    pub(crate) fn outcomes(outcomes: &[Outcome]) -> Self {
        Self::bytes(array(outcomes, write_outcome))
    }

    fn bytes(body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    /// A page for a person. What it sends says that it comes from here.
    pub(crate) fn page(html: String) -> Self {
        Self::bytes(html.into_bytes())
            .with_header(CONTENT_TYPE, HTML)
            .with_header(REFERRER_POLICY, HeaderValue::from_static("same-origin"))
    }

    /// What was asked for is to be found there.
    pub(crate) fn redirect(to: &str) -> Result<Self> {
        let to = HeaderValue::try_from(to).map_err(Error::internal)?;
        let mut reply = Self::bytes(Vec::new());
        reply.status = StatusCode::FOUND;
        Ok(reply.with_header(LOCATION, to))
    }

    /// What was sent is answered by what is to be found there.
    pub(crate) fn see_other(to: &str) -> Result<Self> {
        let mut reply = Self::redirect(to)?;
        reply.status = StatusCode::SEE_OTHER;
        Ok(reply)
    }

    /// In place of its body, the same leads elsewhere.
    pub(crate) fn redirected(mut self, to: &str) -> Result<Self> {
        let to = HeaderValue::try_from(to).map_err(Error::internal)?;
        self.status = StatusCode::FOUND;
        self.body = Bytes::new();
        Ok(self.with_header(LOCATION, to))
    }

    /// Something was made.
    pub(crate) fn created(mut self) -> Self {
        self.status = StatusCode::CREATED;
        self
    }

    /// The client has it already: the same answer without its body.
    pub(crate) fn not_modified(mut self) -> Self {
        self.status = StatusCode::NOT_MODIFIED;
        self.body = Bytes::new();
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if !self.status.is_redirection() {
            response.headers_mut().entry(CONTENT_TYPE).or_insert(JSON);
        }
        response
    }
}

fn array<T>(elements: &[T], write: impl Fn(&mut Vec<u8>, &T)) -> Vec<u8> {
    let mut body = b"{\"data\":[".to_vec();
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        write(&mut body, element);
    }
    body.extend_from_slice(b"]}");
    body
}

fn write_outcome(body: &mut Vec<u8>, outcome: &Outcome) {
    let mut write = |status: StatusCode, key, json: &[u8]| {
        body.extend_from_slice(b"{\"status\":");
        body.extend_from_slice(status.as_str().as_bytes());
        member(body, key, |body| body.extend_from_slice(json));
        body.push(b'}');
    };
    match outcome {
        Outcome::Created(item) => write(StatusCode::CREATED, "data", &item.json),
        Outcome::Updated(item) => write(StatusCode::OK, "data", &item.json),
        Outcome::Failed(error) => {
            let failure = Failure::new(error);
            write(
                failure.status(),
                "error",
                failure.error().to_string().as_bytes(),
            );
        }
        // What is left is a delete, of which there is nothing to show.
        _ => write(StatusCode::OK, "ok", b"true"),
    }
}

fn member(body: &mut Vec<u8>, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
    body.push(b',');
    write_string(body, key);
    body.push(b':');
    write(body);
}

fn write_count(body: &mut Vec<u8>, count: u64) {
    write_integer(body, i64::try_from(count).unwrap_or(i64::MAX));
}

fn write_meta(meta: &Meta) -> Json {
    let counts = [
        ("filter_count", meta.filter_count),
        ("total_count", meta.total_count),
    ];
    let counts = counts
        .into_iter()
        .filter_map(|(key, count)| Some((key.to_owned(), json!(count?))));
    Json::Object(counts.collect())
}
