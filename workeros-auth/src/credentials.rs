use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};
use workeros_core::{Error, ErrorKind, Result};

use crate::refusal::invalid_credentials;
use crate::{ApiKeySecret, Auth, CookiePolicy, PresentedToken, SessionToken};

/// What a request presents to prove who sent it; not yet checked against
/// anything.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// A session, in the header `Authorization`.
    Bearer(SessionToken),
    /// A session, in its cookie: browsers send it by themselves, so what
    /// changes state must come from a trusted origin.
    Cookie(SessionToken),
    /// An API key, in the header `Authorization`.
    ApiKey(ApiKeySecret),
    /// An end user's access token, in the header `Authorization`.
    Access(PresentedToken),
}

const MAX_HEADER_BYTES: usize = 4096;
const BEARER: &str = "Bearer";

impl Credentials {
    /// Whether a browser may have sent them by itself.
    #[must_use]
    pub fn is_cookie(&self) -> bool {
        matches!(self, Self::Cookie(_))
    }

    /// The session's token, if it is a session.
    #[must_use]
    pub fn session(&self) -> Option<&SessionToken> {
        match self {
            Self::Bearer(token) | Self::Cookie(token) => Some(token),
            Self::ApiKey(_) | Self::Access(_) => None,
        }
    }
}

impl Auth {
    /// Reads what a request presents. The header `Authorization` decides if it
    /// is there, else the cookie; neither is `None`.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](ErrorKind::BadRequest) when `Authorization` stands
    ///   there twice, is not text, or is longer than 4 KiB.
    /// * [`Unauthorized`](ErrorKind::Unauthorized) when it has another scheme
    ///   than `Bearer`, or holds what cannot be a session or a key; likewise
    ///   for the cookie.
    pub fn credentials(&self, headers: &HeaderMap) -> Result<Option<Credentials>> {
        match authorization(headers)? {
            Some(header) => bearer(header).map(Some),
            None => cookie(headers, &self.inner.cookie),
        }
    }
}

fn authorization(headers: &HeaderMap) -> Result<Option<&str>> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let refuse = |why| Err(Error::new(ErrorKind::BadRequest, why));
    if values.next().is_some() {
        return refuse("the header `Authorization` is given twice");
    }
    if value.len() > MAX_HEADER_BYTES {
        return refuse("the header `Authorization` is too long");
    }
    match value.to_str() {
        Ok(text) => Ok(Some(text)),
        Err(_) => refuse("the header `Authorization` is not text"),
    }
}

fn bearer(header: &str) -> Result<Credentials> {
    let (scheme, token) = header
        .trim()
        .split_once(' ')
        .ok_or_else(invalid_credentials)?;
    if !scheme.eq_ignore_ascii_case(BEARER) {
        return Err(invalid_credentials());
    }
    let token = token.trim_start();
    if token.starts_with(ApiKeySecret::MARK) {
        ApiKeySecret::parse(token)
            .map(Credentials::ApiKey)
            .ok_or_else(invalid_credentials)
    } else if let Some(token) = PresentedToken::parse(token) {
        Ok(Credentials::Access(token))
    } else {
        SessionToken::parse(token)
            .map(Credentials::Bearer)
            .ok_or_else(invalid_credentials)
    }
}

/// Reads bytes: the cookies of others need not be text.
fn cookie(headers: &HeaderMap, policy: &CookiePolicy) -> Result<Option<Credentials>> {
    let pairs = headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(is_semicolon));
    let mut values = pairs.filter_map(|pair| {
        pair.trim_ascii()
            .strip_prefix(policy.name().as_bytes())?
            .strip_prefix(b"=")
    });
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(invalid_credentials());
    }
    let token = std::str::from_utf8(value)
        .ok()
        .and_then(SessionToken::parse);
    token
        .map(|token| Some(Credentials::Cookie(token)))
        .ok_or_else(invalid_credentials)
}

fn is_semicolon(byte: &u8) -> bool {
    *byte == b';'
}
