use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderName, ORIGIN, REFERER};
use http::{HeaderMap, Method, Uri};
use workeros_auth::RealmSettings;
use workeros_core::{Error, ErrorKind, Result};

use crate::Origin;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a form of another site can send without asking.
const FORM_TYPES: [&str; 3] = [
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
];

/// Refuses requests that another site may have made a browser send.
#[derive(Debug, Clone)]
pub(crate) struct CsrfRule {
    own: Origin,
    /// Other origins whose pages may act for whoever is signed in.
    trusted: Vec<Origin>,
}

impl CsrfRule {
    pub(crate) fn new(own: Origin, trusted: Vec<Origin>) -> Self {
        Self { own, trusted }
    }

    /// Whether the origin is our own or a trusted one.
    pub(crate) fn trusts(&self, origin: &Origin) -> bool {
        *origin == self.own || self.trusted.contains(origin)
    }

    /// Checks a request. Only one that changes something and carries a cookie
    /// is asked where it comes from: an `Authorization` header is never sent
    /// by itself.
    pub(crate) fn check(&self, method: &Method, headers: &HeaderMap) -> Result<()> {
        let by_cookie = headers.contains_key(COOKIE) && !headers.contains_key(AUTHORIZATION);
        if method.is_safe() || !by_cookie || self.is_ours(headers) {
            return Ok(());
        }
        Err(untrusted())
    }

    /// Checks where a request comes from that changes something also for who
    /// has no cookie yet.
    /// Pages that a workspace allows may act for its end users.
    pub(crate) fn check_origin(
        &self,
        headers: &HeaderMap,
        app: Option<&RealmSettings>,
    ) -> Result<()> {
        let is_of_app = |app: &RealmSettings| {
            let origin = single(headers, &ORIGIN).and_then(|text| Origin::parse(text).ok());
            origin.is_some_and(|origin| app.allows_origin(&origin))
        };
        if self.is_ours(headers) || app.is_some_and(is_of_app) {
            return Ok(());
        }
        Err(untrusted())
    }

    /// Whether the page that asks is of our site, so that its browser keeps the
    /// cookies of the answer. Where a browser does not say, only our own origin
    /// surely is.
    pub(crate) fn is_of_our_site(&self, headers: &HeaderMap) -> bool {
        if let Some(site) = headers.get(SEC_FETCH_SITE) {
            return site.as_bytes() != b"cross-site";
        }
        let origin = single(headers, &ORIGIN).map(Origin::parse);
        origin.is_none_or(|origin| origin.is_ok_and(|origin| origin == self.own))
    }

    fn is_ours(&self, headers: &HeaderMap) -> bool {
        let site = headers.get(SEC_FETCH_SITE).map(|site| site.as_bytes());
        if headers.contains_key(ORIGIN) {
            let origin = single(headers, &ORIGIN).and_then(|text| Origin::parse(text).ok());
            return match origin {
                // A browser that calls our own page another site is not telling
                // the truth about one of the two.
                Some(origin) if origin == self.own => site != Some(b"cross-site"),
                Some(origin) => self.trusted.contains(&origin),
                None => false,
            };
        }
        match site {
            Some(b"same-origin" | b"none") => true,
            Some(_) => false,
            None if headers.contains_key(REFERER) => {
                let page: Option<Uri> =
                    single(headers, &REFERER).and_then(|text| text.parse().ok());
                page.and_then(|page| Origin::of(&page))
                    .is_some_and(|origin| self.trusts(&origin))
            }
            None => !is_form(headers),
        }
    }
}

fn untrusted() -> Error {
    let message = "the request comes from a page that is not trusted; send an `Authorization` \
         header, or list its origin among the allowed ones";
    Error::new(ErrorKind::Forbidden, message)
}

/// The value of a header that is there once, as text.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn is_form(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| {
        let Ok(text) = value.to_str() else {
            return true;
        };
        let media_type = text.split(';').next().unwrap_or_default().trim();
        FORM_TYPES
            .iter()
            .any(|form| form.eq_ignore_ascii_case(media_type))
    })
}
