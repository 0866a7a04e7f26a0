//! The headers by which a request depends on the version of an item.

use http::HeaderMap;
use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use workeros_core::{Error, ErrorKind, Result, Timestamp};
use workeros_schema::{Item, Precondition};

const X_IF_UNMODIFIED_SINCE: HeaderName = HeaderName::from_static("x-if-unmodified-since");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

const MAX_KEY_BYTES: usize = 255;

/// What must hold of an item for a write: `If-Match`, else
/// `x-if-unmodified-since` with the `updated_at` the client read.
pub(crate) fn precondition(headers: &HeaderMap) -> Result<Precondition> {
    if headers.contains_key(IF_MATCH) {
        return entity_tags(headers, &IF_MATCH).map(Precondition::IfMatch);
    }
    let Some(since) = once(headers, &X_IF_UNMODIFIED_SINCE)? else {
        return Ok(Precondition::None);
    };
    let since = Timestamp::parse(since).ok_or_else(|| {
        let message = "must be a timestamp such as `2024-06-01T12:00:00.000000Z`";
        Error::validation(X_IF_UNMODIFIED_SINCE.as_str(), "invalid_value", message)
    })?;
    Ok(Precondition::UnmodifiedSince(since))
}

/// The versions any of which something else than an item must be of, by
/// `If-Match`; `None` where any will do.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<Vec<String>>> {
    if !headers.contains_key(IF_MATCH) {
        return Ok(None);
    }
    let tags = entity_tags(headers, &IF_MATCH)?;
    Ok(Some(tags).filter(|tags| !tags.iter().any(|tag| tag == "*")))
}

/// Whether the client has this version of the item already.
pub(crate) fn is_known(headers: &HeaderMap, item: &Item) -> Result<bool> {
    is_known_tag(headers, &item.etag)
}

/// Whether the client has what has this tag already.
pub(crate) fn is_known_tag(headers: &HeaderMap, etag: &str) -> Result<bool> {
    if !headers.contains_key(IF_NONE_MATCH) {
        return Ok(false);
    }
    let known = entity_tags(headers, &IF_NONE_MATCH)?;
    // Here the weak comparison is asked for.
    let same = |tag: &String| tag == "*" || tag.trim_start_matches("W/") == etag;
    Ok(known.iter().any(same))
}

/// The key by which a repeated request is known.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>> {
    let key = once(headers, &IDEMPOTENCY_KEY)?;
    match key {
        Some(key) if !(1..=MAX_KEY_BYTES).contains(&key.len()) => {
            let message = "must be 1 to 255 characters";
            Err(Error::validation(
                IDEMPOTENCY_KEY.as_str(),
                "invalid_value",
                message,
            ))
        }
        key => Ok(key),
    }
}

/// The entity tags of a header, as they stand there: `*`, or quoted, with `W/`
/// before a weak one.
fn entity_tags(headers: &HeaderMap, name: &HeaderName) -> Result<Vec<String>> {
    let mut tags = Vec::new();
    for value in headers.get_all(name) {
        let mut rest = value.to_str().map_err(|_| malformed(name))?.trim();
        while !rest.is_empty() {
            let (tag, after) = entity_tag(rest).ok_or_else(|| malformed(name))?;
            tags.push(tag.to_owned());
            rest = after;
        }
    }
    if tags.is_empty() {
        Err(malformed(name))
    } else {
        Ok(tags)
    }
}

/// The first of a list of entity tags, and what stands after its comma.
fn entity_tag(list: &str) -> Option<(&str, &str)> {
    let opaque = list.strip_prefix("W/").unwrap_or(list);
    let end = match opaque.strip_prefix('"') {
        Some(quoted) => list.len() - quoted.len() + quoted.find('"')? + 1,
        None => opaque.starts_with('*').then_some(1)?,
    };
    let (tag, rest) = list.split_at_checked(end)?;
    let rest = rest.trim_start();
    let after = if rest.is_empty() {
        rest
    } else {
        rest.strip_prefix(',')?.trim_start()
    };
    Some((tag, after))
}

/// The value of a header that may stand there once.
fn once<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().ok().filter(|_| values.next().is_none());
    text.map(Some).ok_or_else(|| malformed(name))
}

fn malformed(name: &HeaderName) -> Error {
    Error::new(
        ErrorKind::BadRequest,
        format!("the header `{name}` cannot be read"),
    )
}
