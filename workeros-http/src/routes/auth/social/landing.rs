//! What somebody is given who is back and may sign in: a session on the
//! platform; in an app what his page changes for tokens, which do not belong
//! in a URL.

use http::header::SET_COOKIE;
use serde_json::json;
use workeros_auth::oauth::{Callback, OAuthReturn, OAuthStart};
use workeros_auth::{App, Auth, Entered, Platform, RequestInfo};
use workeros_core::Result;

use super::{departures, page, set_out};
use crate::call::Call;
use crate::cookie::Keep;
use crate::plane::Wired;
use crate::reply::Reply;
use crate::routes::auth::{arrival, enter};

/// Somebody who is about to leave for a provider.
pub(crate) struct Leaving<'a> {
    pub(super) start: OAuthStart,
    pub(super) arriving: &'a RequestInfo,
    /// Whether the page is to send him there by itself.
    pub(super) redirects: bool,
}

/// Somebody who is back from a provider.
pub(crate) struct Landing<'a> {
    pub(super) back: &'a OAuthReturn,
    pub(super) callback: Callback,
    pub(super) redirect_uri: String,
}

/// A plane whose users come back from providers.
pub(crate) trait Lands: Wired {
    /// Tells a page where to send its browser.
    fn depart(
        call: &Call,
        auth: &Auth<Self>,
        leaving: Leaving<'_>,
    ) -> impl Future<Output = Result<Reply>> + Send;

    /// Sends somebody on who is back.
    fn land(
        call: &Call,
        auth: &Auth<Self>,
        landing: Landing<'_>,
    ) -> impl Future<Output = Result<Reply>> + Send;
}

impl Landing<'_> {
    fn destination(&self, is_new: bool) -> Option<&str> {
        let pages = &self.back.pages;
        let first = pages.new_user.as_deref().filter(|_| is_new);
        first.or(pages.done.as_deref())
    }
}

impl Lands for Platform {
    async fn depart(call: &Call, auth: &Auth, leaving: Leaving<'_>) -> Result<Reply> {
        let (url, cookie) = set_out(call, auth, &leaving.start, leaving.arriving).await?;
        let answer = json!({"url": url, "redirect": leaving.redirects});
        Ok(Reply::json(&answer).with_header(SET_COOKIE, cookie))
    }

    async fn land(call: &Call, auth: &Auth, landing: Landing<'_>) -> Result<Reply> {
        let request = arrival(call, auth).await?;
        let Landing {
            back,
            callback,
            redirect_uri,
        } = &landing;
        let arrived = auth
            .finish_oauth(back, callback, redirect_uri, &request)
            .await?;
        let page = page(call, landing.destination(arrived.is_new))?;
        let target = match &arrived.entered {
            Entered::SignedIn(_) => page.as_str().to_owned(),
            // His page asks for the second factor.
            _ => page.with("twoFactorRedirect", "true"),
        };
        let entered = enter(auth, arrived.entered, json!({}), Keep::Session).await?;
        entered.redirected(&target)
    }
}

impl Lands for App {
    async fn depart(call: &Call, auth: &Auth<Self>, leaving: Leaving<'_>) -> Result<Reply> {
        let token = auth.new_browser_token()?;
        let start = leaving.start.with_page(&token);
        let answer = |url: &str| {
            let token = token.expose();
            Reply::json(&json!({"url": url, "redirect": leaving.redirects, "browserToken": token}))
        };
        if call.is_of_our_site() {
            let (url, cookie) = set_out(call, auth, &start, leaving.arriving).await?;
            return Ok(answer(&url).with_header(SET_COOKIE, cookie));
        }
        let ticket = auth.ticket_oauth(&start, leaving.arriving).await?;
        Ok(answer(&departures::link_to(call, &ticket)))
    }

    async fn land(call: &Call, auth: &Auth<Self>, landing: Landing<'_>) -> Result<Reply> {
        let Landing {
            back,
            callback,
            redirect_uri,
        } = &landing;
        let handover = auth.hand_over_oauth(back, callback, redirect_uri).await?;
        let page = page(call, landing.destination(handover.is_new))?;
        Reply::redirect(&page.with("token", handover.token.expose()))
    }
}
