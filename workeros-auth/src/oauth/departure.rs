//! How a browser sets out from a page of another site.
//!
//! It is to be known by a cookie when it is back, and browsers keep none that the
//! answer to such a page sets. So it comes past us on its way: the page sends it
//! to a link of ours with a ticket in it, where it is given the cookie and sent
//! on.
//!
//! Whoever follows the link sets out, so it must not matter who does:
//!
//! - The cookie is the browser's own, and known to nobody who has not followed
//!   the link: what somebody has begun in his own browser cannot be ended in one
//!   that he has sent here.
//! - A ticket counts once. Who finds a link that somebody has followed gets
//!   nowhere by it.
//! - Nothing is done when such a browser is back. Who he is there is kept for the
//!   page that has asked, which needs what only it was told, what only the page
//!   knows that the browser is led to, and, to add an account, the session that
//!   it has asked by (`handover.rs`).

use workeros_core::{Error, Result};

use super::kept::Place;
use super::state::{LIFETIME, Leaving, OAuthStart, away, by_ticket};
use crate::refusal::invalid_token;
use crate::{App, Auth, BrowserToken, LinkToken, RequestInfo};

const PURPOSE: &str = "oauth-departure";

impl Auth<App> {
    /// Makes a ticket for a browser that is to set out by a link: what
    /// [`begin_oauth`](Self::begin_oauth) begins, for whoever comes with it first.
    ///
    /// # Errors
    ///
    /// As [`begin_oauth`](Self::begin_oauth).
    pub async fn ticket_oauth(
        &self,
        start: &OAuthStart,
        request: &RequestInfo,
    ) -> Result<LinkToken> {
        let Leaving { url, state, kept } = self.leave(start, request).await?;
        let ticket = LinkToken::generate(self.inner.random.as_ref())?;
        let kept = by_ticket(kept)
            .with("url", Some(url))
            .with("state", Some(state))
            .with("provider", Some(start.provider.clone()));
        self.keep(of_ticket(&ticket), &kept, LIFETIME).await?;
        Ok(ticket)
    }

    /// Lets a browser set out by a ticket, which counts once: the URL it is sent
    /// to. It has to be back as soon as if it had set out when the ticket was made.
    ///
    /// The browser's token must be one that nobody else knows.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code
    /// `INVALID_TOKEN` when it does not hold, or no longer.
    pub async fn depart_oauth(&self, ticket: &LinkToken, browser: &BrowserToken) -> Result<String> {
        let taken = self.take_kept(of_ticket(ticket)).await?;
        let (mut kept, until) = taken.ok_or_else(invalid_token)?;
        let mut take = |name| {
            let broken = || Error::internal("a ticket that cannot be read");
            kept.take(name).ok_or_else(broken)
        };
        let (url, state, provider) = (take("url")?, take("state")?, take("provider")?);
        let place = away(&provider, &state, browser);
        self.keep_until(place, &kept, until).await?;
        Ok(url)
    }
}

fn of_ticket(ticket: &LinkToken) -> Place {
    Place::new(PURPOSE, &[ticket.hash()])
}
