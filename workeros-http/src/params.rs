//! The query of a URL.

use percent_encoding::percent_decode_str;
use workeros_auth::ApiKeySecret;
use workeros_core::{Error, ErrorKind, Result};

/// Reads the parameters, each of which must be known and stand once, but for those
/// that are lists.
///
/// # Errors
///
/// [`BadRequest`](ErrorKind::BadRequest) for what is not UTF-8 once decoded and
/// for an API key, which would end up in logs and histories;
/// [`Validation`](ErrorKind::Validation) for an unknown or repeated parameter.
pub(crate) fn parse(
    query: Option<&str>,
    known: &[&str],
    lists: &[&str],
) -> Result<Vec<(String, String)>> {
    let mut params: Vec<(String, String)> = Vec::new();
    let pairs = query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty());
    for pair in pairs {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        check(&name, &value, known)?;
        if !lists.contains(&name.as_str()) {
            expect_first(&name, &params)?;
        }
        params.push((name, value));
    }
    Ok(params)
}

/// Reads those parameters that are known, each of which must stand once, and
/// passes over the others: somebody else has written them.
///
/// # Errors
///
/// [`BadRequest`](ErrorKind::BadRequest) for what is not UTF-8 once decoded;
/// [`Validation`](ErrorKind::Validation) for a repeated parameter.
pub(crate) fn pick(query: Option<&str>, known: &[&str]) -> Result<Vec<(String, String)>> {
    let mut params: Vec<(String, String)> = Vec::new();
    for pair in query.unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name)?;
        if !known.contains(&name.as_str()) {
            continue;
        }
        expect_first(&name, &params)?;
        params.push((name, decode(value)?));
    }
    Ok(params)
}

fn check(name: &str, value: &str, known: &[&str]) -> Result<()> {
    if value.starts_with(ApiKeySecret::MARK) {
        let message = "an API key does not belong in a URL; send it as `Authorization: Bearer`";
        return Err(Error::new(ErrorKind::BadRequest, message));
    }
    if !known.contains(&name) {
        let message = "is not known here";
        return Err(Error::validation(name, "unknown_parameter", message));
    }
    Ok(())
}

fn expect_first(name: &str, before: &[(String, String)]) -> Result<()> {
    if before.iter().any(|(other, _)| other == name) {
        return Err(Error::validation(name, "duplicate", "stands twice"));
    }
    Ok(())
}

fn decode(text: &str) -> Result<String> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|error| {
        Error::new(ErrorKind::BadRequest, "the query of the URL is not UTF-8").with_source(error)
    })
}
