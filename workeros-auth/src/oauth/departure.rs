//! How a browser sets out from a page of another site.
//!
//! It is to be known by a cookie when it is back, and browsers keep none that the
//! answer to such a page sets. So it comes past us on its way: the page sends it
//! to a link of ours with this sealed in it, where it is given the cookie and
//! sent on.
//!
//! Whoever follows the link sets out, so it must not matter who does. Somebody
//! who is made to follow another's link signs in as himself, and what he comes
//! back with is of no use without the token that only the other's page was told.
//! That is not so for adding an account to a user, which is therefore not begun
//! like this.

use serde_json::json;
use workeros_core::{Error, Result, Timestamp};

use crate::refusal::invalid_token;
use crate::session::later;
use crate::{App, Auth, BrowserToken};

/// Where a browser is on its way to, and what it is known by when it is back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OAuthDeparture {
    /// A page of the provider's.
    pub url: String,
    /// For the cookie.
    pub browser: BrowserToken,
}

const PURPOSE: &str = "departures";

impl OAuthDeparture {
    /// A browser on its way to that page.
    #[must_use]
    pub fn new(url: impl Into<String>, browser: BrowserToken) -> Self {
        let url = url.into();
        Self { url, browser }
    }

    fn read(text: &[u8]) -> Option<(Self, Timestamp)> {
        let (url, browser, until): (String, String, i64) = serde_json::from_slice(text).ok()?;
        let departure = Self::new(url, BrowserToken::parse(&browser)?);
        Some((departure, Timestamp::from_micros(until)?))
    }
}

impl Auth<App> {
    /// Seals it for a link, which holds as long as the browser's token.
    ///
    /// # Errors
    ///
    /// When there are no random bytes.
    pub fn seal_departure(&self, departure: &OAuthDeparture) -> Result<String> {
        let until = later(self.now(), BrowserToken::LIFETIME).micros();
        let text = json!([departure.url, departure.browser.expose(), until]).to_string();
        let realm = self.realm.id();
        self.sealer()?
            .seal(PURPOSE, realm.as_bytes(), text.as_bytes())
    }

    /// What was sealed for a link, here and not too long ago.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code
    /// `INVALID_TOKEN` for everything else.
    pub fn open_departure(&self, sealed: &str) -> Result<OAuthDeparture> {
        let realm = self.realm.id();
        let opened = self.sealer()?.open(PURPOSE, realm.as_bytes(), sealed);
        let opened = opened.map_err(|error: Error| invalid_token().with_source(error))?;
        let read = OAuthDeparture::read(&opened);
        let (departure, until) = read.ok_or_else(invalid_token)?;
        if until <= self.now() {
            return Err(invalid_token());
        }
        Ok(departure)
    }
}
